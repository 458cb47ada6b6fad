//! Whether a change mends a finding: the spec is compiled again with it.

use std::collections::BTreeMap;

use super::{edited, sizes};
use crate::compile::{Compilation, compile_once};
use crate::diagnostics::{Code, Diagnostic, Fix, FixScope, Proposal, Severity};
use crate::library::Library;
use crate::source::{Sources, Span};

/// At most so many compilations of a spec, and fewer of a large one, are spent on its fixes.
const TRIALS: usize = 24;
/// Operators, bytes of text by the dozen and steps by the sixteen that all trials may take together.
const WORK: usize = 60_000;

/// Keeps of what was proposed for each finding the one change that mends it.
pub(crate) fn decide(
    compilation: &mut Compilation,
    library: &Library,
    arch: Option<&str>,
    settings: &[(String, String)],
) {
    let sources = &compilation.sources;
    let candidates = compilation.diagnostics.iter().enumerate();
    let candidates: Vec<(usize, Vec<Fix>)> = candidates
        .map(|(at, diagnostic)| (at, candidates_of(diagnostic, library, sources)))
        .filter(|(_, fixes)| !fixes.is_empty())
        .collect();
    // What reached a bound took its time already.
    let bounded = compilation.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::TooLarge);
    if candidates.is_empty() || bounded {
        return;
    }
    let mut trials = Trials::new(compilation, library, arch, settings);
    let (clear, mut open): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|(_, fixes)| fixes.len() == 1);
    let mut decided: Vec<(usize, Fix)> =
        clear.into_iter().flat_map(|(at, fixes)| fixes.into_iter().map(move |fix| (at, fix))).collect();
    let all: Vec<(&Diagnostic, &Fix)> = decided.iter().map(|(at, fix)| (&compilation.diagnostics[*at], fix)).collect();
    // One trial mostly decides about all that stand alone.
    if all.len() < 2 || !trials.hold(&all) {
        open.extend(std::mem::take(&mut decided).into_iter().map(|(at, fix)| (at, vec![fix])));
        open.sort_by_key(|(at, _)| *at);
    }
    for (at, fixes) in open {
        let only = trials.only(&compilation.diagnostics[at], fixes);
        decided.extend(only.map(|fix| (at, fix)));
    }
    for (at, fix) in decided {
        compilation.diagnostics[at].fix = Some(fix);
    }
}

/// The changes that may mend a finding, of texts that are the user's.
fn candidates_of(diagnostic: &Diagnostic, library: &Library, sources: &Sources) -> Vec<Fix> {
    let proposed = diagnostic.proposals.iter().filter_map(|proposal| match proposal {
        Proposal::Change(fix) => Some(fix.clone()),
        Proposal::Name { written, meant } => {
            let edits = vec![(only_word(sources, diagnostic.span?, written)?, meant.clone())];
            Some(Fix { title: format!("write `{meant}`"), edits, scope: FixScope::Certain })
        }
    });
    let mut fixes: Vec<Fix> = proposed.chain(sizes::up_to(library, diagnostic)).collect();
    fixes.retain(|fix| !fix.edits.is_empty() && fix.edits.iter().all(|(span, _)| library.is_own(span.file)));
    fixes
}

/// Where a word stands under a place, if it stands there once.
fn only_word(sources: &Sources, place: Span, word: &str) -> Option<Span> {
    let text = sources.snippet(place);
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let whole = |at: &usize| !text[..*at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word);
    let mut places = text.match_indices(word).map(|(at, _)| at).filter(whole);
    let at = places.next().filter(|_| places.next().is_none())?;
    let start = place.start + at as u32;
    Some(Span { start, end: start + word.len() as u32, ..place })
}

/// Whether the fixes of findings hold all at once.
pub(super) fn hold_together(
    compilation: &Compilation,
    library: &Library,
    arch: Option<&str>,
    settings: &[(String, String)],
    diagnostics: &[&Diagnostic],
) -> bool {
    let fixes: Vec<_> =
        diagnostics.iter().filter_map(|diagnostic| Some((*diagnostic, diagnostic.fix.as_ref()?))).collect();
    Trials::new(compilation, library, arch, settings).hold(&fixes)
}

