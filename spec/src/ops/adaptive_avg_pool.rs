//! Adaptive average pooling (PyTorch's `AdaptiveAvgPool2d`): output cell i of n averages cells ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉.

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Requirement, ShapeError, Signature, arg, formula, map4};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Average pooling to a fixed size.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveAvgPool {
    size: [usize; 2],
}

const ARGUMENTS: &[Argument] = &[arg("size", "int or [rows, columns]", "")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["adaptive_avg_pool", "AdaptiveAvgPool"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "averages to a fixed size: cell i of n averages cells ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉",
};

pub(super) static GLOBAL: Signature = Signature {
    names: &["global_avg_pool", "GlobalAvgPool"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[],
    doc: "the mean of each channel: [B, C, H, W] → [B, C, 1, 1]",
};

impl AdaptiveAvgPool {
    pub(super) fn build(arguments: &mut Arguments) -> Option<AdaptiveAvgPool> {
        Some(AdaptiveAvgPool { size: arguments.pair("size", None, 1) })
    }

    pub(super) fn global(_: &mut Arguments) -> Option<AdaptiveAvgPool> {
        Some(AdaptiveAvgPool { size: [1, 1] })
    }
}

impl Operator for AdaptiveAvgPool {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        Ok(formula::sized(map4(inputs, 0)?, self.size))
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, _: &[WeightId], _: &Shape) -> (Instr, Vec<Epilogue>) {
        let instr = match self.size {
            [1, 1] => Instr::GlobalAveragePool,
            size => Instr::AdaptiveAveragePool { size },
        };
        (instr, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("AdaptiveAvgPool2d(output_size=({}, {}))", self.size[0], self.size[1])
    }
}
