//! Layer normalisation (arXiv 1607.06450) along the channels of each cell: (x − mean)/√(var + eps)·γ + β.
//!
//! Of tokens it is PyTorch's `LayerNorm`, whose last axis is the channels; of maps it is the LayerNorm2d of ConvNeXt and ViTDet.

use super::arguments::Arguments;
use super::batch_norm::python_float;
use super::{Argument, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels};
use crate::program::{Epilogue, Init, Instr, WeightId};
use crate::size::Shape;

/// Normalisation along the channels of each cell.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    eps: f64,
}

const ARGUMENTS: &[Argument] = &[arg("eps", "float", "1e-5")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["layer_norm", "LayerNorm"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "(x − mean)/√(var + eps)·γ + β with the statistics of each cell's channels",
    page: Page {
        shape: "that of the operand: a map `[B, C, H, W]`, tokens `[B, C, N]` or vectors `[B, C]`",
        weights: "`weight` [C] (γ, 1) and `bias` [C] (β, 0)",
        lowering: "`LayerNorm`",
        numerics: "the variance is that of the channels themselves, divided by C",
        source: "arXiv 1607.06450, section 3; PyTorch's `LayerNorm` with the channels last; ConvNeXt's and ViTDet's LayerNorm2d",
        example: "\
arch Normed at H = 8, W = 8 {
    input x: [B, 3, H, W]
    conv c: -> 96 (kernel = 4, stride = 4)
    layer_norm n (eps = 1e-6)
    output y = x |> c |> n → [B, 96, 2, 2]
    expect params(n) == 192
}
",
        ..Page::CELLWISE
    },
};

impl LayerNorm {
    pub(super) fn build(arguments: &mut Arguments) -> Option<LayerNorm> {
        Some(LayerNorm { eps: arguments.number("eps", 1e-5) })
    }
}

impl Operator for LayerNorm {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        channels(inputs, 0)?;
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        gamma_and_beta(channels(inputs, 0).unwrap_or(1))
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::LayerNorm { eps: self.eps as f32, weight: weights[0], bias: weights[1] }, Vec::new())
    }

    fn text(&self, inputs: &[Shape]) -> String {
        let features = channels(inputs, 0).unwrap_or(0);
        format!("LayerNorm(({features},), eps={}, elementwise_affine=True)", python_float(self.eps))
    }
}

/// γ, which starts with ones, and β, which starts with zeros.
pub(super) fn gamma_and_beta(channels: usize) -> Vec<OpWeight> {
    [("weight", 1.0), ("bias", 0.0)]
        .map(|(name, value)| OpWeight { name: name.into(), shape: vec![channels], learnable: true, init: Init::Constant(value) })
        .into()
}
