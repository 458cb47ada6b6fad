//! The layers of a graph as a program shows them.

use crate::graph::{Graph, LayerNode};
use crate::program::Layer;

/// Layers with their parameters, nested as the spec nests them.
pub(super) fn layers(graph: &Graph, nodes: &[LayerNode]) -> Vec<Layer> {
    let layer = |node: &LayerNode| Layer {
        name: node.name.clone(),
        text: node.text.clone(),
        parameters: graph.parameters(&node.path),
        children: layers(graph, &node.children),
    };
    nodes.iter().map(layer).collect()
}
