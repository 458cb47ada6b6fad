//! A map times a number; `2 * x` and `x / 2` in the language.

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Each cell times a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale(f64);

pub(super) static SIGNATURE: Signature = Signature {
    names: &["scale", "Scale"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[arg("factor", "float", "1.0")],
    doc: "each cell times a number; `2 * x` and `x / 2` are the same",
    page: Page {
        lowering: "`Elementwise` with the epilogue `Scale`, which joins the instruction before it",
        numerics: "the number is rounded to fp32 first; `x / 2` multiplies by 1/2",
        source: "Detectron2's `FPN` with `fuse_type=\"avg\"`, for halved sums",
        example: "\
arch Halved at H = 8, W = 8 {
    input a: [B, 4, H, W]
    input b: [B, 4, H, W]
    output y = (a + b) / 2          → [B, 4, H, W]
    output z = scale(a, factor = 3) → [B, 4, H, W]
}
",
        ..Page::CELLWISE
    },
};

impl Scale {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Scale> {
        Some(Scale(arguments.number("factor", 1.0)))
    }
}

impl Operator for Scale {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Elementwise, vec![Epilogue::Scale { factor: self.0 as f32 }])
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Scale({})", self.0)
    }
}
