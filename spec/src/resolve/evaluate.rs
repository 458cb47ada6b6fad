//! Expressions to values.

use std::collections::BTreeMap;

use super::elements::{base, failed_family};
use super::operands::{Operands, Spread};
use super::{Frame, Resolver};
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::Condition;
use crate::ops::{self, arguments::alternatives};
use crate::size::{Relation, Size};
use crate::source::Span;
use crate::syntax::ast::{Argument, BinaryOp, Expr, ExprKind, Template, TemplatePiece, UnaryOp};
use crate::value::Value;

impl Resolver<'_> {
    /// The value of an expression; poison when it failed, which was reported then.
    pub(super) fn evaluate(&mut self, expr: &Expr, frame: &mut Frame) -> Value {
        if !self.spend(1, expr.span) {
            return Value::Poison;
        }
        match &expr.kind {
            ExprKind::Int(n) => Value::Int(*n),
            ExprKind::Float(x) => Value::Float(*x),
            ExprKind::Text(template) => self.template(template, frame).map_or(Value::Poison, Value::Text),
            ExprKind::Name(name) => match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                name => match frame.lookup(name) {
                    Some(value) if self.spend(value.weight(), expr.span) => value.clone(),
                    Some(_) => Value::Poison,
                    None => Value::Word(name.into()),
                },
            },
            ExprKind::List(items) => self.list(expr.span, items, frame),
            ExprKind::Index(..) | ExprKind::Member(..) => self.element(expr, frame),
            ExprKind::Call(callee, arguments) => self.call(expr.span, callee, arguments, None, frame),
            ExprKind::Pipe(left, right) => self.pipe(expr.span, left, right, frame),
            ExprKind::Unary(op, operand) => {
                let value = self.evaluate(operand, frame);
                match (op, value) {
                    (_, Value::Poison) => Value::Poison,
                    (UnaryOp::Negate, Value::Int(n)) => Value::Int(n.saturating_neg()),
                    (UnaryOp::Negate, Value::Float(x)) => Value::Float(-x),
                    (UnaryOp::Not, Value::Bool(b)) => Value::Bool(!b),
                    (UnaryOp::Negate, other) => self.unsuited(operand.span, "a number", &other, frame),
                    (UnaryOp::Not, other) => self.unsuited(operand.span, "true or false", &other, frame),
                }
            }
            ExprKind::Binary(op, left, right) => self.binary(expr.span, op.node, left, right, frame),
            ExprKind::If(condition, then, otherwise) => match self.condition(condition, frame) {
                Some(true) => self.evaluate(then, frame),
                Some(false) => self.evaluate(otherwise, frame),
                None => Value::Poison,
            },
        }
    }

    /// A condition's verdict.
    pub(super) fn condition(&mut self, expr: &Expr, frame: &mut Frame) -> Option<bool> {
        match self.evaluate(expr, frame) {
            Value::Bool(holds) => Some(holds),
            Value::Poison => None,
            other => {
                self.unsuited(expr.span, "true or false", &other, frame);
                None
            }
        }
    }

    /// Reports what is not the value that is expected. A word here is a name that nothing defines.
    pub(super) fn unsuited(&mut self, span: Span, expected: &str, found: &Value, frame: &Frame) -> Value {
        let map_or_layer = matches!(found, Value::Map(_) | Value::Record(_) | Value::Layer(_));
        let code = if map_or_layer { Code::WrongSort } else { Code::WrongType };
        self.refuse(code, span, expected, found, frame)
    }

    /// Reports what is not the map or the layer that is expected.
    pub(super) fn misplaced(&mut self, span: Span, expected: &str, found: &Value, frame: &Frame) -> Value {
        self.refuse(Code::WrongSort, span, expected, found, frame)
    }

    fn refuse(&mut self, code: Code, span: Span, expected: &str, found: &Value, frame: &Frame) -> Value {
        let found = match found {
            Value::Poison => return Value::Poison,
            Value::Word(word) => {
                self.unknown(word, span, frame);
                return Value::Poison;
            }
            Value::Map(_) | Value::Record(_) => found.kind().to_owned(),
            Value::Layer(layer) => format!("the layer `{}`", layer.name),
            other => format!("{} `{other}`", other.kind()),
        };
        let mut diagnostic = Diagnostic::error(code, span, format!("expected {expected}, found {found}"));
        let text = self.library.sources.snippet(span);
        if expected == "a map" && found.starts_with("the layer") {
            diagnostic = diagnostic.hint(format!("apply it to a map first, as in `{text}(x)`"));
        }
        self.report(diagnostic);
        Value::Poison
    }

    /// Reports a name that nothing defines.
    pub(super) fn unknown(&mut self, name: &str, span: Span, frame: &Frame) {
        let family = base(name);
        if failed_family(name, frame) {
            return;
        }
        let names = frame.names.keys().chain(frame.locals.iter().flat_map(BTreeMap::keys));
        let diagnostic = Diagnostic::error(Code::Unknown, span, format!("`{name}` is not defined"));
        let mut diagnostic = diagnostic.near(name, names.map(String::as_str));
        let relatives: Vec<&str> =
            frame.names.keys().map(String::as_str).filter(|known| base(known) == family && *known != family).collect();
        if diagnostic.hints.is_empty() && !relatives.is_empty() {
            diagnostic = diagnostic.note(format!("of its family there are `{}`", relatives.join("`, `")));
        }
        self.report(diagnostic);
    }

    /// A whole number.
    pub(super) fn whole(&mut self, expr: &Expr, frame: &mut Frame) -> Option<i64> {
        match self.evaluate(expr, frame) {
            Value::Int(n) => Some(n),
            other => {
                self.unsuited(expr.span, "a whole number", &other, frame);
                None
            }
        }
    }

    /// A string with its `{…}` filled in.
    pub(super) fn template(&mut self, template: &Template, frame: &mut Frame) -> Option<String> {
        let mut text = String::new();
        for piece in &template.pieces {
            match piece {
                TemplatePiece::Text(piece) => text += piece,
                TemplatePiece::Value(expr) => match self.evaluate(expr, frame) {
                    Value::Text(value) => text += &value,
                    value @ (Value::Int(_) | Value::Float(_) | Value::Choice(..)) => text += &value.to_string(),
                    other => {
                        self.unsuited(expr.span, "a number or a word", &other, frame);
                        return None;
                    }
                },
            }
        }
        if text.len() > bounds::NAME {
            let message = format!("the string has {} bytes, more than {}", text.len(), bounds::NAME);
            self.error(Code::OutOfRange, template.span, message);
            return None;
        }
        Some(text)
    }

    fn pipe(&mut self, span: Span, left: &Expr, right: &Expr, frame: &mut Frame) -> Value {
        let first = Some((self.evaluate(left, frame), left.span));
        match &right.kind {
            ExprKind::Call(callee, arguments) => self.call(span, callee, arguments, first, frame),
            _ => self.call(span, right, &[], first, frame),
        }
    }

    /// Applies what a callee names to operands and arguments.
    fn call(
        &mut self,
        span: Span,
        callee: &Expr,
        arguments: &[Argument],
        piped: Option<(Value, Span)>,
        frame: &mut Frame,
    ) -> Value {
        if let ExprKind::Name(name) = &callee.kind
            && frame.lookup(name).is_none()
        {
            if let Some(signature) = ops::signature(name) {
                return self.apply_operator(span, signature, arguments, piped, frame);
            }
            if piped.is_none()
                && let Some(value) = self.builtin(span, name, arguments, frame)
            {
                return value;
            }
            self.unknown_function(name, callee.span, frame);
            return Value::Poison;
        }
        let layer = match self.evaluate(callee, frame) {
            Value::Layer(layer) => layer,
            number @ (Value::Int(_) | Value::Float(_)) => {
                let message = format!("a number cannot be applied, and this is `{number}`");
                let hint = "an argument of a layer needs a name: `(kernel = 3)`";
                self.report(Diagnostic::error(Code::WrongSort, span, message).hint(hint));
                return Value::Poison;
            }
            other => return self.misplaced(callee.span, "a layer", &other, frame),
        };
        let mut operands = Operands::of(if layer.takes_records() { Spread::Records } else { Spread::Lists });
        if let Some((value, span)) = piped {
            self.spread(value, span, &mut operands, frame);
        }
        for argument in arguments {
            match &argument.name {
                None => {
                    let value = self.evaluate(&argument.value, frame);
                    self.spread(value, argument.value.span, &mut operands, frame);
                }
                Some(name) => {
                    let message = format!("`{}` is declared already, so it takes no `{}` here", layer.name, name.node);
                    let hint = format!("write `({} = …)` where `{}` is declared", name.node, layer.name);
                    self.report(Diagnostic::error(Code::UnknownArgument, name.span, message).hint(hint));
                    return Value::Poison;
                }
            }
        }
        match operands.all() {
            Some(operands) => self.apply_layer(&layer, operands, span, frame),
            None => {
                self.used.insert(layer.span);
                self.check_arguments(&layer, frame);
                Value::Poison
            }
        }
    }

    fn unknown_function(&mut self, name: &str, span: Span, frame: &Frame) {
        if failed_family(name, frame) {
            return;
        }
        let library = self.library;
        let kind = if library.kind(frame.file, name).is_some() {
            "a layer kind"
        } else if library.network(frame.file, name).is_some() {
            "a block"
        } else {
            let operators = ops::signatures().flat_map(|signature| signature.names).copied();
            let layers = frame.names.iter().filter(|(_, (value, _))| matches!(value, Value::Layer(_)));
            let names = operators.chain(layers.map(|(name, _)| name.as_str()));
            let message = format!("nothing called `{name}` can be applied");
            self.report(Diagnostic::error(Code::Unknown, span, message).near(name, names));
            return;
        };
        let message = format!("`{name}` is {kind}: it needs a name before it can be applied");
        let parameters = match (library.kind(frame.file, name), library.network(frame.file, name)) {
            (Some(kind), _) => &kind.parameters,
            (None, Some(network)) => &network.parameters,
            (None, None) => return,
        };
        let takes_out = parameters.iter().any(|parameter| parameter.name.node == "out");
        let out = if takes_out { ": -> 64" } else { "" };
        let hint = format!("declare it, `{name} my_layer{out}`, and write `my_layer(…)`");
        self.report(Diagnostic::error(Code::Unnamed, span, message).hint(hint));
    }

    fn binary(&mut self, span: Span, op: BinaryOp, left: &Expr, right: &Expr, frame: &mut Frame) -> Value {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let Some(first) = self.condition(left, frame) else { return Value::Poison };
            if first == (op == BinaryOp::Or) {
                return Value::Bool(first);
            }
            return self.condition(right, frame).map_or(Value::Poison, Value::Bool);
        }
        if op == BinaryOp::Concat {
            let mut operands = Vec::new();
            concatenated(left, &mut operands);
            operands.push(right);
            let operands: Vec<_> = operands.into_iter().map(|expr| self.operand(expr, frame)).collect();
            return self.combine(span, "Concat", operands, frame);
        }
        let a = self.evaluate(left, frame);
        let b = match (&a, &right.kind) {
            // A word that a parameter has among its choices is meant, whatever else has that name.
            (Value::Choice(_, choices), ExprKind::Name(name)) if choices.contains(name) => Value::Word(name.clone()),
            _ => self.evaluate(right, frame),
        };
        if matches!(a, Value::Poison) || matches!(b, Value::Poison) {
            return Value::Poison;
        }
        let maps = matches!(a, Value::Map(_) | Value::Record(_)) || matches!(b, Value::Map(_) | Value::Record(_));
        match op {
            BinaryOp::Add if maps => {
                let operands = [(a, left), (b, right)].map(|(value, expr)| self.as_operand(value, expr.span, frame));
                self.combine(span, "add", operands.into(), frame)
            }
            BinaryOp::Multiply | BinaryOp::Divide if maps => self.scaled(span, op, [(a, left), (b, right)], frame),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.choices_agree(&a, &b, right.span);
                self.choices_agree(&b, &a, left.span);
                match a.equals(&b) {
                    Some(same) => Value::Bool(same == (op == BinaryOp::Equal)),
                    None => self.incomparable(span, &a, &b),
                }
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let (Some(x), Some(y)) = (a.as_number(), b.as_number()) else {
                    return self.incomparable(span, &a, &b);
                };
                Value::Bool(match op {
                    BinaryOp::Less => x < y,
                    BinaryOp::LessEqual => x <= y,
                    BinaryOp::Greater => x > y,
                    _ => x >= y,
                })
            }
            _ => {
                if maps {
                    let message = "maps know `+`, `*` and `⊕`, and `/` by a number".to_owned();
                    let hint = "subtract with `a + -1 * b`";
                    self.report(Diagnostic::error(Code::WrongSort, span, message).hint(hint));
                    return Value::Poison;
                }
                for (value, expr) in [(&a, left), (&b, right)] {
                    if value.as_size().is_none() && value.as_number().is_none() {
                        return self.unsuited(expr.span, "a number", value, frame);
                    }
                }
                self.arithmetic(span, op, a, b)
            }
        }
    }

    fn choices_agree(&mut self, choice: &Value, other: &Value, span: Span) {
        if let (Value::Choice(_, choices), Value::Word(word)) = (choice, other)
            && !choices.is_empty()
            && !choices.contains(word)
        {
            let message = format!("`{word}` is none of the choices {}", alternatives(choices));
            let diagnostic = Diagnostic::error(Code::WrongChoice, span, message);
            self.report(diagnostic.near(word, choices.iter().map(String::as_str)));
        }
    }

    fn incomparable(&mut self, span: Span, a: &Value, b: &Value) -> Value {
        self.error(Code::WrongType, span, format!("{} cannot be compared with {}", a.kind(), b.kind()));
        Value::Poison
    }

    fn arithmetic(&mut self, span: Span, op: BinaryOp, a: Value, b: Value) -> Value {
        if !self.spend(a.weight() + b.weight(), span) {
            return Value::Poison;
        }
        let result = match (op, &a, &b) {
            (_, Value::Int(x), Value::Int(y)) => integers(op, *x, *y),
            (BinaryOp::Divide, _, Value::Int(divisor)) if a.as_size().is_some() && *divisor > 0 => {
                let size = a.as_size().expect("just seen to be a size");
                self.graph.conditions.push(Condition {
                    relation: Relation::Multiple(size.clone(), *divisor),
                    span,
                    reason: format!("`{}` is exact", self.library.sources.snippet(span)),
                });
                Some(Value::from_size(size.floor_div(*divisor)))
            }
            _ => match (a.as_size(), b.as_size()) {
                (Some(x), Some(y)) => sizes(op, &x, &y),
                _ => a.as_number().zip(b.as_number()).and_then(|(x, y)| numbers(op, x, y)),
            },
        };
        let counted = |value: &Value| !matches!(value, Value::Size(size) if size.is_too_large());
        let too_large = result.as_ref().is_some_and(|value| !counted(value));
        result.filter(counted).unwrap_or_else(|| {
            let why = match (op, &a, &b) {
                _ if too_large => "the size grows past what can be counted".to_owned(),
                (BinaryOp::Divide | BinaryOp::Modulo, _, Value::Int(0)) => "the divisor is 0".to_owned(),
                (_, Value::Int(_), Value::Int(_)) => "the result does not fit 64 bits".to_owned(),
                (_, Value::Size(_), _) | (_, _, Value::Size(_)) => {
                    format!("`{a}` and `{b}` give no size; sizes know `+`, `-`, `*` and `/` by a whole number")
                }
                _ => format!("`{a}` and `{b}` give no number"),
            };
            let text = self.library.sources.snippet(span);
            self.error(Code::Evaluation, span, format!("`{text}` cannot be computed: {why}"));
            Value::Poison
        })
    }
}

