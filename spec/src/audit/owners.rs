//! Which row each operator and each weight belongs to.

use super::{Cost, macs_at};
use crate::graph::{Graph, GraphRow, NodeId};
use crate::size::Env;

/// The operators and weights of each row, by the row's index.
#[derive(Debug)]
pub(super) struct Owners {
    nodes: Vec<Vec<NodeId>>,
    weights: Vec<Vec<u32>>,
}

impl Owners {
    /// Rows are taken in the order in which they are made; each takes what leads to it and is not taken yet.
    pub(super) fn new(graph: &Graph, counts: impl Fn(&GraphRow) -> bool) -> Owners {
        let mut order: Vec<usize> = (0..graph.rows.len()).filter(|&row| counts(&graph.rows[row])).collect();
        order.sort_by_key(|&row| graph.rows[row].node);
        let mut owners =
            Owners { nodes: vec![Vec::new(); graph.rows.len()], weights: vec![Vec::new(); graph.rows.len()] };
        let (mut taken, mut used) = (vec![false; graph.nodes.len()], vec![false; graph.weights.len()]);
        for row in order {
            let mut open = vec![graph.rows[row].node];
            while let Some(id) = open.pop() {
                if std::mem::replace(&mut taken[id.0 as usize], true) {
                    continue;
                }
                let node = graph.node(id);
                owners.nodes[row].push(id);
                let new = |&&weight: &&u32| !std::mem::replace(&mut used[weight as usize], true);
                owners.weights[row].extend(node.weights.iter().filter(new));
                open.extend(&node.inputs);
            }
        }
        owners
    }

    /// What a row holds and costs.
    pub(super) fn cost(&self, graph: &Graph, row: usize, sizes: Option<&Env>) -> Cost {
        let elements = |learnable: bool| {
            let weights = self.weights[row].iter().map(|&weight| &graph.weights[weight as usize]);
            let own = weights.filter(|weight| weight.learnable == learnable);
            own.map(|weight| weight.shape.iter().map(|&n| n as u64).product::<u64>()).sum()
        };
        let macs = macs_at(graph, self.nodes[row].iter().copied(), sizes);
        Cost { parameters: elements(true), buffers: elements(false), macs }
    }
}
