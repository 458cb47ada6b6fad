//! Adaptive average pooling (PyTorch's `AdaptiveAvgPool2d`): output cell i of n averages cells ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉.

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, formula, map4};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Average pooling to a fixed size.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveAvgPool {
    size: [usize; 2],
}

const ARGUMENTS: &[Argument] = &[arg("size", "int or [rows, columns]", "").at_least(1)];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["adaptive_avg_pool", "AdaptiveAvgPool"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "the mean of parts of a map, to a fixed size; cell i of n averages cells ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C, size[0], size[1]]`",
        field: "the whole input, since the window grows with the map",
        lowering: "`AdaptiveAveragePool`; a size of 1 is `GlobalAveragePool`",
        numerics: "a part ends before cell ⌈(i+1)·H/n⌉; parts overlap where n does not divide H",
        source: "PyTorch's `AdaptiveAvgPool2d`",
        example: "\
arch Pooled at H = 30, W = 40 {
    input x: [B, 8, H, W]
    output grid = adaptive_avg_pool(x, size = [3, 4]) → [B, 8, 3, 4]
    output mean = adaptive_avg_pool(x, size = 1)      → [B, 8, 1, 1]
    expect legal(H) == all
}
",
        ..Page::CELLWISE
    },
};

pub(super) static GLOBAL: Signature = Signature {
    names: &["global_avg_pool", "GlobalAvgPool"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[],
    doc: "the mean of each channel",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C, 1, 1]`",
        field: "the whole input",
        lowering: "`GlobalAveragePool`",
        numerics: "one sum a channel, divided by H·W",
        source: "arXiv 1312.4400, section 3.2; PyTorch's `AdaptiveAvgPool2d(1)`",
        example: "\
arch Head(classes = 10) at H = 7, W = 7 {
    input x: [B, 64, H, W]
    linear fc: -> classes
    output logits = x |> global_avg_pool |> flatten |> fc → [B, classes]
    expect params(fc) == 650
}
",
        ..Page::CELLWISE
    },
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

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
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
