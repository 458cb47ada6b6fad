//! The mean along one axis, which stays as one cell.

use super::arguments::Arguments;
use super::{Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, axis_of, formula};
use crate::program::{Axis, Epilogue, Instr, WeightId};
use crate::size::Shape;

/// The mean along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Mean(Axis);

pub(super) static SIGNATURE: Signature = Signature {
    names: &["mean", "Mean"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[arg("axis", "channels | rows | columns", "")],
    doc: "the mean along one axis, which stays with a size of 1",
    page: Page {
        shape: "that of the operand with a size of 1 on the axis: along `rows` `[B, C, H, W]` → `[B, C, 1, W]`",
        field: "that of the operand along `channels`; none is given along `rows` and `columns`",
        lowering: "`Mean`",
        numerics: "sums over rows and columns are carried in fp64",
        source: "arXiv 2103.02907, section 3.2.1, for means along rows and columns",
        example: "\
arch Strips at H = 8, W = 16 {
    input x: [B, 4, H, W]
    output wide = mean(x, axis = rows)    → [B, 4, 1, W]
    output tall = mean(x, axis = columns) → [B, 4, H, 1]
    output flat = x |> mean(axis = channels) → [B, 1, H, W]
}
",
        ..Page::CELLWISE
    },
};

impl Mean {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Mean> {
        Some(Mean(arguments.axis(None)))
    }
}

impl Operator for Mean {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        axis_of(&inputs[0], self.0)?;
        Ok(formula::sliced(&inputs[0], self.0, 0, Some(1)))
    }

    fn field(&self) -> Field {
        if self.0 == Axis::Channels { Field::Pointwise } else { Field::Global }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Mean { axis: self.0 }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Mean(dim={}, keepdim=True)", self.0.index())
    }
}
