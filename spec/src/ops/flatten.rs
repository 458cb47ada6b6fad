//! Everything but the batch in one axis, in the order of a channels-first map (PyTorch's `flatten(1)`).

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature, formula};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// `[B, C, H, W]` → `[B, C·H·W]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Flatten;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["flatten", "Flatten"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[],
    doc: "everything but the batch in one axis, channels outermost",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C·H·W]`",
        field: "none is given of vectors",
        lowering: "`Flatten`",
        numerics: "nothing is computed; the order is that of a channels-first map, whatever the layout inside",
        source: "PyTorch's `flatten(1)`",
        example: "\
arch Flat at H = 4, W = 4 {
    input x: [B, 8, H, W]
    linear fc: -> 5
    output y = x |> adaptive_avg_pool(size = 2) |> flatten |> fc → [B, 5]
    expect params(fc) == 165
}
",
        ..Page::CELLWISE
    },
};

impl Flatten {
    pub(super) fn build(_: &mut Arguments) -> Option<Flatten> {
        Some(Flatten)
    }
}

impl Operator for Flatten {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        if inputs[0].len() < 2 {
            return Err(ShapeError { operand: 0, expected: "a map with channels".into(), hint: None });
        }
        Ok(formula::flattened(&inputs[0]))
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Flatten, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "Flatten(start_dim=1, end_dim=-1)".into()
    }
}
