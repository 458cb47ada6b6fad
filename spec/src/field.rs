//! Receptive fields: which cells of the input a cell depends on (Araujo, Norris, Sim, "Computing Receptive Fields of
//! Convolutional Neural Networks", Distill 2019).

use crate::graph::{Graph, NodeId};
use crate::ops::Field;

/// What one cell of a map depends on, along one axis: cell i sees input cells from `start + i·stride`, `size` of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceptiveField {
    /// Input cells seen.
    pub size: f64,
    /// Input cells between neighbours.
    pub stride: f64,
    /// The first input cell that cell 0 sees; negative inside padding.
    pub start: f64,
}

/// The receptive field of a map along its rows; none where it is the whole input.
pub fn receptive_field(graph: &Graph, node: NodeId) -> Option<ReceptiveField> {
    let mut fields: Vec<Option<ReceptiveField>> = Vec::new();
    for (id, node) in graph.nodes().take(node.0 as usize + 1) {
        let inputs: Vec<Option<ReceptiveField>> = node.inputs.iter().map(|input| fields[input.0 as usize]).collect();
        debug_assert_eq!(id.0 as usize, fields.len());
        fields.push(match &node.op {
            None => Some(ReceptiveField { size: 1.0, stride: 1.0, start: 0.0 }),
            Some(op) => through(op.field(), &inputs),
        });
    }
    fields.pop().flatten()
}

fn through(field: Field, inputs: &[Option<ReceptiveField>]) -> Option<ReceptiveField> {
    let first = (*inputs.first()?)?;
    match field {
        Field::Pointwise => inputs.iter().skip(1).try_fold(first, |union, other| Some(join(union, (*other)?))),
        Field::Windows([rows, _]) => Some(ReceptiveField {
            size: first.size + rows.reach() as f64 * first.stride,
            stride: first.stride * rows.stride as f64,
            start: first.start - rows.padding as f64 * first.stride,
        }),
        Field::Scaled { factor, reach } => {
            // Cell i lies at source (i + 1/2)/factor − 1/2, at most (factor − 1)/factor before i/factor.
            let before = (factor as f64 - 1.0) / factor as f64 + reach / factor as f64;
            let after = reach / factor as f64;
            Some(ReceptiveField {
                size: first.size + (before + after) * first.stride,
                stride: first.stride / factor as f64,
                start: first.start - before * first.stride,
            })
        }
        Field::Like { reach } => {
            let like = (*inputs.get(1)?)?;
            Some(ReceptiveField {
                size: first.size + (1.0 + 2.0 * reach) * first.stride,
                stride: like.stride,
                start: first.start - (1.0 + reach) * first.stride,
            })
        }
        Field::Global => None,
    }
}

/// Both fields together.
fn join(a: ReceptiveField, b: ReceptiveField) -> ReceptiveField {
    let start = a.start.min(b.start);
    let end = (a.start + a.size).max(b.start + b.size);
    ReceptiveField { size: end - start, stride: a.stride.min(b.stride), start }
}
