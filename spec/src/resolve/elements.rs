//! Lists, their elements and the members of families and blocks.

use super::{Frame, Resolver};
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::ops::arguments::alternatives;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ListItem};
use crate::value::Value;

impl Resolver<'_> {
    pub(super) fn list(&mut self, span: Span, items: &[ListItem], frame: &mut Frame) -> Value {
        let mut values = Vec::new();
        for item in items {
            match item {
                ListItem::Value(expr) => values.push(self.evaluate(expr, frame)),
                ListItem::Range(from, to) => {
                    let (Some(first), Some(last)) = (self.whole(from, frame), self.whole(to, frame)) else {
                        return Value::Poison;
                    };
                    if last.saturating_sub(first) > bounds::ROUNDS {
                        self.error(Code::OutOfRange, from.span.to(to.span), "the range is too long");
                        return Value::Poison;
                    }
                    values.extend((first..=last).map(Value::Int));
                }
            }
        }
        if values.iter().any(|value| matches!(value, Value::Poison)) {
            return Value::Poison;
        }
        let list = Value::List(values);
        if list.weight() > bounds::LIST {
            let message = format!("the list holds more than {} elements", bounds::LIST);
            self.error(Code::OutOfRange, span, message);
            return Value::Poison;
        }
        list
    }

    /// `M[i]`, `M[[3..5]]`, `channels[i]`, `body.C3`, `p.P[i]`.
    pub(super) fn element(&mut self, expr: &Expr, frame: &mut Frame) -> Value {
        match &expr.kind {
            ExprKind::Index(base, indices) => {
                // A name that is no list, with indices, is a member of a family: `M[i]` is `M4`.
                let family = match &base.kind {
                    ExprKind::Name(name) => match frame.lookup(name) {
                        Some(Value::List(_) | Value::Poison) => None,
                        _ => Some((None, name.clone())),
                    },
                    ExprKind::Member(record, member) => Some((Some(record), member.node.clone())),
                    _ => None,
                };
                let Some(indices) = indices.iter().map(|index| self.index(index, frame)).collect::<Option<Vec<_>>>()
                else {
                    return Value::Poison;
                };
                let Some((record, name)) = family else {
                    let list = self.evaluate(base, frame);
                    return select(&indices, &mut Vec::new(), &mut |chosen| {
                        self.nested_element(&list, chosen, [expr.span, base.span], frame)
                    });
                };
                select(&indices, &mut Vec::new(), &mut |chosen| {
                    let name = indexed(&name, chosen);
                    match record {
                        Some(record) => self.member(record, &name, expr.span, frame),
                        None if !self.spend(1, expr.span) => Value::Poison,
                        None => frame.lookup(&name).cloned().unwrap_or_else(|| {
                            self.unknown(&name, expr.span, frame);
                            Value::Poison
                        }),
                    }
                })
            }
            ExprKind::Member(record, member) => self.member(record, &member.node, expr.span, frame),
            _ => self.evaluate(expr, frame),
        }
    }

    /// A whole number, or a list of them.
    fn index(&mut self, expr: &Expr, frame: &mut Frame) -> Option<Index> {
        let value = self.evaluate(expr, frame);
        let whole = |value: &Value| match value {
            Value::Int(n) => Some(*n),
            _ => None,
        };
        let index = match &value {
            Value::List(items) => items.iter().map(whole).collect::<Option<_>>().map(Index::Several),
            one => whole(one).map(Index::One),
        };
        if index.is_none() {
            self.unsuited(expr.span, "a whole number or a list of them", &value, frame);
        }
        index
    }

    /// `blocks[1]` of a list, `stages[1, 0]` of a list of lists.
    fn nested_element(&mut self, list: &Value, chosen: &[i64], [span, base]: [Span; 2], frame: &Frame) -> Value {
        if !self.spend(1, span) {
            return Value::Poison;
        }
        let mut value = list;
        for &index in chosen {
            value = match value {
                Value::List(items) => match usize::try_from(index).ok().and_then(|i| items.get(i)) {
                    Some(item) => item,
                    None => {
                        let message = format!("index {index} lies outside a list of {}", items.len());
                        self.error(Code::OutOfRange, span, message);
                        return Value::Poison;
                    }
                },
                other => return self.unsuited(base, "a list", other, frame),
            };
        }
        value.clone()
    }

    fn member(&mut self, record: &Expr, member: &str, span: Span, frame: &mut Frame) -> Value {
        match self.evaluate(record, frame) {
            Value::Record(record) => record.member(member).cloned().unwrap_or_else(|| {
                let names = record.outputs.iter().map(|(name, _)| name).chain(record.rows.keys());
                let message = format!("`{}` gives no `{member}`", record.name);
                let diagnostic =
                    Diagnostic::error(Code::Unknown, span, message).near(member, names.map(String::as_str));
                let outputs: Vec<&str> = record.outputs.iter().map(|(name, _)| name.as_str()).collect();
                self.report(diagnostic.note(format!("its outputs are {}", alternatives(&outputs))));
                Value::Poison
            }),
            other => self.misplaced(record.span, "the maps of a block", &other, frame),
        }
    }
}

/// `M4` for `M[4]`, `X0_4` for `X[0, 4]`.
pub(super) fn indexed(base: &str, indices: &[i64]) -> String {
    let indices: Vec<String> = indices.iter().map(i64::to_string).collect();
    format!("{base}{}", indices.join("_"))
}

/// Whether the family that a name would be a member of failed, which was reported then.
pub(super) fn failed_family(name: &str, frame: &Frame) -> bool {
    matches!(frame.names.get(base(name)), Some((Value::Poison, _)))
}

/// The name of a member's family: `M` of `M4`, `X` of `X0_4`.
pub(super) fn base(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
}

/// What stands in brackets behind a name.
enum Index {
    One(i64),
    Several(Vec<i64>),
}

/// What the indices choose one by one; a list of it for each index that is a list.
fn select(indices: &[Index], chosen: &mut Vec<i64>, one: &mut impl FnMut(&[i64]) -> Value) -> Value {
    let Some((first, rest)) = indices.split_first() else { return one(chosen) };
    let mut at = |index: i64| {
        chosen.push(index);
        let value = select(rest, chosen, one);
        chosen.pop();
        value
    };
    match first {
        Index::One(index) => at(*index),
        Index::Several(indices) => {
            let values: Vec<Value> = indices.iter().map(|&index| at(index)).collect();
            if values.iter().any(|value| matches!(value, Value::Poison)) { Value::Poison } else { Value::List(values) }
        }
    }
}