/// The operands of a chain of `⊕` but the last.
fn concatenated<'a>(expr: &'a Expr, operands: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::Binary(op, left, right) if op.node == BinaryOp::Concat => {
            concatenated(left, operands);
            operands.push(right);
        }
        _ => operands.push(expr),
    }
}

fn integers(op: BinaryOp, x: i64, y: i64) -> Option<Value> {
    Some(Value::Int(match op {
        BinaryOp::Add => x.checked_add(y)?,
        BinaryOp::Subtract => x.checked_sub(y)?,
        BinaryOp::Multiply => x.checked_mul(y)?,
        BinaryOp::Modulo => x.checked_rem_euclid(y)?,
        BinaryOp::Power => match u32::try_from(y) {
            Ok(exponent) => x.checked_pow(exponent)?,
            Err(_) => return Some(Value::Float((x as f64).powf(y as f64))),
        },
        BinaryOp::Divide if y != 0 && x.checked_rem(y) == Some(0) => x.checked_div(y)?,
        BinaryOp::Divide if y != 0 => return Some(Value::Float(x as f64 / y as f64)),
        _ => return None,
    }))
}

fn sizes(op: BinaryOp, x: &Size, y: &Size) -> Option<Value> {
    Some(Value::from_size(match op {
        BinaryOp::Add => x.add(y),
        BinaryOp::Subtract => x.add(&y.scale(-1)),
        BinaryOp::Multiply => x.multiply(y),
        _ => return None,
    }))
}

