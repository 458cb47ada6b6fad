//! From flat pairs to expressions: precedence, numbers, templates.

use super::ast::*;
use super::grammar::{Pair, Parts, Rule};
use super::reader::Reader;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// How deep a tree may become; every operator on the way down counts one.
const MAX_DEPTH: usize = 256;

/// How tightly `-` and `not` hold what follows them.
const NEGATE: u8 = 8;
const NOT: u8 = 3;

/// An operator's power and whether it groups to the right.
fn power(operator: &str) -> (u8, bool) {
    match operator {
        "or" => (1, false),
        "and" => (2, false),
        "|>" => (5, false),
        "⊕" => (6, false),
        "+" | "-" => (7, false),
        "*" | "/" | "mod" => (8, false),
        "^" => (9, true),
        _ => (4, false),
    }
}

/// A flat expression being grouped: its operands and operators, the next one last.
struct Flat<'s> {
    pairs: Vec<Pair<'s>>,
    depth: usize,
}

impl<'s> Flat<'s> {
    fn take(&mut self, is: impl Fn(&Pair<'s>) -> bool) -> Option<Pair<'s>> {
        self.pairs.pop_if(|pair| is(pair))
    }
}

impl<'s> Reader<'s> {
    /// An `expr` or `figure`.
    pub(super) fn expr(&mut self, pair: Pair<'s>, depth: usize) -> Expr {
        let span = self.span(&pair);
        // Operands are flattened into their prefixes, value and suffixes: all count towards the depth.
        let mut pairs: Vec<_> = Parts::of(pair)
            .flat_map(|pair| match pair.as_rule() {
                Rule::operand | Rule::term => Parts::of(pair).collect(),
                _ => vec![pair],
            })
            .collect();
        let depth = depth + pairs.len();
        if depth > MAX_DEPTH {
            return self.too_deep(span);
        }
        pairs.reverse();
        self.group(&mut Flat { pairs, depth }, 0)
    }

    /// Stands in for an expression whose tree would be too deep; the first of a text is reported.
    fn too_deep(&mut self, span: Span) -> Expr {
        if !self.diagnostics.iter().any(|earlier| earlier.code == Code::Brackets) {
            let message = format!("the expression is deeper than {MAX_DEPTH} operators");
            self.report(Diagnostic::error(Code::Brackets, span, message).hint("give a part of it a row of its own"));
        }
        Expr { kind: ExprKind::Int(0), span }
    }

    /// Groups operators whose power is at least the given one.
    fn group(&mut self, flat: &mut Flat<'s>, least: u8) -> Expr {
        let mut left = self.operand(flat);
        while let Some(pair) =
            flat.take(|pair| matches!(pair.as_rule(), Rule::operator | Rule::sign) && power(pair.as_str()).0 >= least)
        {
            let (own, to_the_right) = power(pair.as_str());
            let right = self.group(flat, if to_the_right { own } else { own + 1 });
            let span = left.span.to(right.span);
            let (left_box, right_box) = (Box::new(left), Box::new(right));
            let kind = match binary(pair.as_str()) {
                Some(node) => ExprKind::Binary(Spanned { node, span: self.span(&pair) }, left_box, right_box),
                None => ExprKind::Pipe(left_box, right_box),
            };
            left = Expr { kind, span };
        }
        left
    }

    /// Prefixes, a value and its suffixes.
    fn operand(&mut self, flat: &mut Flat<'s>) -> Expr {
        if let Some(prefix) = flat.take(|pair| pair.as_rule() == Rule::prefix) {
            let (operator, power) = match prefix.as_str() {
                "-" => (UnaryOp::Negate, NEGATE + 1),
                _ => (UnaryOp::Not, NOT),
            };
            let value = self.group(flat, power);
            let span = self.span(&prefix).to(value.span);
            return Expr { kind: ExprKind::Unary(operator, Box::new(value)), span };
        }
        let value = flat.take(|pair| pair.as_rule() == Rule::value).expect("an operand has a value");
        let mut expr = self.value(value, flat.depth);
        while let Some(suffix) =
            flat.take(|pair| matches!(pair.as_rule(), Rule::arguments | Rule::index | Rule::member))
        {
            let span = expr.span.to(self.span(&suffix));
            let base = Box::new(expr);
            let kind = match suffix.as_rule() {
                Rule::arguments => ExprKind::Call(base, self.arguments(suffix, flat.depth)),
                Rule::index => ExprKind::Index(base, self.exprs(suffix, flat.depth)),
                _ => ExprKind::Member(base, self.word(Parts::of(suffix).need(Rule::word))),
            };
            expr = Expr { kind, span };
        }
        expr
    }

    fn value(&mut self, pair: Pair<'s>, depth: usize) -> Expr {
        let pair = Parts::of(pair).next().expect("a value is one of its alternatives");
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number => self.number(&pair),
            Rule::string => ExprKind::Text(self.template(pair, depth)),
            Rule::list => ExprKind::List(Parts::of(pair).map(|item| self.list_item(item, depth)).collect()),
            Rule::group => {
                let inner = Parts::of(pair).need(Rule::expr);
                return Expr { span, ..self.expr(inner, depth) };
            }
            Rule::choose => return self.choose(pair, depth),
            _ => ExprKind::Name(pair.as_str().to_owned()),
        };
        Expr { kind, span }
    }

    /// `if c { a } else if d { b } else { e }`, grouped from its end.
    fn choose(&mut self, pair: Pair<'s>, depth: usize) -> Expr {
        let span = self.span(&pair);
        let exprs: Vec<_> = Parts::of(pair).collect();
        let depth = depth + exprs.len();
        if depth > MAX_DEPTH {
            return self.too_deep(span);
        }
        let mut exprs = exprs.into_iter().map(|pair| self.expr(pair, depth)).rev();
        let mut chosen = exprs.next().expect("a choice ends in `else`");
        while let (Some(value), Some(condition)) = (exprs.next(), exprs.next()) {
            let span = Span { start: condition.span.start, ..span };
            let kind = ExprKind::If(Box::new(condition), Box::new(value), Box::new(chosen));
            chosen = Expr { kind, span };
        }
        Expr { span, ..chosen }
    }

    fn list_item(&mut self, pair: Pair<'s>, depth: usize) -> ListItem {
        let mut exprs = Parts::of(pair);
        let first = self.expr(exprs.need(Rule::expr), depth);
        match exprs.optional(Rule::expr) {
            Some(last) => ListItem::Range(first, self.expr(last, depth)),
            None => ListItem::Value(first),
        }
    }

    /// Every expression among a rule's parts.
    pub(super) fn exprs(&mut self, pair: Pair<'s>, depth: usize) -> Vec<Expr> {
        Parts::of(pair).map(|pair| self.expr(pair, depth)).collect()
    }

    /// `(kernel = 1, x)`.
    pub(super) fn arguments(&mut self, pair: Pair<'s>, depth: usize) -> Vec<Argument> {
        Parts::of(pair).map(|pair| self.argument(pair, depth)).collect()
    }

    /// An `argument` or `setting`.
    pub(super) fn argument(&mut self, pair: Pair<'s>, depth: usize) -> Argument {
        let mut parts = Parts::of(pair);
        Argument {
            name: parts.optional(Rule::word).map(|word| self.word(word)),
            value: self.expr(parts.need(Rule::expr), depth),
        }
    }

    fn number(&mut self, pair: &Pair<'s>) -> ExprKind {
        number(pair.as_str()).unwrap_or_else(|| {
            let span = self.span(pair);
            self.report(
                Diagnostic::error(Code::OutOfRange, span, format!("`{}` is too large", pair.as_str()))
                    .note(format!("whole numbers end at {}", i64::MAX)),
            );
            ExprKind::Int(0)
        })
    }

    /// A string with its `{…}` read as expressions.
    pub(super) fn template(&mut self, pair: Pair<'s>, depth: usize) -> Template {
        let span = self.span(&pair);
        let (mut at, end) = (span.start as usize + 1, span.end as usize - 1);
        let mut pieces = Vec::new();
        let mut text = String::new();
        while let Some(character) = self.text[at..end].chars().next() {
            let rest = &self.text[at..end];
            let mut length = character.len_utf8();
            match character {
                '\\' if rest.starts_with("\\\"") || rest.starts_with("\\\\") => {
                    text.push_str(&rest[1..2]);
                    length = 2;
                }
                '\\' => self.report(
                    Diagnostic::error(Code::Malformed, self.place(at, at + 1), "unknown escape in a string")
                        .hint("`\\\"` and `\\\\` are the escapes"),
                ),
                '{' | '}' if rest[1..].starts_with(character) => {
                    text.push(character);
                    length = 2;
                }
                '{' => match rest.find('}') {
                    Some(close) => {
                        if !text.is_empty() {
                            pieces.push(TemplatePiece::Text(std::mem::take(&mut text)));
                        }
                        let value = self.nested_expr(at + 1, at + close, depth);
                        pieces.extend(value.map(TemplatePiece::Value));
                        length = close + 1;
                    }
                    None => {
                        self.report(brace(self.place(at, at + 1), '{'));
                        break;
                    }
                },
                '}' => self.report(brace(self.place(at, at + 1), '}')),
                other => text.push(other),
            }
            at += length;
        }
        if !text.is_empty() {
            pieces.push(TemplatePiece::Text(text));
        }
        Template { pieces, span }
    }
}

fn brace(span: Span, brace: char) -> Diagnostic {
    Diagnostic::error(Code::Malformed, span, format!("`{brace}` without its partner in a string"))
        .hint(format!("a brace that stands for itself is written `{brace}{brace}`"))
}

/// The operator of a sign; none for `|>`.
fn binary(sign: &str) -> Option<BinaryOp> {
    Some(match sign {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        "mod" => BinaryOp::Modulo,
        "^" => BinaryOp::Power,
        "⊕" => BinaryOp::Concat,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterEqual,
        "and" => BinaryOp::And,
        "or" => BinaryOp::Or,
        _ => return None,
    })
}

/// The value of a number as the grammar takes it; none past the bounds of its type.
///
/// Digits and power of ten stay apart, so that `25.557M` is exactly a whole number.
pub(super) fn number(written: &str) -> Option<ExprKind> {
    let plain = written.replace('_', "");
    let (plain, scale) = match plain.as_bytes().last()? {
        b'k' => (&plain[..plain.len() - 1], 3),
        b'M' => (&plain[..plain.len() - 1], 6),
        b'G' => (&plain[..plain.len() - 1], 9),
        _ => (plain.as_str(), 0),
    };
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (plain, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction_digits = fraction.trim_end_matches('0');
    let missing = scale - i32::try_from(fraction_digits.len()).ok()?;
    let written_whole = plain.len() == whole.len();
    if written_whole || (scale > 0 && exponent == 0 && missing >= 0) {
        let digits: i64 = format!("{whole}{fraction_digits}").parse().ok()?;
        let power = 10_i64.checked_pow(u32::try_from(missing).ok()?)?;
        return digits.checked_mul(power).map(ExprKind::Int);
    }
    let value: f64 = format!("{mantissa}e{}", exponent.checked_add(scale)?).parse().ok()?;
    value.is_finite().then_some(ExprKind::Float(value))
}
