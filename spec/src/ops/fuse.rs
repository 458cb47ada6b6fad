//! Fusion of maps: a sum, a weighted sum with normalised weights (BiFPN, arXiv 1911.09070, section 3.3), or concatenation.

use super::add::Add;
use super::arguments::Arguments;
use super::concat::Concat;
use super::{Argument, OpWeight, Operands, Operator, Out, Requirement, ShapeError, Signature, agree, arg};
use crate::program::{Epilogue, Init, Instr, Normalise, WeightId};
use crate::size::Shape;

/// Operands fused into one map; weight k belongs to operand k.
#[derive(Clone, Debug, PartialEq)]
pub struct Fuse {
    mode: Mode,
    eps: f64,
    init: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Add,
    Concat,
    Weighted(Normalise),
}

/// The words of the type `Fuse`.
pub(crate) const WORDS: &[&str] = &["add", "weighted", "fast", "softmax", "concat"];

const ARGUMENTS: &[Argument] = &[
    arg("mode", "add | weighted | fast | softmax | concat", ""),
    arg("eps", "float", "1e-4"),
    arg("init", "float", "1.0"),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["fuse", "Fuse"],
    operands: Operands::AtLeast(2),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "add: Σ xₖ; weighted: Σ softplus(wₖ)xₖ/(Σ softplus(w) + eps); fast: the same with max(wₖ, 0); softmax: \
          Σ softmax(w)ₖxₖ; concat: joined along the channels (arXiv 1911.09070, section 3.3)",
};

impl Fuse {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Fuse> {
        let mode = match arguments.word("mode", WORDS) {
            Some("add") => Mode::Add,
            Some("concat") => Mode::Concat,
            Some("weighted") => Mode::Weighted(Normalise::Softplus),
            Some("fast") => Mode::Weighted(Normalise::Relu),
            Some("softmax") => Mode::Weighted(Normalise::Softmax),
            _ => {
                arguments.require("mode", "add");
                return None;
            }
        };
        let eps = arguments.number("eps", 1e-4);
        Some(Fuse { mode, eps, init: arguments.number("init", 1.0) })
    }
}

impl Operator for Fuse {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        match self.mode {
            Mode::Concat => Concat.shape(inputs, require),
            Mode::Add | Mode::Weighted(_) => {
                agree(inputs, |_| true, require)?;
                Ok(inputs[0].clone())
            }
        }
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        match self.mode {
            Mode::Add | Mode::Concat => Vec::new(),
            Mode::Weighted(_) => vec![OpWeight {
                name: "w",
                shape: vec![inputs.len()],
                learnable: true,
                init: Init::Constant(self.init as f32),
            }],
        }
    }

    fn lower(&self, weights: &[WeightId], output: &Shape) -> (Instr, Vec<Epilogue>) {
        match self.mode {
            Mode::Concat => Concat.lower(weights, output),
            Mode::Add => Add.lower(weights, output),
            Mode::Weighted(normalise) => {
                let instr = Instr::WeightedSum { weight: weights[0], normalise, eps: self.eps as f32 };
                (instr, Vec::new())
            }
        }
    }

    fn text(&self, _: &[Shape]) -> String {
        match self.mode {
            Mode::Add => "Fuse(add)".into(),
            Mode::Concat => "Fuse(concat)".into(),
            Mode::Weighted(Normalise::Softmax) => "Fuse(softmax)".into(),
            Mode::Weighted(Normalise::Softplus) => format!("Fuse(weighted, eps={})", self.eps),
            Mode::Weighted(Normalise::Relu) => format!("Fuse(fast, eps={})", self.eps),
        }
    }
}
