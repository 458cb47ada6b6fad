//! From a spec to a checked graph, in one call.

use crate::check::{Checked, check};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::graph::Graph;
use crate::library::Library;
use crate::lints::lint;
use crate::resolve::{Setting, resolve};
use crate::source::{Sources, Span};
use crate::{fixes, syntax};

/// What came of a spec.
#[derive(Debug)]
pub struct Compilation {
    /// Every text that was read.
    pub sources: Sources,
    /// Everything found, errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The checked graph, when there was no error.
    pub checked: Option<Checked>,
    /// What of the graph was made when there was an error: enough for a skeleton of its module.
    pub partial: Option<Graph>,
}

impl Compilation {
    /// Whether there was an error.
    pub fn failed(&self) -> bool {
        self.checked.is_none()
    }

    /// Expectations that do not hold, as diagnostics.
    pub fn failed_expectations(&self) -> Vec<Diagnostic> {
        let expectations = self.checked.iter().flat_map(|checked| &checked.graph().expectations);
        let failed = expectations.filter(|expectation| !expectation.holds);
        let diagnostic = |expectation: &crate::graph::Expectation| {
            let message = format!("expected {}, found {}", expectation.text, expectation.found);
            let diagnostic = Diagnostic::error(Code::Expectation, expectation.span, message);
            diagnostic.label(format!("found {}", expectation.found))
        };
        failed.map(diagnostic).collect()
    }
}

/// Compiles an architecture of a library with settings, each a name and a text such as `[32, 64]`.
///
/// Findings carry the fixes after which they are gone and nothing new is found when the spec is compiled again.
pub fn compile(mut library: Library, arch: Option<&str>, settings: &[(String, String)]) -> Compilation {
    let mut compilation = compile_once(&mut library, arch, settings);
    fixes::decide(&mut compilation, &library, arch, settings);
    compilation
}

/// As [`compile`], with the fixes still proposals.
pub(crate) fn compile_once(library: &mut Library, arch: Option<&str>, settings: &[(String, String)]) -> Compilation {
    let mut diagnostics = std::mem::take(&mut library.diagnostics);
    let mut parsed = Vec::new();
    for (name, value) in settings {
        let file = library.sources.add(format!("--set {name}"), None, value);
        match syntax::parse_expression(&library.sources, file) {
            Ok(value) => {
                let span = Span { file, start: 0, end: library.sources.get(file).text.len() as u32 };
                parsed.push(Setting { name: name.clone(), value, span });
            }
            Err(errors) => diagnostics.extend(errors),
        }
    }
    // Rows that were not read would be missed by those that were.
    if has_error(&diagnostics) {
        return finish(library, diagnostics, None, None);
    }
    let arch = match library.arch(arch) {
        Ok(arch) => arch,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return finish(library, diagnostics, None, None);
        }
    };
    let (graph, found) = resolve(library, &arch, parsed);
    diagnostics.extend(found);
    if has_error(&diagnostics) {
        return finish(library, diagnostics, None, Some(graph));
    }
    let partial = graph.clone();
    match check(graph) {
        Ok(checked) => {
            diagnostics.extend(lint(library, &arch, &checked));
            finish(library, diagnostics, Some(checked), None)
        }
        Err(found) => {
            diagnostics.extend(found);
            finish(library, diagnostics, None, Some(partial))
        }
    }
}

fn has_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

fn finish(
    library: &Library,
    mut diagnostics: Vec<Diagnostic>,
    checked: Option<Checked>,
    partial: Option<Graph>,
) -> Compilation {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    Compilation { sources: library.sources.clone(), diagnostics, checked, partial }
}
