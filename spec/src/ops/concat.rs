//! Channel concatenation; `a ⊕ b` in the language.

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Requirement, ShapeError, Signature, agree, channels, formula};
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
    doc: "operands joined along the channels, in order; every other axis agrees",
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

    fn lower(&self, _: &[WeightId], _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Concat, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "Concat(dim=1)".into()
    }
}
