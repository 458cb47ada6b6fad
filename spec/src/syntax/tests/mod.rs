//! The language as it is written: the tree of each construct, and what becomes of mistakes.

mod expressions;
mod recovery;
mod rows;

use super::ast::*;
use super::parse;
use crate::diagnostics::{Diagnostic, render};
use crate::source::Sources;

/// Every construct of the language once.
const EXAMPLE: &str = r#"
use "backbone.arch"            use zoo::resnet
numerics { resize = nearest, bn_eps = 1e-5 }
kind lateral(out, gamma = 1.0) = conv: conv -> out (kernel = 1, bias = false) |> bn: batch_norm (gamma = gamma)
kind plain(out) = conv -> out (kernel = 1)
allow undeclared_shape "the paper gives none"
block Bottleneck(width, stride = 1) {
    input x
    conv conv1: -> width (kernel = 1, bias = false)
    batch_norm bn1
    x = conv1(x) |> bn1
    output x
}
arch LiteFpn(fuse: Fuse = add, aggregate: add | concat = add, layers: [int] = [3, 4], depth: 18 | 34 | 50 = 50, c = 128)
    as "fpn" at H = 64, W = 128 {
    numerics { resize = bilinear }
    input B1: [B, 32, H, W]
    input x: [B, 3, H, W] image(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225])
    input C[i]: [B, channels[i - lo], H / 2^(i - lo), W / 2^(i - lo)]
    let lo = 6 - levels
    let layers = if depth == 18 { [2, 2, 2, 2] } else if depth == 34 { [3, 4, 6, 3] } else { [3, 4, 23, 3] }
    lateral L5, L4: -> 128
    smooth S4, S3: -> 128 (gamma = 0.9)
    fuse F4, F3 (mode = fuse)
    conv stem: 3 -> 64 (kernel = 7, stride = 2, padding = 3, init = kaiming_normal(fan_out))
    Bottleneck layer1 x layers[0] (width = 64) as "layer1.{index}"
    plain_lateral inner[i]: -> c as "fpn.inner_blocks.{i - lo}.0"
    P4_td = S4(F4(U5, P4))  -> [B,128,16,32]
    y = x |> conv1 |> bn1 |> relu |> max_pool(kernel = 3, stride = 2)
    for i in lo to 5 { Q[i] = Concat(P[i], R[i]) }
    for i in 4 down to lo { M[i] = Up2(M[i+1]) + inner[i](C[i]) }
    if fuse == add and not deep { a = b } else if levels > 3 { a = c } else { a = body.C3 }
    output Hf, P3 = P3_out -> [B, c, H, W], fpn: [P2, P3 = x.P3]
    ignore "fc.*", "head.{i}"
    allow unused_row: aux, P6 "for the auxiliary head"
    expect params(self) == 653_312 when fuse == add and aggregate == add
    expect macs(self) < 2G at H = 224, W = 224
    expect params(body) ~= 25.5M within 0.02
    expect legal(H) == [0, 29..31] mod 32
}
"#;

fn read(text: &str) -> (Sources, File, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add("test.arch", None, text);
    let (file, diagnostics) = parse(&sources, id);
    (sources, file, diagnostics)
}

/// Reads a text without mistakes.
fn read_well(text: &str) -> (Sources, File) {
    let (sources, file, diagnostics) = read(text);
    assert!(diagnostics.is_empty(), "{text}\n{}", render(&sources, &diagnostics));
    (sources, file)
}

/// The rows of a network with this body.
fn rows(body: &str) -> Vec<Row> {
    let (_, mut file) = read_well(&format!("arch A {{ {body} }}"));
    file.networks.remove(0).rows
}

/// The only row of a body.
fn row(body: &str) -> RowKind {
    let mut rows = rows(body);
    assert_eq!(rows.len(), 1, "{body}: {rows:?}");
    rows.remove(0).kind
}

/// An expression in prefix form: `(+ a (* b c))`.
fn shown(expr: &Expr) -> String {
    let all = |head: String, rest: Vec<String>| format!("({})", [vec![head], rest].concat().join(" "));
    match &expr.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Text(text) => format!("\"{}\"", template(text)),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Index(base, indices) => all(format!("at {}", shown(base)), indices.iter().map(shown).collect()),
        ExprKind::Member(base, name) => format!("{}.{}", shown(base), name.node),
        ExprKind::Call(base, arguments) => all(shown(base), self::arguments(arguments)),
        ExprKind::Pipe(left, right) => format!("(|> {} {})", shown(left), shown(right)),
        ExprKind::List(items) => all("list".to_owned(), items.iter().map(item).collect()),
        ExprKind::Unary(op, value) => format!("({op:?} {})", shown(value)),
        ExprKind::Binary(op, left, right) => {
            format!("({:?} {} {})", op.node, shown(left), shown(right))
        }
        ExprKind::If(condition, then, otherwise) => {
            format!("(if {} {} {})", shown(condition), shown(then), shown(otherwise))
        }
    }
}

fn item(item: &ListItem) -> String {
    match item {
        ListItem::Value(value) => shown(value),
        ListItem::Range(from, to) => format!("{}..{}", shown(from), shown(to)),
    }
}

fn arguments(arguments: &[Argument]) -> Vec<String> {
    arguments
        .iter()
        .map(|argument| match &argument.name {
            Some(name) => format!("{}={}", name.node, shown(&argument.value)),
            None => shown(&argument.value),
        })
        .collect()
}

fn template(template: &Template) -> String {
    template
        .pieces
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Text(text) => text.clone(),
            TemplatePiece::Value(value) => format!("<{}>", shown(value)),
        })
        .collect()
}

fn name(name: &Name) -> String {
    let indices: Vec<_> = name.indices.iter().map(shown).collect();
    if indices.is_empty() { name.base.node.clone() } else { format!("{}[{}]", name.base.node, indices.join(", ")) }
}

fn shape(shape: &ShapeExpr) -> String {
    shape.axes.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The tree without its places, which are all that a change of layout may change.
fn bare(file: &File) -> String {
    let text = format!("{file:?}");
    let mut pieces = text.split(": Span {");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |bare, piece| bare + piece.split_once('}').map_or("", |(_, after)| after))
}
