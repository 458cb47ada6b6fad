//! Adaptive average pooling (PyTorch's `AdaptiveAvgPool2d`) to a fixed size or to that of another map: output cell i of n averages cells ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉.

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, formula, map4};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Average pooling to a size.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveAvgPool {
    size: Option<[usize; 2]>,
}

const ARGUMENTS: &[Argument] =
    &[arg("size", "int or [rows, columns]", "those of the second map").at_least(1).note("without a second map")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["adaptive_avg_pool", "AdaptiveAvgPool"],
    operands: Operands::AtLeast(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "the mean of parts of a map, to the second map's rows and columns or to a size; cell i of n averages cells ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C, size[0], size[1]]`; or `[B, C, H, W]`, `[B, C₂, H′, W′]` → `[B, C, H′, W′]`",
        field: "the whole input, since the window grows with the map",
        lowering: "`AdaptiveAveragePool`; a size of 1 is `GlobalAveragePool`",
        numerics: "a part ends before cell ⌈(i+1)·H/n⌉; parts overlap where n does not divide H; the second operand's values are not read",
        source: "PyTorch's `AdaptiveAvgPool2d`",
        example: "\
arch Pooled at H = 30, W = 40 {
    input x: [B, 8, H, W]
    output grid = adaptive_avg_pool(x, size = [3, 4]) → [B, 8, 3, 4]
    output mean = adaptive_avg_pool(x, size = 1)      → [B, 8, 1, 1]
    output half = adaptive_avg_pool(x, max_pool(x, kernel = 2, stride = 2)) → [B, 8, H/2, W/2]
    expect legal(H) == [0] mod 2
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
        let size = arguments.pair("size", Some([0, 0]), 1);
        Some(AdaptiveAvgPool { size: (size != [0, 0]).then_some(size) })
    }

    pub(super) fn global(_: &mut Arguments) -> Option<AdaptiveAvgPool> {
        Some(AdaptiveAvgPool { size: Some([1, 1]) })
    }
}

impl Operator for AdaptiveAvgPool {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let map = map4(inputs, 0)?;
        match (self.size, inputs) {
            (Some(size), [_]) => Ok(formula::sized(map, size)),
            (None, [_, _]) => {
                let like = map4(inputs, 1)?;
                Ok(vec![map[0].clone(), map[1].clone(), like[2].clone(), like[3].clone()])
            }
            _ => {
                let expected = "one map and `size`, or two maps".into();
                let hint = "write `adaptive_avg_pool(x, y)` for the rows and columns of y, or `adaptive_avg_pool(x, size = 7)`";
                Err(ShapeError { operand: 0, expected, hint: Some(hint.into()) })
            }
        }
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        let instr = match self.size {
            Some([1, 1]) => Instr::GlobalAveragePool,
            size => Instr::AdaptiveAveragePool { size },
        };
        (instr, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        match self.size {
            Some([rows, columns]) => format!("AdaptiveAvgPool2d(output_size=({rows}, {columns}))"),
            None => "AdaptiveAvgPool2d()".into(),
        }
    }
}
