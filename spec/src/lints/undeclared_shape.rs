//! A row without a declared shape among rows that declare theirs: a hole in the table.

use std::collections::BTreeMap;

use super::{Context, Finding, within};
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{GraphRow, ScopeId};
use crate::size::{Size, shape_text};
use crate::source::Span;
use crate::syntax::ast::{Row, RowKind};

/// Rows that declare their shape for each row that does not, from where on the table has a hole: in the zoo, pyramids that
/// declare what they give and not what is in between have up to one of each.
const DECLARED: usize = 3;

pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let networks = context.library.root_networks();
    networks.iter().flat_map(|network| of_network(context, network.span)).collect()
}

/// The findings in the text of a network, whose rows count once however often they are repeated.
fn of_network(context: &Context, network: Span) -> Vec<Finding> {
    let mut texts: BTreeMap<Span, Vec<&GraphRow>> = BTreeMap::new();
    for (_, row) in context.root_rows().filter(|(_, row)| within(row.span, network)) {
        texts.entry(row.span).or_default().push(row);
    }
    let declared = texts.values().filter(|rows| rows[0].declared).count();
    let missing = texts.len() - declared;
    if declared < DECLARED * missing {
        return Vec::new();
    }
    let undeclared = texts.values().filter(|rows| !rows[0].declared);
    undeclared.map(|rows| finding(context, rows, declared, texts.len())).collect()
}

fn finding(context: &Context, rows: &[&GraphRow], declared: usize, all: usize) -> Finding {
    let row = rows[0];
    let message = format!("row `{}` declares no shape among rows that do", row.name);
    let label = format!("{declared} of the {all} rows here declare theirs");
    let names = rows.iter().map(|row| row.name.clone());
    Finding::new(Code::UndeclaredShape, row.span, message, names)
        .map(|warning| declare(context, rows, warning.label(label)))
}

/// What to write: where it is certain to hold, as a fix.
fn declare(context: &Context, rows: &[&GraphRow], warning: Diagnostic) -> Diagnostic {
    let [row] = rows else { return warning.hint("declare its shape behind the row") };
    if row.scope != ScopeId(0) {
        return warning.hint("declare its shape behind the row");
    }
    let shape = &context.graph.node(row.node).shape;
    let arrow = if context.library.sources.get(row.span.file).text.contains('→') { "→" } else { "->" };
    let text = format!("{arrow} {}", shape_text(shape, context.checked.legal()));
    // With other parameters the shape may be another one.
    if !context.arch.parameters.is_empty() {
        return warning.hint(format!("declare its shape behind the row; with these parameters it is `{text}`"));
    }
    let warning = warning.hint(format!("write `{text}` behind it"));
    if is_repeated(row.span, &context.arch.rows) || shape.iter().any(Size::is_too_large) {
        return warning;
    }
    let end = Span { start: row.span.end, ..row.span };
    warning.fix("declare the inferred shape", vec![(end, format!(" {text}"))])
}

/// Whether a place lies in a loop, whose rounds may make it differ and whose names may hide those of sizes.
fn is_repeated(place: Span, rows: &[Row]) -> bool {
    rows.iter().filter(|row| within(place, row.span)).any(|row| match &row.kind {
        RowKind::For { .. } => true,
        RowKind::If { then, otherwise, .. } => is_repeated(place, then) || is_repeated(place, otherwise),
        _ => false,
    })
}
