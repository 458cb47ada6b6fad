//! The checked graph to the portable program: bodies are built from the instances of blocks, then the passes run in order.

mod bodies;
mod explain;
mod flow;
mod fuse_epilogues;
mod fuse_upsampled_add;
mod layers;
mod merge_branches;
mod soundness;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub(crate) use bodies::row_name;
pub use explain::{Reason, Unfused};

use crate::check::Checked;
use crate::program::{Body, FreeSize, Input, Output, Program, Row, Weight};
use explain::Miss;

/// How a graph is lowered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lowering {
    /// Keep the map of every row, so that each can be read: nothing is fused over a row's end.
    pub keep_rows: bool,
    /// Leave every operator of the spec a step of its own, for readers rather than engines.
    pub unfused: bool,
}

/// A pass over one body, which says what it is about and left as it was. It keeps what the body computes and may not change
/// the shape of a slot that it keeps; in debug builds that is checked after each.
type Pass = fn(&mut Body, Lowering) -> Vec<Miss>;

/// The passes, in the order in which they run.
const PASSES: &[(&str, Pass)] = &[
    // An up-sampled map that is only added is sampled where it is added.
    ("fuse_upsampled_add", fuse_upsampled_add::fuse_upsampled_add),
    // Norms, activations and additions join the instruction before them. A sum needs its other operand there by then: of an
    // up-sampled one that is the coarse map, once it is sampled where it is added.
    ("fuse_epilogues", fuse_epilogues::fuse_epilogues),
    // Convolutions of one map that are added become one. By now each has its norm, and one of them the addition.
    ("merge_branches", merge_branches::merge_branches),
];

/// Lowers a checked graph.
pub fn lower(checked: &Checked, lowering: Lowering) -> Program {
    program(checked, lowering, None)
}

/// As [`lower`], with what the passes are about and left as it was, each once: blocks whose bodies differ only in their sizes
/// say the same.
pub fn lower_explained(checked: &Checked, lowering: Lowering) -> (Program, Vec<Unfused>) {
    let mut unfused = Vec::new();
    let program = program(checked, lowering, Some(&mut unfused));
    let mut seen = HashSet::new();
    unfused.retain(|step| seen.insert(step.clone()));
    (program, unfused)
}

fn program(checked: &Checked, lowering: Lowering, unfused: Option<&mut Vec<Unfused>>) -> Program {
    let graph = checked.graph();
    let shape = |node| graph.node(node).shape.clone();
    let program = Program {
        name: graph.name.clone(),
        settings: graph.settings.clone(),
        symbols: graph.symbols.iter().map(|(symbol, at)| FreeSize { symbol: symbol.clone(), at: *at }).collect(),
        legal: checked.legal().clone(),
        inputs: graph
            .inputs
            .iter()
            .map(|input| Input { name: input.name.clone(), shape: shape(input.node), image: input.image.clone() })
            .collect(),
        outputs: graph
            .outputs
            .iter()
            .map(|output| Output { name: output.full_name(), shape: shape(output.node) })
            .collect(),
        weights: graph
            .weights
            .iter()
            .map(|weight| Weight {
                name: weight.name.clone(),
                shape: weight.shape.clone(),
                learnable: weight.learnable,
                init: weight.init,
            })
            .collect(),
        ignored: graph.ignored.clone(),
        rows: graph
            .rows
            .iter()
            .map(|row| Row {
                name: bodies::row_name(graph, row),
                text: row.text.clone(),
                shape: shape(row.node),
                declared: row.declared,
            })
            .collect(),
        layers: layers::layers(graph),
        bodies: bodies::bodies(checked, lowering, if lowering.unfused { &[] } else { PASSES }, unfused),
    };
    debug_assert_eq!(crate::program::validate(&program), Ok(()));
    program
}
