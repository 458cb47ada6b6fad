//! A merged map that is given without a convolution that smooths it. FPN appends a 3×3 convolution to each merged map "to
//! reduce the aliasing effect of upsampling" (Lin et al., "Feature Pyramid Networks for Object Detection", 2017, section 3).

use super::{Context, Finding};
use crate::diagnostics::Code;
use crate::graph::{Node, NodeId};
use crate::ops::{Field, Op};

pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let merged = context.graph.nodes().map(|(id, _)| id).filter(|&id| merges(context, id) && is_given(context, id));
    let finding = |id| {
        let message = "an up-sampled map is added and given without a convolution that smooths it";
        let hint = "apply a 3×3 convolution to what is given, as in `smooth S3: -> 256` and `S3(F3(L3(C3), U4))`; it reduces \
                    the aliasing of the up-sampling";
        let names = context.row(id).map(|row| row.name.clone());
        Finding::new(Code::MissingSmooth, context.graph.node(id).span, message, names).map(|warning| warning.hint(hint))
    };
    merged.map(finding).collect()
}

/// Whether an up-sampled map and one that is not are added.
fn merges(context: &Context, id: NodeId) -> bool {
    let node = context.graph.node(id);
    let up = || node.inputs.iter().map(|&input| is_upsampled(context, input));
    matches!(node.op, Some(Op::Add(_) | Op::Fuse(_))) && up().any(|up| up) && up().any(|up| !up)
}

/// Whether a map is another one resampled to a finer grid, its cells mixed with no others since.
fn is_upsampled(context: &Context, id: NodeId) -> bool {
    let node = context.graph.node(id);
    let &[of, ..] = node.inputs.as_slice() else { return false };
    match node.op.as_ref().map(Op::field) {
        // A transposed convolution learns how it interpolates.
        Some(Field::Scaled { .. }) => node.weights.is_empty(),
        Some(Field::Like { .. }) => match (context.field(of), context.field(id)) {
            (Some(of), Some(to)) => (0..2).any(|axis| to[axis].stride < of[axis].stride),
            _ => false,
        },
        _ => node.inputs.len() == 1 && is_cell_by_cell(node) && is_upsampled(context, of),
    }
}

/// Whether a map reaches an output with its cells mixed with no others of its own grid. A sum with a finer map is judged by
/// itself.
fn is_given(context: &Context, id: NodeId) -> bool {
    let mut open = vec![id];
    let mut seen = vec![id];
    while let Some(at) = open.pop() {
        if context.gives(at) {
            return true;
        }
        for &reader in context.readers(at) {
            let node = context.graph.node(reader);
            let passes = is_cell_by_cell(node) || matches!(node.op.as_ref().map(Op::field), Some(Field::Scaled { .. }));
            if passes && !merges(context, reader) && !seen.contains(&reader) {
                seen.push(reader);
                open.push(reader);
            }
        }
    }
    false
}

/// Whether a result's cell depends on one cell of each operand.
fn is_cell_by_cell(node: &Node) -> bool {
    match node.op.as_ref().map(Op::field) {
        Some(Field::Pointwise) => true,
        Some(Field::Windows(windows)) => windows.iter().all(|window| window.reach() == 0),
        _ => false,
    }
}
