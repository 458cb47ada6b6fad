//! Maps that are fused although their cells look at different places.

use super::{Context, Finding};
use crate::diagnostics::Code;
use crate::graph::Node;
use crate::ops::Op;

/// Half a cell is what one up-sampling by two gives above a convolution of stride 2 whose padding is half its kernel, as in
/// every FPN on a ResNet; beyond it is a finding.
pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let fuses = |node: &Node| matches!(node.op, Some(Op::Add(_) | Op::Fuse(_) | Op::Concat(_)));
    let fused = context.graph.nodes().filter(|(_, node)| fuses(node));
    let finding = |(id, node)| {
        let (axis, apart, cell) = farthest(context, node)?;
        let message = format!(
            "maps are fused whose centres lie {apart} pixels apart along {axis}, {} cells of {cell} pixels",
            round(apart / cell)
        );
        let hint = "up-sample by two at each level, or make the coarser map by windows without an offset (an even \
                    kernel, such as `kernel = 2, stride = 2`)";
        let names = context.row(id).map(|row| row.name.clone());
        Some(Finding::new(Code::CentreOffset, node.span, message, names).map(|warning| warning.hint(hint)))
    };
    fused.filter_map(finding).collect()
}

/// The axis along which operands lie farthest apart, by how many pixels, and the width of a cell; none up to half a cell.
fn farthest(context: &Context, node: &Node) -> Option<(&'static str, f64, f64)> {
    let operands: Vec<_> = node.inputs.iter().filter_map(|&input| context.field(input)).collect();
    let along = |axis: usize| {
        let centres = || operands.iter().map(|field| field[axis].centre);
        let cell = operands.iter().map(|field| field[axis].stride).fold(f64::INFINITY, f64::min);
        let apart = centres().fold(f64::NEG_INFINITY, f64::max) - centres().fold(f64::INFINITY, f64::min);
        (["rows", "columns"][axis], apart, cell)
    };
    let [rows, columns] = [0, 1].map(along);
    let farthest = if columns.1 / columns.2 > rows.1 / rows.2 { columns } else { rows };
    // A thousandth lets through what only rounding has moved.
    (farthest.1 > 0.501 * farthest.2).then_some(farthest)
}

/// At most two places behind the point.
fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}
