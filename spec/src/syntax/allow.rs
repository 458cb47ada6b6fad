//! `allow LINT: NAME, NAME "reason"`: a lint that is not to warn.

use super::ast::Allow;
use super::grammar::{Pair, Parts, Rule};
use super::reader::Reader;
use crate::diagnostics::{Code, Diagnostic, find_code};
use crate::source::{Span, Spanned};

impl<'s> Reader<'s> {
    /// An `allow` in a body; none where it names no lint or gives no reason, which is reported.
    pub(super) fn allow(&mut self, pair: Pair<'s>, body: Span) -> Option<Allow> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let lint = self.word(parts.need(Rule::word));
        let mut names = Vec::new();
        while let Some(name) = parts.optional(Rule::word) {
            names.push(self.word(name));
        }
        let reason =
            parts.optional(Rule::string).map(|text| Spanned { node: text.as_str().to_owned(), span: self.span(&text) });
        let Some(code) = Code::of_lint(&lint.node) else {
            self.report(unknown_lint(&lint.node, lint.span));
            return None;
        };
        let Some(reason) = reason else {
            let message = format!("`allow {}` gives no reason", lint.node);
            let hint = "say why it is right here, in quotes, as in `allow unused_row: aux \"for the auxiliary head\"`";
            self.report(Diagnostic::error(Code::Allow, span, message).hint(hint));
            return None;
        };
        if reason.node.trim_matches('"').trim().is_empty() {
            let message = format!("the reason of `allow {}` is empty", lint.node);
            let hint = "say why it is right here, for those who read the file after you";
            self.report(Diagnostic::error(Code::Allow, reason.span, message).hint(hint));
            return None;
        }
        Some(Allow { lint: code, names, reason, body, span })
    }
}

fn unknown_lint(name: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::Allow, span, format!("there is no lint `{name}`"));
    if let Some(lint) = find_code(name).ok().and_then(Code::lint) {
        return diagnostic.hint(format!("a lint is allowed by its name: `{lint}`"));
    }
    let names: Vec<&str> = Code::lints().map(|(_, lint)| lint).collect();
    diagnostic.near(name, names.iter().copied()).note(format!("the lints are `{}`", names.join("`, `")))
}
