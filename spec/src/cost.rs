//! Costs of a network, as sizes that hold for any input.

use crate::graph::Graph;
use crate::size::{Shape, Size};

/// Multiply-accumulates of the layers whose path is, or lies under, the given one; of all for an empty path. One MAC is two
/// FLOPs. Norms that follow a convolution, additions, activations and resampling count nothing.
pub fn macs(graph: &Graph, path: &str) -> Size {
    let within = |layer: &str| {
        path.is_empty() || layer == path || layer.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
    };
    let mut total = Size::constant(0);
    for (_, node) in graph.nodes() {
        if let Some(op) = &node.op
            && (path.is_empty() || node.layer.as_deref().is_some_and(within))
        {
            let inputs: Vec<Shape> = node.inputs.iter().map(|&input| graph.node(input).shape.clone()).collect();
            total = total.add(&op.macs(&inputs, &node.shape));
        }
    }
    total
}
