//! Activations: ReLU max(x, 0); SiLU x·σ(x) (arXiv 1702.03118); sigmoid σ(x) = 1/(1 + exp(−x)).

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Requirement, ShapeError, Signature};
use crate::program::{Activation, Epilogue, Instr, WeightId};
use crate::size::Shape;

/// An activation, cell by cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Activate(Activation);

const fn signature(names: &'static [&'static str], doc: &'static str) -> Signature {
    Signature { names, operands: Operands::Exactly(1), out: Out::None, arguments: &[], doc }
}

pub(super) static RELU: Signature = signature(&["relu", "ReLU"], "max(x, 0), cell by cell; NaN stays NaN");
pub(super) static SILU: Signature = signature(&["silu", "SiLU"], "x · σ(x), cell by cell (arXiv 1702.03118)");
pub(super) static SIGMOID: Signature = signature(&["sigmoid", "Sigmoid"], "1 / (1 + exp(−x)), cell by cell");

impl Activate {
    pub(super) fn relu(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Relu))
    }

    pub(super) fn silu(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Silu))
    }

    pub(super) fn sigmoid(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Sigmoid))
    }
}

impl Operator for Activate {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Elementwise, vec![Epilogue::Activation(self.0)])
    }

    fn text(&self, _: &[Shape]) -> String {
        match self.0 {
            Activation::Relu => "ReLU()",
            Activation::Silu => "SiLU()",
            Activation::Sigmoid => "Sigmoid()",
        }
        .into()
    }
}
