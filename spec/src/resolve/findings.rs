//! What is found while a network is resolved, and where to stop.

use super::Resolver;
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::source::Span;

/// What makes two findings the same one.
pub(super) type Key = (Code, Option<Span>, String);

impl Resolver<'_> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.steps += bounds::STEPS_APIECE;
        // An instance of a block repeats the faults of its text.
        let is_new = self.reported.insert((diagnostic.code, diagnostic.span, diagnostic.message.clone()));
        if !is_new || self.stopped {
            return;
        }
        self.diagnostics.push(diagnostic);
        if self.diagnostics.len() == bounds::ERRORS {
            self.diagnostics.push(Diagnostic::too_many());
            self.stopped = true;
        }
    }

    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message));
    }

    pub(super) fn failed(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Accounts for work that a spec asks for. Whether it may still be done: not after the bound, which is reported once.
    pub(super) fn spend(&mut self, steps: usize, span: Span) -> bool {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > bounds::STEPS && !self.stopped {
            let message = format!("the network takes more than {} steps to build", bounds::STEPS);
            let hint = "loops, repeats or blocks inside one another multiply: take one of them out";
            self.report(Diagnostic::error(Code::TooLarge, span, message).hint(hint));
            self.stopped = true;
        }
        !self.stopped
    }
}
