//! Fully connected layer (PyTorch's `Linear`): y = x·Wᵀ + b with W `[out, in]`.

use super::arguments::Arguments;
use super::conv::bias;
use super::{
    Argument, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels,
};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Shape, Size};
use crate::value::InitRule;

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    features: usize,
    bias: bool,
    init: InitRule,
}

const ARGUMENTS: &[Argument] =
    &[arg("bias", "bool", "true"), arg("init", "initialisation", "PyTorch's default: uniform(1/√fan_in)")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["linear", "Linear"],
    operands: Operands::Exactly(1),
    out: Out::Required,
    arguments: ARGUMENTS,
    doc: "x·Wᵀ + b, the fully connected layer",
    page: Page {
        shape: "`[B, in]` → `[B, out]`, and tokens `[B, in, N]` → `[B, out, N]`, each by itself; `in` is known, so a map is pooled to a known size before `flatten`",
        weights: "`weight` [out, in], by `init`; `bias` [out], uniform on ±1/√in",
        macs: "B · out · in, of tokens B · N · out · in",
        field: "none is given of vectors and tokens",
        lowering: "`Gemm`",
        numerics: "sums are in fp32, in an order that only the shape, the device and the numerics decide",
        source: "PyTorch's `Linear`",
        example: "\
arch Classifier(classes = 1000) at H = 7, W = 7 {
    input x: [B, 512, H, W]
    linear fc: -> classes
    output logits = x |> global_avg_pool |> flatten |> fc → [B, classes]
    expect params(fc) == 513_000
    expect macs(fc) == 512_000
}
",
    },
};

impl Linear {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Linear> {
        Some(Linear {
            features: arguments.channels(),
            bias: arguments.flag("bias", true),
            init: arguments.init("init").unwrap_or(InitRule::PYTORCH),
        })
    }
}

impl Operator for Linear {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        if !matches!(inputs[0].len(), 2 | 3) {
            let hint = Some("apply `flatten` or `tokens` first".into());
            return Err(ShapeError { operand: 0, expected: "vectors [B, C] or tokens [B, C, N]".into(), hint });
        }
        channels(inputs, 0).map_err(|error| {
            let hint = "pool to a known size first, with `global_avg_pool` or `adaptive_avg_pool`";
            ShapeError { hint: Some(hint.into()), ..error }
        })?;
        let mut shape = inputs[0].clone();
        shape[1] = Size::constant(self.features as i64);
        Ok(shape)
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        let input = channels(inputs, 0).unwrap_or(1);
        let shape = vec![self.features, input];
        let init = self.init.resolve(&shape);
        let mut weights = vec![OpWeight { name: "weight".into(), shape, learnable: true, init }];
        if self.bias {
            weights.push(bias(self.features, input, None));
        }
        weights
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        let instr =
            Instr::Gemm { features: self.features, weight: weights[0], bias: weights.get(1).copied() };
        (instr, Vec::new())
    }

    fn text(&self, inputs: &[Shape]) -> String {
        let bias = if self.bias { "True" } else { "False" };
        let input = channels(inputs, 0).unwrap_or(0);
        format!("Linear(in_features={input}, out_features={}, bias={bias})", self.features)
    }
}
