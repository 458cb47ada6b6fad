//! What an operator, a layer or a block is applied to: maps, lists of maps, all that a block gives.

use super::layers::maps;
use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::NodeId;
use crate::ops::arguments::alternatives;
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::Value;

/// Which values stand for several operands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Spread {
    /// Lists of maps.
    Lists,
    /// Those, and all outputs of a block in their order.
    Records,
}

/// Operands while they are gathered.
pub(super) struct Operands {
    spread: Spread,
    found: Vec<NodeId>,
    failed: bool,
}

impl Operands {
    pub(super) fn of(spread: Spread) -> Operands {
        Operands { spread, found: Vec::new(), failed: false }
    }

    /// The operands; none where one failed, which was reported then.
    pub(super) fn all(self) -> Option<Vec<NodeId>> {
        (!self.failed).then_some(self.found)
    }
}

impl Resolver<'_> {
    /// Adds the maps of a value to operands.
    pub(super) fn spread(&mut self, value: Value, span: Span, operands: &mut Operands, frame: &Frame) {
        match value {
            Value::List(items) if !items.is_empty() => {
                for item in items {
                    self.spread(item, span, operands, frame);
                    // The first that is no map speaks for those behind it.
                    if operands.failed {
                        return;
                    }
                }
            }
            Value::Record(record) if operands.spread == Spread::Records => {
                for (_, output) in &record.outputs {
                    self.spread(output.clone(), span, operands, frame);
                }
            }
            value => match self.as_operand(value, span, frame) {
                Some(node) => operands.found.push(node),
                None => operands.failed = true,
            },
        }
    }

    /// An operand: a map.
    pub(super) fn operand(&mut self, expr: &Expr, frame: &mut Frame) -> Option<NodeId> {
        let value = self.evaluate(expr, frame);
        self.as_operand(value, expr.span, frame)
    }

    pub(super) fn as_operand(&mut self, value: Value, span: Span, frame: &Frame) -> Option<NodeId> {
        match value {
            Value::Map(node) => Some(node),
            Value::List(items) if items.iter().all(|item| matches!(item, Value::Map(_))) && !items.is_empty() => {
                let message = format!("this is a list of {}, expected one map", maps(items.len()));
                let text = self.library.sources.snippet(span);
                let hint = format!("choose one, as in `{text}[0]`");
                self.report(Diagnostic::error(Code::SeveralMaps, span, message).hint(hint));
                None
            }
            Value::Record(record) => {
                let outputs: Vec<&str> = record.outputs.iter().map(|(name, _)| name.as_str()).collect();
                let message = format!("`{}` gives several maps, expected one", record.name);
                let text = self.library.sources.snippet(span);
                let hint = format!("choose one of {}, as in `{text}.{}`", alternatives(&outputs), outputs[0]);
                self.report(Diagnostic::error(Code::SeveralMaps, span, message).hint(hint));
                None
            }
            other => {
                self.misplaced(span, "a map", &other, frame);
                None
            }
        }
    }
}
