//! `Up2(x)` where no size, or not that of `at`, makes its result the size of the map that it meets: `UpTo(x, y)`.

use super::place::{self, Place, parts, positional};
use crate::diagnostics::{Code, Diagnostic, Fix, FixScope};
use crate::library::Library;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// `UpTo` for every `Up2` among the operands of the use that a finding is about. Where the one was legal, the other gives
/// the same map.
pub(super) fn up_to(library: &Library, diagnostic: &Diagnostic) -> Option<Fix> {
    if !matches!(diagnostic.code, Code::OperandShapes | Code::NoLegalSize | Code::IllegalAt) {
        return None;
    }
    let place = place::find(library, diagnostic.span?)?;
    let operands = place::operands(place.expr);
    let doubled: Vec<Option<&Expr>> = operands.iter().map(|operand| doubling(operand, place)).collect();
    let (reference, _) = operands.iter().zip(&doubled).find(|(_, doubled)| doubled.is_none())?;
    let reference = library.sources.snippet(source_map(reference)?.span);
    let mut edits: Vec<(Span, String)> = doubled.into_iter().flatten().flat_map(|up2| with(up2, reference)).collect();
    edits.sort_unstable();
    edits.dedup();
    let title = format!("resize to `{reference}` with `UpTo`");
    Some(Fix { title, edits, scope: FixScope::Certain })
}

/// The outermost `Up2` in an operand, or in the row that makes it.
fn doubling<'a>(operand: &'a Expr, place: Place<'a>) -> Option<&'a Expr> {
    match &operand.kind {
        ExprKind::Name(name) => outermost(place::made_by(place.network, name, place.row)?),
        _ => outermost(operand),
    }
}

fn outermost(expr: &Expr) -> Option<&Expr> {
    if with(expr, "").is_empty() { parts(expr).into_iter().find_map(outermost) } else { Some(expr) }
}

/// What makes `UpTo(x, y)` of an `Up2(x)` or of `x |> Up2`; nothing for other expressions.
fn with(up2: &Expr, reference: &str) -> Vec<(Span, String)> {
    let word = |callee: &Expr| match &callee.kind {
        ExprKind::Name(name) if name == "Up2" => Some("UpTo"),
        ExprKind::Name(name) if name == "up2" => Some("up_to"),
        _ => None,
    };
    let after = |span: Span| Span { start: span.end, ..span };
    match &up2.kind {
        ExprKind::Call(callee, arguments) => match (word(callee), positional(arguments).next()) {
            (Some(word), Some(x)) => vec![(callee.span, word.to_owned()), (after(x.span), format!(", {reference}"))],
            _ => Vec::new(),
        },
        ExprKind::Pipe(_, right) => match &right.kind {
            ExprKind::Call(callee, arguments) => match (word(callee), arguments.first()) {
                (Some(word), Some(first)) => {
                    let start = first.name.as_ref().map_or(first.value.span, |name| name.span).start;
                    let before = Span { end: start, start, ..right.span };
                    vec![(callee.span, word.to_owned()), (before, format!("{reference}, "))]
                }
                (Some(word), None) => vec![(right.span, format!("{word}({reference})"))],
                (None, _) => Vec::new(),
            },
            _ => word(right).map(|word| (right.span, format!("{word}({reference})"))).into_iter().collect(),
        },
        _ => Vec::new(),
    }
}

/// The map that an operand is made from, step by step, by what mostly keeps its size.
fn source_map(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Index(..) | ExprKind::Member(..) => Some(expr),
        ExprKind::Call(_, arguments) => source_map(positional(arguments).next()?),
        ExprKind::Pipe(left, _) => source_map(left),
        _ => None,
    }
}
