//! A learned factor a channel, small at first, on a residual branch (LayerScale, arXiv 2103.17239, section 2.1): y = λ·x.

use super::arguments::Arguments;
use super::{Argument, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels};
use crate::program::{Epilogue, Init, Instr, WeightId};
use crate::size::Shape;

/// A learned factor a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerScale {
    init: f64,
}

const ARGUMENTS: &[Argument] = &[arg("init", "float", "1e-5").note("what the factors start with")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["layer_scale", "LayerScale"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "x times a learned factor, a channel each",
    page: Page {
        shape: "that of the operand: a map `[B, C, H, W]`, tokens `[B, C, N]` or vectors `[B, C]`",
        weights: "`lambda1` [C], with `init` at first",
        lowering: "`Elementwise` with the epilogue `LayerScale`, which joins the instruction before it",
        numerics: "right behind a convolution or a linear layer the factors are folded into their weights as they are packed",
        source: "arXiv 2103.17239, section 2.1; the name of the weight is that of DINOv2 in Transformers",
        example: "\
arch Scaled at H = 8, W = 8 {
    input x: [B, 16, H, W]
    conv c: -> 16 (kernel = 1)
    layer_scale s (init = 1.0)
    output y = x + (x |> c |> s) → [B, 16, H, W]
    expect params(s) == 16
}
",
        ..Page::CELLWISE
    },
};

impl LayerScale {
    pub(super) fn build(arguments: &mut Arguments) -> Option<LayerScale> {
        Some(LayerScale { init: arguments.number("init", 1e-5) })
    }
}

impl Operator for LayerScale {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        channels(inputs, 0)?;
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        let shape = vec![channels(inputs, 0).unwrap_or(1)];
        vec![OpWeight { name: "lambda1".into(), shape, learnable: true, init: Init::Constant(self.init as f32) }]
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Elementwise, vec![Epilogue::LayerScale { weight: weights[0] }])
    }

    fn text(&self, inputs: &[Shape]) -> String {
        format!("LayerScale({})", channels(inputs, 0).unwrap_or(0))
    }
}
