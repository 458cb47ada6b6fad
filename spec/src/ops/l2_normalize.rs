//! Each vector along the channels divided by max(its Euclidean norm, eps) (PyTorch's `F.normalize(p=2, dim=1)`).

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Normalisation to unit length along the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct L2Normalize {
    eps: f64,
}

const ARGUMENTS: &[Argument] = &[arg("eps", "float", "1e-12")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["l2_normalize", "L2Normalize"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "x / max(‖x‖₂, eps) along the channels",
    page: Page {
        shape: "that of the operand, a map `[B, C, H, W]` or vectors `[B, C]`",
        lowering: "`L2Normalize`",
        numerics: "a norm of NaN gives NaN, not eps",
        source: "PyTorch's `F.normalize(p=2, dim=1)`",
        example: "\
arch Embedding at H = 8, W = 8 {
    input x: [B, 64, H, W]
    linear fc: -> 32
    output unit = x |> global_avg_pool |> flatten |> fc |> l2_normalize → [B, 32]
}
",
        ..Page::CELLWISE
    },
};

impl L2Normalize {
    pub(super) fn build(arguments: &mut Arguments) -> Option<L2Normalize> {
        Some(L2Normalize { eps: arguments.number("eps", 1e-12) })
    }
}

impl Operator for L2Normalize {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        channels(inputs, 0)?;
        Ok(inputs[0].clone())
    }

    fn field(&self) -> Field {
        Field::Pointwise
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::L2Normalize { eps: self.eps as f32 }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("L2Normalize(dim=1, eps={:e})", self.eps)
    }
}
