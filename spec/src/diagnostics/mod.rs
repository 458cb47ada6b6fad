//! The one diagnostic type: a stable code, a place, what was found and expected, and what to do.

mod codes;
mod explain;
mod fix;
mod render;

pub use codes::Code;
pub use explain::{find_code, page};
pub(crate) use fix::Proposal;
pub use fix::{Fix, FixScope};
pub use render::{render, render_colored, render_one};

use crate::bounds;
use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; the spec can still be used.
    Warning,
    /// The spec cannot be used.
    Error,
}

/// One finding about a spec.
///
/// Messages and hints start in lower case and carry no final period.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in a line.
    pub message: String,
    /// Where it is wrong; none for a finding about the whole spec.
    pub span: Option<Span>,
    /// What the primary place shows, beneath its underline.
    pub label: String,
    /// Other places that had a part in it: where a shape was decided, where a name was first made.
    pub related: Vec<(Span, String)>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// What to write instead.
    pub hints: Vec<String>,
    /// The change that mends it, where one is certain: [`compile`](crate::compile()) keeps no other.
    pub fix: Option<Fix>,
    /// Changes that may mend it, until it is decided which of them does.
    pub(crate) proposals: Vec<Proposal>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: impl Into<Option<Span>>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: span.into(),
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
            fix: None,
            proposals: Vec::new(),
        }
    }

    /// Its own place, then the related ones.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        self.span.into_iter().chain(self.related.iter().map(|(span, _)| *span))
    }

    /// What is said in the place of the errors after [`bounds::ERRORS`].
    pub(crate) fn too_many() -> Diagnostic {
        let message = format!("{} errors were found; what may lie beyond them was not looked at", bounds::ERRORS);
        Diagnostic::error(Code::TooLarge, None, message)
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: impl Into<Option<Span>>, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// Says what the primary place shows.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Adds another place that had a part in it.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }

    /// Adds what else there is to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hints.push(hint.into());
        self
    }

    /// Proposes a change that mends it. It is kept where nothing new is found after it.
    #[must_use]
    pub fn fix(self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Diagnostic {
        self.propose([Fix { title: title.into(), edits, scope: FixScope::Certain }])
    }

    /// Proposes changes of which one may be kept.
    #[must_use]
    pub(crate) fn propose(mut self, fixes: impl IntoIterator<Item = Fix>) -> Diagnostic {
        self.proposals.extend(fixes.into_iter().map(Proposal::Change));
        self
    }

    /// Proposes the names that one at its place may be a slip of.
    #[must_use]
    pub(crate) fn misspelt<'a>(mut self, name: &str, names: impl IntoIterator<Item = &'a str>) -> Diagnostic {
        let proposal = |meant: &str| Proposal::Name { written: name.to_owned(), meant: meant.to_owned() };
        self.proposals.extend(fix::meant(name, names).into_iter().map(proposal));
        self
    }

    /// Adds "did you mean" when one of the names lies near, and proposes those that lie very near.
    #[must_use]
    pub fn near<'a>(self, name: &str, names: impl IntoIterator<Item = &'a str>) -> Diagnostic {
        let names: Vec<&str> = names.into_iter().collect();
        let diagnostic = match nearest(name, names.iter().copied()) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        };
        diagnostic.misspelt(name, names)
    }
}

/// The name most like the given one, if any is like it.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(likeness, candidate)| likeness > 0.8 || candidate.eq_ignore_ascii_case(name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
