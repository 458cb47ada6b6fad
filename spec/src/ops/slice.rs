//! Some neighbouring cells of one axis.

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, axis_of, channels, formula};
use crate::program::{self, Axis, Epilogue, Instr, WeightId};
use crate::size::{Relation, Shape};

/// Some neighbouring cells of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice(program::Slice);

const ARGUMENTS: &[Argument] = &[
    arg("axis", "channels | rows | columns", "channels"),
    arg("start", "int", "0").at_least(0),
    arg("length", "int", "all that follow").at_least(1),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["slice", "Slice"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "`length` neighbouring cells of one axis from `start` on",
    page: Page {
        shape: "that of the operand with `length` on the axis, or with `start` less where no length is given; the operand has \
                at least `start` + `length` cells there",
        field: "that of the operand for `channels`; none is given of sliced rows and columns",
        lowering: "`Slice`",
        numerics: "nothing is computed",
        source: "PyTorch's `torch.narrow`",
        example: "\
arch Sliced at H = 8, W = 8 {
    input x: [B, 8, H, W]
    output first = slice(x, length = 3)              → [B, 3, H, W]
    output rest  = slice(x, start = 3)               → [B, 5, H, W]
    output below = slice(x, axis = rows, start = 2)  → [B, 8, H - 2, W]
}
",
        ..Page::CELLWISE
    },
};

impl Slice {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Slice> {
        let axis = arguments.axis(Some(Axis::Channels));
        let start = arguments.count("start", Some(0), 0);
        let length = arguments.optional_count("length", 1);
        Some(Slice(program::Slice { axis, start, length }))
    }

    /// Cells that the operand has at least.
    fn reach(&self) -> usize {
        self.0.start + self.0.length.unwrap_or(1)
    }
}

impl Operator for Slice {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let program::Slice { axis, start, length } = self.0;
        let place = axis_of(&inputs[0], axis)?;
        if axis == Axis::Channels && channels(inputs, 0)? < self.reach() {
            return Err(ShapeError { operand: 0, expected: format!("at least {} channels", self.reach()), hint: None });
        }
        let relation = Relation::AtLeast(inputs[0][place].clone(), self.reach() as i64);
        require.push(Requirement { relation, axis: place, operand: None });
        Ok(formula::sliced(&inputs[0], axis, start, length))
    }

    fn field(&self) -> Field {
        if self.0.axis == Axis::Channels { Field::Pointwise } else { Field::Global }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Slice(self.0), Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        let program::Slice { axis, start, length } = self.0;
        let length = length.map_or(String::new(), |length| format!(", length={length}"));
        format!("Slice(dim={}, start={start}{length})", axis.index())
    }
}
