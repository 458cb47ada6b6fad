//! What a spec allows, and what of that it need not.

use super::{Context, Finding, within};
use crate::diagnostics::{Code, Diagnostic};
use crate::syntax::ast::{Allow, Ident};

/// The findings that nothing allows, and the `allow`s that allow nothing.
pub(super) fn remaining(context: &Context, findings: Vec<Finding>) -> Vec<Diagnostic> {
    let root = context.library.root_file();
    // What a whole file allows may be for another of its architectures.
    let judged = context.library.archs().count() == 1;
    let of_file = context.library.root_allows().iter().map(|allow| Used::new(allow, judged));
    let of_bodies = context.graph.allows.iter().filter(|allow| allow.span.file == root);
    let mut allows: Vec<Used> = of_file.chain(of_bodies.map(|allow| Used::new(allow, true))).collect();
    let mut remaining = withheld(findings, &mut allows);
    let idle = |allows: &[Used], about: bool, remaining: &[Finding]| -> Vec<Finding> {
        let judged = allows.iter().filter(|used| used.judged && (used.allow.lint == Code::UnusedAllow) == about);
        judged.flat_map(|used| used.idle(remaining)).collect()
    };
    let others = idle(&allows, false, &remaining);
    remaining.extend(withheld(others, &mut allows));
    let about = idle(&allows, true, &remaining);
    remaining.extend(about);
    remaining.into_iter().map(|finding| with_allow(context, finding)).collect()
}

/// An `allow` with what it has allowed.
struct Used<'a> {
    allow: &'a Allow,
    /// Whether it is to be said that it allows nothing.
    judged: bool,
    /// Whether it allowed anything; of one that gives names, whether it did so by each of them.
    used: Vec<bool>,
}

impl<'a> Used<'a> {
    fn new(allow: &'a Allow, judged: bool) -> Used<'a> {
        Used { allow, judged, used: vec![false; allow.names.len().max(1)] }
    }

    fn covers(&self, finding: &Finding) -> bool {
        finding.diagnostic.code == self.allow.lint && within(finding.span, self.allow.body)
    }

    /// What it allows to no purpose, beside findings that remain.
    fn idle(&self, remaining: &[Finding]) -> Vec<Finding> {
        let lint = self.allow.lint.lint().unwrap_or_default();
        let hint = "take it out; what it was for has gone, or stands elsewhere";
        if self.allow.names.is_empty() {
            let message = format!("`allow {lint}` allows nothing here");
            let finding = Finding::new(Code::UnusedAllow, self.allow.span, message, []);
            return if self.used[0] { Vec::new() } else { vec![finding.map(|warning| warning.hint(hint))] };
        }
        let unused = self.allow.names.iter().zip(&self.used).filter(|(_, used)| !**used);
        let finding = |name: &Ident| {
            let message = format!("`allow {lint}` allows nothing of `{}` here", name.node);
            let others = remaining.iter().filter(|finding| self.covers(finding)).flat_map(|finding| &finding.names);
            Finding::new(Code::UnusedAllow, name.span, message, [])
                .map(|warning| warning.near(&name.node, others.map(String::as_str)).hint(hint))
        };
        unused.map(|(name, _)| finding(name)).collect()
    }
}

/// The findings that nothing allows; what allows the others is marked.
fn withheld(findings: Vec<Finding>, allows: &mut [Used]) -> Vec<Finding> {
    let is_allowed = |finding: &Finding, allows: &mut [Used]| {
        let mut whole = false;
        let mut named = vec![false; finding.names.len()];
        for used in allows.iter_mut().filter(|used| used.covers(finding)) {
            if used.allow.names.is_empty() {
                used.used[0] = true;
                whole = true;
            }
            for (allowed, used) in used.allow.names.iter().zip(&mut used.used) {
                for (name, named) in finding.names.iter().zip(&mut named) {
                    if is_of(name, &allowed.node) {
                        *used = true;
                        *named = true;
                    }
                }
            }
        }
        whole || !named.is_empty() && named.iter().all(|named| *named)
    };
    findings.into_iter().filter(|finding| !is_allowed(finding, allows)).collect()
}

/// Whether a name is the one given, or of its family: `P4` of `P`.
fn is_of(name: &str, given: &str) -> bool {
    name.strip_prefix(given).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '_'))
}

/// A finding with what allows it.
fn with_allow(context: &Context, finding: Finding) -> Diagnostic {
    if finding.diagnostic.code == Code::UnusedAllow {
        return finding.diagnostic;
    }
    let lint = finding.diagnostic.code.lint().unwrap_or_default();
    let in_body = context.library.root_networks().iter().any(|network| within(finding.span, network.span));
    if !in_body {
        return finding.diagnostic.hint(format!("where it is meant, say why before it: `allow {lint} \"…\"`"));
    }
    let names = match finding.names.as_slice() {
        [] => String::new(),
        [name] => format!(": {name}"),
        [name, ..] => format!(": {}", name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')),
    };
    finding.diagnostic.hint(format!("where it is meant, say why: `allow {lint}{names} \"…\"`"))
}
