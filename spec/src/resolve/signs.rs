//! The signs between maps: `a + b`, `a * b`, `2 * x`, `x / 2`, `a ⊕ b`.

use super::{Frame, Resolver};
use crate::diagnostics::Code;
use crate::graph::NodeId;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr};
use crate::value::Value;

impl Resolver<'_> {
    /// A product of maps, or a map times or over a number.
    pub(super) fn scaled(&mut self, span: Span, op: BinaryOp, sides: [(Value, &Expr); 2], frame: &mut Frame) -> Value {
        let factor = match (op, sides[0].0.as_number(), sides[1].0.as_number()) {
            (BinaryOp::Multiply, factor, None) | (BinaryOp::Multiply, None, factor) => factor,
            (_, None, Some(divisor)) if divisor != 0.0 => Some(1.0 / divisor),
            _ => {
                let text = self.library.sources.snippet(span);
                let message = format!("`{text}` cannot be computed: a map is divided by a number other than 0 alone");
                self.error(Code::WrongSort, span, message);
                return Value::Poison;
            }
        };
        let is_number = |(value, _): &(Value, &Expr)| value.as_number().is_some();
        let maps = sides.into_iter().filter(|side| !is_number(side));
        let operands: Vec<_> = maps.map(|(value, expr)| self.as_operand(value, expr.span, frame)).collect();
        let Some(factor) = factor else { return self.combine(span, "multiply", operands, frame) };
        let signature = ops::signature("scale").expect("the operators of the signs are registered");
        match operands.into_iter().collect() {
            Some(operands) => {
                let factor = vec![("factor".to_owned(), Value::Float(factor), span)];
                self.apply_built(span, signature, factor, operands, frame)
            }
            None => Value::Poison,
        }
    }

    /// A sum, a product or a concatenation of maps.
    pub(super) fn combine(
        &mut self,
        span: Span,
        operator: &str,
        operands: Vec<Option<NodeId>>,
        frame: &mut Frame,
    ) -> Value {
        let signature = ops::signature(operator).expect("the operators of the signs are registered");
        match operands.into_iter().collect() {
            Some(operands) => self.apply_built(span, signature, Vec::new(), operands, frame),
            None => Value::Poison,
        }
    }
}
