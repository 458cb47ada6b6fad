//! Where an expression of a finding stands in the syntax tree.

use crate::library::Library;
use crate::source::Span;
use crate::syntax::ast::{Argument, BinaryOp, Expr, ExprKind, ListItem, Network, Output, OutputValue, Row, RowKind};

/// An expression with the row and the network that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub network: &'a Network,
    pub row: &'a Row,
    pub expr: &'a Expr,
}

/// The expression that has a span, in a row that makes maps.
pub(super) fn find(library: &Library, span: Span) -> Option<Place<'_>> {
    let network = library.networks(span.file).find(|network| holds(network.span, span))?;
    let row = rows(network).filter(|row| holds(row.span, span)).last()?;
    let expr = values(row).into_iter().find_map(|value| expression(value, span))?;
    Some(Place { network, row, expr })
}

/// Every row of a network, those inside loops and conditions after the row that holds them.
pub(super) fn rows(network: &Network) -> impl Iterator<Item = &Row> {
    fn below<'a>(rows: &'a [Row], all: &mut Vec<&'a Row>) {
        for row in rows {
            all.push(row);
            match &row.kind {
                RowKind::For { rows, .. } => below(rows, all),
                RowKind::If { then, otherwise, .. } => {
                    below(then, all);
                    below(otherwise, all);
                }
                _ => {}
            }
        }
    }
    let mut all = Vec::new();
    below(&network.rows, &mut all);
    all.into_iter()
}

/// What makes the maps of a row.
fn values(row: &Row) -> Vec<&Expr> {
    fn of_output<'a>(output: &'a Output, values: &mut Vec<&'a Expr>) {
        match &output.value {
            OutputValue::Same => {}
            OutputValue::Map(expr, _) => values.push(expr),
            OutputValue::List(outputs) => outputs.iter().for_each(|output| of_output(output, values)),
        }
    }
    match &row.kind {
        RowKind::Map { value, .. } => vec![value],
        RowKind::Output(outputs) => {
            let mut values = Vec::new();
            outputs.iter().for_each(|output| of_output(output, &mut values));
            values
        }
        _ => Vec::new(),
    }
}

/// What makes the map of a name, in a row before a place.
pub(super) fn made_by<'a>(network: &'a Network, name: &str, before: &Row) -> Option<&'a Expr> {
    let earlier = rows(network).filter(|row| row.span.end <= before.span.start);
    let made = earlier.filter_map(|row| match &row.kind {
        RowKind::Map { name: made, value, .. } if made.indices.is_empty() && made.base.node == name => Some(value),
        _ => None,
    });
    made.last()
}

fn expression(expr: &Expr, span: Span) -> Option<&Expr> {
    if expr.span == span {
        return Some(expr);
    }
    if !holds(expr.span, span) {
        return None;
    }
    parts(expr).into_iter().find_map(|part| expression(part, span))
}

/// The expressions right inside one.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Text(_) | ExprKind::Name(_) => Vec::new(),
        ExprKind::Index(base, indices) => std::iter::once(&**base).chain(indices).collect(),
        ExprKind::Member(record, _) => vec![record],
        ExprKind::Call(callee, arguments) => {
            std::iter::once(&**callee).chain(arguments.iter().map(|argument| &argument.value)).collect()
        }
        ExprKind::Pipe(left, right) | ExprKind::Binary(_, left, right) => vec![left, right],
        ExprKind::List(items) => items
            .iter()
            .flat_map(|item| match item {
                ListItem::Value(value) => vec![value],
                ListItem::Range(from, to) => vec![from, to],
            })
            .collect(),
        ExprKind::Unary(_, operand) => vec![operand],
        ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
    }
}

/// The operands of a use of an operator or a layer, in order.
pub(super) fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Binary(op, left, right) if op.node == BinaryOp::Concat => {
            let mut chain = match &left.kind {
                ExprKind::Binary(op, ..) if op.node == BinaryOp::Concat => operands(left),
                _ => vec![&**left],
            };
            chain.push(right);
            chain
        }
        ExprKind::Binary(op, left, right) if op.node == BinaryOp::Add => vec![left, right],
        ExprKind::Call(_, arguments) => positional(arguments).collect(),
        ExprKind::Pipe(left, right) => {
            let given = match &right.kind {
                ExprKind::Call(_, arguments) => arguments.as_slice(),
                _ => &[],
            };
            std::iter::once(&**left).chain(positional(given)).collect()
        }
        _ => Vec::new(),
    }
}

/// Arguments without a name: the maps that something is applied to.
pub(super) fn positional(arguments: &[Argument]) -> impl Iterator<Item = &Expr> {
    arguments.iter().filter(|argument| argument.name.is_none()).map(|argument| &argument.value)
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}
