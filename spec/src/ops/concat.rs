//! Channel concatenation; `a ⊕ b` in the language.

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature, agree, channels, formula};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Operands joined along the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Concat;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["Concat", "concat"],
    operands: Operands::AtLeast(1),
    out: Out::None,
    arguments: &[],
    doc: "operands joined along the channels, in order; `a ⊕ b` is the same",
    page: Page {
        shape: "`[B, C₁, H, W]`, `[B, C₂, H, W]`, … → `[B, C₁ + C₂ + …, H, W]`; every other axis agrees",
        field: "what any operand sees, together; its centre is that of the operand with the smallest field",
        lowering: "`Concat`",
        numerics: "nothing is computed",
        source: "PyTorch's `torch.cat(dim=1)`",
        example: "\
arch Joined at H = 8, W = 8 {
    input a: [B, 4, H, W]
    input b: [B, 8, H, W]
    output y = a ⊕ b           → [B, 12, H, W]
    output z = Concat(a, b, a) → [B, 16, H, W]
}
",
        ..Page::CELLWISE
    },
};

impl Concat {
    pub(super) fn build(_: &mut Arguments) -> Option<Concat> {
        Some(Concat)
    }
}

impl Operator for Concat {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        for operand in 0..inputs.len() {
            channels(inputs, operand)?;
        }
        agree(inputs, |axis| axis != 1, require)?;
        Ok(formula::joined(inputs))
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Concat, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "Concat(dim=1)".into()
    }
}