fn numbers(op: BinaryOp, x: f64, y: f64) -> Option<Value> {
    let result = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::Divide => x / y,
        BinaryOp::Power => x.powf(y),
        _ => return None,
    };
    result.is_finite().then_some(Value::Float(result))
}

#[cfg(test)]
mod tests {
    use crate::{Library, Lowering, Origin, compile, lower};

    #[test]
    fn values_stand_in_names_as_they_are() {
        let text =
            "arch Named(name: text = \"body\", mode: wide | slim = slim, ratio = 0.5, depth = 2) at H = 4, W = 4 {
            input x: [B, 1, H, W]
            let suffix = \"{mode}.{ratio}\"
            conv c: -> 1 (kernel = 1, bias = false) as \"{name}.stages.{depth}\"
            conv d: -> 1 (kernel = 1, bias = false) as \"{suffix}\"
            output y = d(c(x))
        }";
        let names = |settings: &[(String, String)]| {
            let origin = Origin::Text { name: "case".into(), text: text.into(), folder: None };
            let compilation = compile(Library::load(origin).expect("a text at hand can be read"), None, settings);
            let checked = compilation.checked.expect("the spec is right");
            let program = lower(&checked, Lowering::default());
            program.weights.into_iter().map(|weight| weight.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["body.stages.2.weight", "slim.0.5.weight"]);
        assert_eq!(
            names(&[("name".into(), "\"backbone\"".into()), ("mode".into(), "wide".into())]),
            ["backbone.stages.2.weight", "wide.0.5.weight"]
        );
    }
}
