//! Functions on values: sizes, lists, initialisations.

use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Argument, BinaryOp, Expr, ExprKind};
use crate::value::{Fan, InitRule, Value};

impl Resolver<'_> {
    /// The value of a built-in function; none where no such function exists.
    pub(super) fn builtin(
        &mut self,
        span: Span,
        name: &str,
        arguments: &[Argument],
        frame: &mut Frame,
    ) -> Option<Value> {
        Some(match name {
            "ceil" | "floor" => self.rounded(span, name == "ceil", arguments, frame),
            "channels" => {
                let Some([argument]) = self.exactly(span, name, arguments) else { return Some(Value::Poison) };
                match self.operand(&argument.value, frame) {
                    Some(node) => self.graph.node(node).shape.get(1).cloned().map_or(Value::Poison, Value::from_size),
                    None => Value::Poison,
                }
            }
            "len" => {
                let Some([argument]) = self.exactly(span, name, arguments) else { return Some(Value::Poison) };
                match self.evaluate(&argument.value, frame) {
                    Value::List(items) => Value::Int(items.len() as i64),
                    other => self.unsuited(argument.value.span, "a list", &other, frame),
                }
            }
            "min" | "max" => self.extreme(span, name == "max", arguments, frame),
            "kaiming_normal" | "kaiming_uniform" => self.kaiming(span, name == "kaiming_normal", arguments, frame),
            "constant" | "uniform" | "normal" => {
                let Some([argument]) = self.exactly(span, name, arguments) else { return Some(Value::Poison) };
                let value = self.evaluate(&argument.value, frame);
                match value.as_number() {
                    Some(x) if name == "constant" => Value::Init(InitRule::Constant(x)),
                    Some(x) if name == "uniform" => Value::Init(InitRule::Uniform(x)),
                    Some(x) => Value::Init(InitRule::Normal(x)),
                    None => self.unsuited(argument.value.span, "a number", &value, frame),
                }
            }
            _ => return None,
        })
    }

    fn exactly<'a, const N: usize>(
        &mut self,
        span: Span,
        name: &str,
        arguments: &'a [Argument],
    ) -> Option<[&'a Argument; N]> {
        let each: Vec<&Argument> = arguments.iter().collect();
        each.try_into().ok().or_else(|| {
            let expected = if N == 1 { "1 argument".to_owned() } else { format!("{N} arguments") };
            let message = format!("`{name}` takes {expected}, found {}", arguments.len());
            self.error(Code::WrongArity, span, message);
            None
        })
    }

    /// `ceil(H / 8)` and `floor(H / 8)`: the division inside is not exact.
    fn rounded(&mut self, span: Span, up: bool, arguments: &[Argument], frame: &mut Frame) -> Value {
        let name = if up { "ceil" } else { "floor" };
        let Some([argument]) = self.exactly(span, name, arguments) else { return Value::Poison };
        let divided = |expr: &Expr| match &expr.kind {
            ExprKind::Binary(op, left, right) if op.node == BinaryOp::Divide => Some((left.clone(), right.clone())),
            _ => None,
        };
        let Some((left, right)) = divided(&argument.value) else {
            return match self.evaluate(&argument.value, frame) {
                Value::Float(x) if up => Value::Int(x.ceil() as i64),
                Value::Float(x) => Value::Int(x.floor() as i64),
                value @ (Value::Int(_) | Value::Size(_) | Value::Poison) => value,
                other => self.unsuited(argument.value.span, "a number or a division", &other, frame),
            };
        };
        let size = self.evaluate(&left, frame);
        let Some(divisor) = self.whole(&right, frame) else { return Value::Poison };
        let Some(size) = size.as_size() else {
            return self.unsuited(left.span, "a size", &size, frame);
        };
        if divisor < 1 {
            self.error(Code::OutOfRange, right.span, format!("the divisor is {divisor}, expected at least 1"));
            return Value::Poison;
        }
        Value::from_size(if up { size.ceil_div(divisor) } else { size.floor_div(divisor) })
    }

    fn extreme(&mut self, span: Span, greatest: bool, arguments: &[Argument], frame: &mut Frame) -> Value {
        let mut best: Option<Value> = None;
        for argument in arguments {
            let value = self.evaluate(&argument.value, frame);
            let Some(x) = value.as_number() else {
                return self.unsuited(argument.value.span, "a number", &value, frame);
            };
            let better = best.as_ref().and_then(Value::as_number).is_none_or(|y| if greatest { x > y } else { x < y });
            if better {
                best = Some(value);
            }
        }
        best.unwrap_or_else(|| {
            let name = if greatest { "max" } else { "min" };
            self.error(Code::WrongArity, span, format!("`{name}` needs at least one number"));
            Value::Poison
        })
    }

    /// `kaiming_normal(fan_out)`, `kaiming_uniform(fan_in, gain = 1)`.
    fn kaiming(&mut self, span: Span, normal: bool, arguments: &[Argument], frame: &mut Frame) -> Value {
        let name = if normal { "kaiming_normal" } else { "kaiming_uniform" };
        let (mut fan, mut gain) = (None, std::f64::consts::SQRT_2);
        for argument in arguments {
            let value = self.evaluate(&argument.value, frame);
            match (argument.name.as_ref().map(|name| name.node.as_str()), &value) {
                (_, Value::Poison) => return Value::Poison,
                (None | Some("fan"), Value::Word(word)) if word == "fan_in" => fan = Some(Fan::In),
                (None | Some("fan"), Value::Word(word)) if word == "fan_out" => fan = Some(Fan::Out),
                (Some("gain"), value) if value.as_number().is_some() => {
                    gain = value.as_number().unwrap_or(gain);
                }
                (_, value) => {
                    let code = if matches!(value, Value::Word(_)) { Code::WrongChoice } else { Code::WrongType };
                    let message =
                        format!("`{name}` takes `fan_in` or `fan_out` and perhaps `gain = …`, found `{value}`");
                    self.error(code, argument.value.span, message);
                    return Value::Poison;
                }
            }
        }
        let Some(fan) = fan else {
            let message = format!("`{name}` does not say which fan it keeps");
            let diagnostic = Diagnostic::error(Code::MissingArgument, span, message);
            self.report(diagnostic.hint("write `fan_in` or `fan_out`, as PyTorch's `mode`"));
            return Value::Poison;
        };
        Value::Init(InitRule::Kaiming { normal, fan, gain })
    }
}
