//! The product of two maps, image by image (PyTorch's `torch.matmul`).

use super::arguments::Arguments;
use super::{Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, channels, formula, tokens};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Relation, Shape};

/// `[B, M, K]` times `[B, K, N]`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMul;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["matmul", "MatMul"],
    operands: Operands::Exactly(2),
    out: Out::None,
    arguments: &[],
    doc: "the matrix product of two maps, image by image",
    page: Page {
        shape: "`[B, M, K]`, `[B, K, N]` → `[B, M, N]`; the last axis of the first has as many cells as the second has channels",
        macs: "B · M · K · N",
        field: "none is given of tokens",
        lowering: "`MatMul`",
        numerics: "sums are in fp32, in the order of K",
        source: "PyTorch's `torch.matmul`",
        example: "\
arch Mixed {
    input parts:   [B, 6, 4]
    input weights: [B, 4, N]
    output y = matmul(parts, weights) → [B, 6, N]
    expect macs(self) == 6 * 4 * 16 at N = 16
}
",
        ..Page::CELLWISE
    },
};

impl MatMul {
    pub(super) fn build(_: &mut Arguments) -> Option<MatMul> {
        Some(MatMul)
    }
}

impl Operator for MatMul {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        for operand in 0..2 {
            tokens(inputs, operand)?;
            channels(inputs, operand)?;
        }
        let relation = Relation::Equal(inputs[0][2].clone(), inputs[1][1].clone());
        require.push(Requirement { relation, axis: 1, operand: Some(1) });
        Ok(formula::multiplied(&inputs[0], &inputs[1]))
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::MatMul, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "MatMul()".into()
    }
}
