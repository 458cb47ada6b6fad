//! Concatenation, of channels unless another axis is named; `a ⊕ b` in the language.

use super::arguments::Arguments;
use super::{Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, agree, arg, axis_of, channels, formula};
use crate::program::{Axis, Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Operands joined along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Concat(pub(super) Axis);

pub(super) static SIGNATURE: Signature = Signature {
    names: &["Concat", "concat"],
    operands: Operands::AtLeast(1),
    out: Out::None,
    arguments: &[arg("axis", "channels | rows | columns", "channels")],
    doc: "operands joined along an axis, in order; `a ⊕ b` joins channels",
    page: Page {
        shape: "`[B, C₁, H, W]`, `[B, C₂, H, W]`, … → `[B, C₁ + C₂ + …, H, W]`; every other axis agrees. Along `rows` or \
                `columns` these sizes add up instead",
        field: "what any operand sees, together; its centre is that of the operand with the smallest field. \
                None is given of joined rows or columns",
        lowering: "`Concat`",
        numerics: "nothing is computed",
        source: "PyTorch's `torch.cat`",
        example: "\
arch Joined at H = 8, W = 8 {
    input a: [B, 4, H, W]
    input b: [B, 8, H, W]
    output y = a ⊕ b           → [B, 12, H, W]
    output z = Concat(a, b, a) → [B, 16, H, W]
    output t = Concat(a, a, axis = rows) → [B, 4, 2*H, W]
}
",
        ..Page::CELLWISE
    },
};

impl Concat {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Concat> {
        Some(Concat(arguments.axis(Some(Axis::Channels))))
    }
}

impl Operator for Concat {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        for operand in 0..inputs.len() {
            channels(inputs, operand)?;
        }
        let joined = axis_of(&inputs[0], self.0)?;
        agree(inputs, |axis| axis != joined, require)?;
        Ok(formula::joined(inputs, self.0))
    }

    fn field(&self) -> Field {
        if self.0 == Axis::Channels { Field::Pointwise } else { Field::Global }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Concat { axis: self.0 }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Concat(dim={})", self.0.index())
    }
}
