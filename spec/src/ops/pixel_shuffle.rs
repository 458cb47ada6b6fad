//! Channels spread over rows and columns (arXiv 1609.05158, equation 4; PyTorch's `PixelShuffle`).

use super::arguments::Arguments;
use super::{
    Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels, formula, map4,
};
use crate::program::{Epilogue, Instr, ResizeMode, WeightId};
use crate::size::Shape;

/// factor² channels become factor × factor cells.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelShuffle {
    factor: usize,
}

const ARGUMENTS: &[Argument] = &[arg("factor", "int", "2").at_least(1).note("its square divides the channels")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["pixel_shuffle", "PixelShuffle"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "factor² channels as factor × factor cells: channel c·factor² + i·factor + j is row i and column j of them",
    page: Page {
        shape: "`[B, C·factor², H, W]` → `[B, C, factor·H, factor·W]`",
        field: "cells lie `factor` times as close, and see what the cell that they come from sees",
        lowering: "`PixelShuffle`",
        numerics: "nothing is computed",
        source: "arXiv 1609.05158, equation 4; PyTorch's `PixelShuffle`",
        example: "\
arch SubPixel at H = 8, W = 8 {
    input x: [B, 16, H, W]
    conv c: -> 4 * 8 (kernel = 3, padding = 1)
    output y = x |> c |> pixel_shuffle(factor = 2) → [B, 8, 2*H, 2*W]
}
",
        ..Page::CELLWISE
    },
};

impl PixelShuffle {
    pub(super) fn build(arguments: &mut Arguments) -> Option<PixelShuffle> {
        Some(PixelShuffle { factor: arguments.count("factor", Some(2), 1) })
    }
}

impl Operator for PixelShuffle {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let (map, channels, factor) = (map4(inputs, 0)?, channels(inputs, 0)?, self.factor);
        if factor.checked_mul(factor).is_none_or(|taken| !channels.is_multiple_of(taken)) {
            let expected = format!("channels that {factor} · {factor} divides");
            let hint = "the convolution before it makes factor² channels for each that is wanted";
            return Err(ShapeError { operand: 0, expected, hint: Some(hint.into()) });
        }
        Ok(formula::spread(map, factor))
    }

    fn field(&self) -> Field {
        Field::Scaled { factor: self.factor, mode: ResizeMode::Nearest }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::PixelShuffle { factor: self.factor }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("PixelShuffle(upscale_factor={})", self.factor)
    }
}
