//! Sum of maps of one shape; `a + b` in the language.

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Requirement, ShapeError, Signature, agree};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Sum of two maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Add;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["add", "Add"],
    operands: Operands::Exactly(2),
    out: Out::None,
    arguments: &[],
    doc: "a + b, cell by cell; the shapes agree on every axis, nothing is broadcast",
};

impl Add {
    pub(super) fn build(_: &mut Arguments) -> Option<Add> {
        Some(Add)
    }
}

impl Operator for Add {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        agree(inputs, |_| true, require)?;
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Elementwise, vec![Epilogue::Add { resize: None }])
    }

    fn text(&self, _: &[Shape]) -> String {
        "Add()".into()
    }
}