/// How often each finding was made, by its code, message and file; its place moves with every change.
type Findings = BTreeMap<(Code, String, Option<String>), usize>;

struct Trials<'a> {
    compilation: &'a Compilation,
    library: &'a Library,
    arch: Option<&'a str>,
    settings: &'a [(String, String)],
    /// The other architectures of the spec, with what is found in them; a change must not break these either.
    others: Vec<(String, Findings)>,
    left: usize,
}

impl<'a> Trials<'a> {
    fn new(
        compilation: &'a Compilation,
        library: &'a Library,
        arch: Option<&'a str>,
        settings: &'a [(String, String)],
    ) -> Trials<'a> {
        let graph = compilation.checked.as_ref().map(|checked| checked.graph()).or(compilation.partial.as_ref());
        let bytes: usize = compilation.sources.iter().map(|(_, source)| source.text.len()).sum();
        let work = graph.map_or(0, |graph| graph.nodes.len()) + bytes / 12;
        let steps = graph.map_or(0, |graph| graph.steps);
        let work = (work + steps / 16) * library.archs().count();
        let left = (WORK / work.max(1)).clamp(2, TRIALS);
        let mut trials = Trials { compilation, library, arch, settings, others: Vec::new(), left };
        let names = library.archs().map(|other| other.name.node.clone());
        let names: Vec<String> = names.filter(|other| arch.is_some_and(|arch| arch != other)).collect();
        if let Ok(mut again) = library.edited(&BTreeMap::new())
            && !names.is_empty()
        {
            // What is wrong with a text itself is said of every architecture.
            let texts = std::mem::take(&mut again.diagnostics);
            trials.others = names
                .into_iter()
                .map(|name| {
                    again.diagnostics = texts.clone();
                    let found = findings(&compile_once(&mut again, Some(&name), &[]), Severity::Error);
                    (name, found)
                })
                .collect();
        }
        trials
    }

    /// The only one of some changes that mends a finding.
    fn only(&mut self, diagnostic: &Diagnostic, fixes: Vec<Fix>) -> Option<Fix> {
        if fixes.len() > self.left {
            return None;
        }
        let mut holding = fixes.into_iter().filter(|fix| self.hold(&[(diagnostic, fix)]));
        holding.next().filter(|_| holding.next().is_none())
    }

    /// Whether changes mend their findings and bring no others. Of errors that is asked of errors alone: lints begin where
    /// they end.
    fn hold(&mut self, fixes: &[(&Diagnostic, &Fix)]) -> bool {
        let changes: Vec<&Fix> = fixes.iter().map(|(_, fix)| *fix).collect();
        let Some(texts) = edited(&self.compilation.sources, &changes) else { return false };
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let Ok(mut library) = self.library.edited(&texts) else { return false };
        let mended = fixes.iter().map(|(diagnostic, _)| *diagnostic);
        let least = mended.clone().map(|diagnostic| diagnostic.severity).min().unwrap_or(Severity::Error);
        let mut before = findings(self.compilation, least);
        for diagnostic in mended {
            if let Some(count) = before.get_mut(&key(&self.compilation.sources, diagnostic)) {
                *count = count.saturating_sub(1);
            }
        }
        let of_texts = library.diagnostics.clone();
        let after = findings(&compile_once(&mut library, self.arch, self.settings), least);
        within(&after, &before)
            && self.others.iter().all(|(name, before)| {
                library.diagnostics = of_texts.clone();
                within(&findings(&compile_once(&mut library, Some(name), &[]), Severity::Error), before)
            })
    }
}

fn key(sources: &Sources, diagnostic: &Diagnostic) -> (Code, String, Option<String>) {
    let file = diagnostic.span.map(|span| sources.get(span.file).name.clone());
    (diagnostic.code, diagnostic.message.clone(), file)
}

fn findings(compilation: &Compilation, least: Severity) -> Findings {
    let mut found = Findings::new();
    for diagnostic in compilation.diagnostics.iter().chain(&compilation.failed_expectations()) {
        if diagnostic.severity >= least {
            *found.entry(key(&compilation.sources, diagnostic)).or_default() += 1;
        }
    }
    found
}

fn within(after: &Findings, before: &Findings) -> bool {
    after.iter().all(|(key, count)| before.get(key).is_some_and(|before| count <= before))
}
