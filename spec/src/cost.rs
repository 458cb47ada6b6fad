//! Costs of a network, as sizes that hold for any input.

use crate::graph::{Graph, Node};
use crate::size::{Shape, Size};

/// Multiply-accumulates of the layers and blocks whose path is, or lies under, the given one; of all for an empty path. One MAC is two
/// FLOPs. Norms that follow a convolution, additions, activations and resampling count nothing.
pub fn macs(graph: &Graph, path: &str) -> Size {
    let within = |layer: &str| {
        path.is_empty() || layer == path || layer.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
    };
    let counted = |node: &&Node| path.is_empty() || within(&graph.owner(node));
    let macs = graph.nodes.iter().filter(counted).map(|node| node_macs(graph, node));
    macs.fold(Size::constant(0), |total, macs| total.add(&macs))
}

/// Multiply-accumulates of one operator.
pub fn node_macs(graph: &Graph, node: &Node) -> Size {
    node.op.as_ref().map_or(Size::constant(0), |op| op.macs(&operand_shapes(graph, node), &node.shape))
}

/// The shapes of a node's operands.
pub fn operand_shapes(graph: &Graph, node: &Node) -> Vec<Shape> {
    node.inputs.iter().map(|&input| graph.node(input).shape.clone()).collect()
}
