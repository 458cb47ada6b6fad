//! Softmax along the channels (PyTorch's `torch.softmax(x, 1)`).

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature, channels};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Each channel's share of its cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["softmax", "Softmax"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[],
    doc: "exp(x) / Σ exp(x) along the channels of each cell",
    page: Page {
        lowering: "`Softmax`",
        numerics: "the greatest channel is taken off before exp, so that nothing overflows",
        source: "PyTorch's `torch.softmax(x, dim=1)`",
        example: "\
arch Shares(classes = 10) at H = 8, W = 8 {
    input x: [B, 16, H, W]
    conv c: -> classes (kernel = 1)
    output y = x |> c |> softmax → [B, classes, H, W]
}
",
        ..Page::CELLWISE
    },
};

impl Softmax {
    pub(super) fn build(_: &mut Arguments) -> Option<Softmax> {
        Some(Softmax)
    }
}

impl Operator for Softmax {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        channels(inputs, 0)?;
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Softmax, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "Softmax(dim=1)".into()
    }
}
