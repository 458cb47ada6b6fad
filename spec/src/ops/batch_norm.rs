//! Batch normalisation in inference (arXiv 1502.03167): (x − mean)/√(var + eps)·γ + β, a channel each, for maps and vectors.

use super::arguments::Arguments;
use super::{Argument, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels};
use crate::program::{Epilogue, Init, Instr, Norm, WeightId};
use crate::size::Shape;

/// Batch normalisation, 1-d or 2-d by the operand's rank.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    eps: f64,
    gamma: f64,
}

const ARGUMENTS: &[Argument] = &[arg("eps", "float", "the file's `bn_eps`, 1e-5"), arg("gamma", "float", "1.0").note("what γ starts with")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["batch_norm", "BatchNorm"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "(x − mean)/√(var + eps)·γ + β with running statistics, a channel each",
    page: Page {
        shape: "that of the operand, a map `[B, C, H, W]` or vectors `[B, C]`",
        weights: "`weight` [C] (γ) and `bias` [C] (β, 0), which are learnable; `running_mean` [C] (0) and `running_var` [C] \
                  (1), which are buffers",
        macs: "none",
        lowering: "`Elementwise` with the epilogue `Norm`, which joins the instruction before it",
        numerics: "inference only, with the statistics of the checkpoint; right behind a convolution or a linear layer it is \
                   folded into their weights as they are packed",
        source: "arXiv 1502.03167; PyTorch's `BatchNorm2d` and `BatchNorm1d`",
        example: "\
arch Normed at H = 8, W = 8 {
    input x: [B, 3, H, W]
    conv c: -> 16 (kernel = 3, padding = 1, bias = false)
    batch_norm bn (gamma = 0.9)
    output y = x |> c |> bn |> relu → [B, 16, H, W]
    expect params(bn) == 32
    expect buffers(bn) == 32
}
",
        ..Page::CELLWISE
    },
};

impl BatchNorm {
    pub(super) fn build(arguments: &mut Arguments) -> Option<BatchNorm> {
        let eps = arguments.number("eps", arguments.numerics.bn_eps);
        Some(BatchNorm { eps, gamma: arguments.number("gamma", 1.0) })
    }
}

impl Operator for BatchNorm {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        channels(inputs, 0)?;
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        let shape = vec![channels(inputs, 0).unwrap_or(1)];
        let weight = |name: &'static str, learnable, value| OpWeight {
            name: name.into(),
            shape: shape.clone(),
            learnable,
            init: Init::Constant(value),
        };
        vec![
            weight("weight", true, self.gamma as f32),
            weight("bias", true, 0.0),
            weight("running_mean", false, 0.0),
            weight("running_var", false, 1.0),
        ]
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        let norm = Norm {
            weight: weights[0],
            bias: weights[1],
            mean: weights[2],
            variance: weights[3],
            eps: self.eps as f32,
        };
        (Instr::Elementwise, vec![Epilogue::Norm(norm)])
    }

    fn text(&self, inputs: &[Shape]) -> String {
        let dimensions = if inputs[0].len() == 2 { "1d" } else { "2d" };
        let features = channels(inputs, 0).unwrap_or(0);
        let eps = python_float(self.eps);
        format!("BatchNorm{dimensions}({features}, eps={eps}, momentum=0.1, affine=True, track_running_stats=True)")
    }
}

/// A float as Python prints it: `1e-05`.
pub(super) fn python_float(x: f64) -> String {
    let text = format!("{x:e}");
    match text.split_once("e-") {
        Some((digits, exponent)) if x < 1e-4 => format!("{digits}e-{exponent:0>2}"),
        _ => format!("{x:?}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn floats_print_as_in_python() {
        assert_eq!(super::python_float(1e-5), "1e-05");
        assert_eq!(super::python_float(0.001), "0.001");
    }
}
