//! Operands that differ in channels: a 1×1 for one of them.

use super::place::{self, Place, positional, rows};
use crate::diagnostics::{Fix, FixScope};
use crate::library::Library;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, RowKind};

/// For each operand that alone differs from the others, a 1×1 declared before the row and applied to it.
pub(crate) fn laterals(library: &Library, span: Span, channels: &[Option<i64>]) -> Vec<Fix> {
    let Some(place) = place::find(library, span) else { return Vec::new() };
    let operands = place::operands(place.expr);
    if operands.len() != channels.len() {
        return Vec::new();
    }
    let lateral = |odd: usize| {
        let others = || (0..operands.len()).filter(|&other| other != odd);
        let wanted = channels[others().next()?].filter(|wanted| Some(*wanted) != channels[odd])?;
        let agree = others().all(|other| channels[other] == Some(wanted));
        let named = others().find_map(|other| match &operands[other].kind {
            ExprKind::Name(name) => Some(name.as_str()),
            _ => None,
        });
        agree.then(|| declared(library, place, operands[odd], wanted, named))
    };
    (0..operands.len()).filter_map(lateral).collect()
}

/// The 1×1 and its use. Where parameters may change the channels, they are those of another operand.
fn declared(library: &Library, place: Place, operand: &Expr, channels: i64, other: Option<&str>) -> Fix {
    let fixed = place.network.is_arch && place.network.parameters.is_empty();
    let out = match other {
        Some(other) if !fixed => format!("channels({other})"),
        _ => channels.to_string(),
    };
    let text = &library.sources.get(place.row.span.file).text;
    let operand = before_resampling(operand);
    let operand_text = library.sources.snippet(operand.span);
    let layer = fresh_name(text, operand_text);
    let row = match kind(library, place.row.span) {
        "conv" => format!("conv {layer}: -> {out} (kernel = 1)"),
        kind => format!("{kind} {layer}: -> {out}"),
    };
    let at = |offset: u32| Span { start: offset, end: offset, ..place.row.span };
    let edits = vec![
        (at(place.row.span.start), format!("{row}{}", break_before(text, place.row.span))),
        (at(operand.span.start), format!("{layer}(")),
        (at(operand.span.end), ")".to_owned()),
    ];
    let title = format!("declare `{row}` and apply it to `{operand_text}`");
    Fix { title, edits, scope: FixScope::Certain }
}

/// What is resampled, where an operand is: a 1×1 costs less on the smaller map and gives the same.
fn before_resampling(operand: &Expr) -> &Expr {
    let resamples = |callee: &Expr| match &callee.kind {
        ExprKind::Name(name) => matches!(name.as_str(), "Up2" | "up2" | "Up" | "up" | "UpTo" | "up_to"),
        _ => false,
    };
    let inner = match &operand.kind {
        ExprKind::Call(callee, arguments) if resamples(callee) => positional(arguments).next(),
        ExprKind::Pipe(left, right) => match &right.kind {
            ExprKind::Call(callee, _) if resamples(callee) => Some(&**left),
            _ => resamples(right).then_some(&**left),
        },
        _ => None,
    };
    inner.map_or(operand, before_resampling)
}

/// The kind of 1×1 that goes with what the text declares already.
fn kind(library: &Library, place: Span) -> &'static str {
    let mut plain = false;
    for row in library.networks(place.file).flat_map(|network| rows(network)) {
        let RowKind::Layer(layer) = &row.kind else { continue };
        match layer.kind.node.as_str() {
            "lateral" | "smooth" | "down" => return "lateral",
            "plain_lateral" | "plain_smooth" | "plain_down" => plain = true,
            _ => {}
        }
    }
    if plain { "plain_lateral" } else { "conv" }
}

/// A name that no word of the text is: `L4` for the map `B4`, or `lateral_x`.
fn fresh_name(text: &str, operand: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c != '_' && !c.is_alphanumeric()).collect();
    let is_free = |name: &String| !words.contains(&name.as_str());
    let map = operand.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).rfind(|word| !word.is_empty());
    let map = map.unwrap_or("map");
    let level = &map[map.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    let by_level = Some(format!("L{level}")).filter(|_| !level.is_empty());
    let numbered = (2..).map(|n| format!("lateral_{map}_{n}"));
    let mut names = by_level.into_iter().chain([format!("lateral_{map}")]).chain(numbered);
    names.find(is_free).unwrap_or_default()
}

/// What parts a new row from the one before which it is put: a line break where that one begins its line.
fn break_before(text: &str, row: Span) -> String {
    let head = &text[..row.start as usize];
    let indent = &head[head.rfind('\n').map_or(0, |at| at + 1)..];
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if indent.trim().is_empty() { format!("{ending}{indent}") } else { "  ".to_owned() }
}
