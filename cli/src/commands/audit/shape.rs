//! The shape that a map is held to.

use neckar_spec::audit::AuditedMap;
use neckar_spec::size::{Env, Legal, Relation, Size, decide};
use neckar_spec::source::Sources;
use neckar_spec::syntax::ast::{BinaryOp, Expr, ExprKind, ListItem};
use neckar_spec::syntax::parse_expression;

use crate::failure::Failure;

/// A shape as it was asked for: sizes, and what makes their divisions exact.
#[derive(Debug)]
pub struct Expected {
    axes: Vec<Size>,
    exact: Vec<Relation>,
}

impl Expected {
    /// Reads `[B, 256, H/8, ceil(W/8)]`.
    pub fn parse(text: &str) -> Result<Expected, Failure> {
        let mut sources = Sources::default();
        let file = sources.add("assert-shape", None, text);
        let mut exact = Vec::new();
        let axes = match parse_expression(&sources, file) {
            Ok(Expr { kind: ExprKind::List(items), .. }) => items
                .iter()
                .map(|item| match item {
                    ListItem::Value(value) => size(value, &mut exact),
                    ListItem::Range(..) => None,
                })
                .collect(),
            _ => None,
        };
        let axes = axes.ok_or_else(|| {
            Failure::usage(format!("`{text}` of assert-shape is not a shape such as `[B, 256, H/8, W/8]`"))
        })?;
        Ok(Expected { axes, exact })
    }

    /// Whether a map has the shape: at every legal size, where a number stands for a size that is free at the stated ones.
    /// None where these are needed and there are none.
    pub fn holds(&self, map: &AuditedMap, legal: &Legal, sizes: Option<&Env>) -> Option<bool> {
        if self.axes.len() != map.shape.len() || !self.exact.iter().all(|relation| always(relation, legal)) {
            return Some(false);
        }
        for (expected, found) in self.axes.iter().zip(&map.shape) {
            let holds = match expected.as_constant() {
                Some(expected) => found.as_constant().or_else(|| found.eval(sizes?))? == expected,
                None => always(&Relation::Equal(expected.clone(), found.clone()), legal),
            };
            if !holds {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// Whether a relation holds at every legal size.
fn always(relation: &Relation, legal: &Legal) -> bool {
    if let Some(decided) = relation.decided() {
        return decided;
    }
    let symbols: Vec<_> = relation.symbols().into_iter().collect();
    let [symbol] = symbols.as_slice() else { return false };
    let solved = decide(&symbols, std::slice::from_ref(relation));
    let (Some(solved), Some(legal)) = (solved.set(symbol.as_str()), legal.set(symbol.as_str())) else {
        return false;
    };
    legal.intersect(&solved.complement()).is_some_and(|others| others.is_empty())
}

fn size(expr: &Expr, exact: &mut Vec<Relation>) -> Option<Size> {
    match &expr.kind {
        ExprKind::Int(n) => Some(Size::constant(*n)),
        ExprKind::Name(name) => Some(Size::symbol(name.as_str())),
        ExprKind::Call(callee, arguments) => {
            let (ExprKind::Name(name), [argument]) = (&callee.kind, arguments.as_slice()) else { return None };
            let ExprKind::Binary(op, left, right) = &argument.value.kind else { return None };
            let (left, divisor) = (size(left, exact)?, size(right, exact)?.as_constant().filter(|&n| n > 0)?);
            match (name.as_str(), op.node) {
                ("floor", BinaryOp::Divide) => Some(left.floor_div(divisor)),
                ("ceil", BinaryOp::Divide) => Some(left.ceil_div(divisor)),
                _ => None,
            }
        }
        ExprKind::Binary(op, left, right) => {
            let (left, right) = (size(left, exact)?, size(right, exact)?);
            match op.node {
                BinaryOp::Add => Some(left.add(&right)),
                BinaryOp::Subtract => Some(left.subtract(&right)),
                BinaryOp::Multiply => Some(left.multiply(&right)),
                BinaryOp::Divide => {
                    let divisor = right.as_constant().filter(|&n| n > 0)?;
                    exact.push(Relation::Multiple(left.clone(), divisor));
                    Some(left.floor_div(divisor))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
