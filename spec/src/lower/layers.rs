//! The layers of a graph as a program shows them.

use std::collections::HashMap;

use crate::graph::{Graph, LayerNode};
use crate::program::Layer;

/// The layers with their parameters, nested as the spec nests them.
pub(super) fn layers(graph: &Graph) -> Vec<Layer> {
    let mut own: HashMap<&str, u64> = HashMap::new();
    for weight in graph.weights.iter().filter(|weight| weight.learnable) {
        *own.entry(&weight.owner).or_default() += weight.elements();
    }
    nested(&own, &graph.layers)
}

fn nested(own: &HashMap<&str, u64>, nodes: &[LayerNode]) -> Vec<Layer> {
    let layer = |node: &LayerNode| {
        let children = nested(own, &node.children);
        let inner: u64 = children.iter().map(|child| child.parameters).sum();
        let parameters = own.get(node.path.as_str()).copied().unwrap_or_default() + inner;
        Layer { name: node.name.clone(), text: node.text.clone(), parameters, children }
    };
    nodes.iter().map(layer).collect()
}
