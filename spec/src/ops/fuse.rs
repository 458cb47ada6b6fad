//! Fusion of maps: a sum, a weighted sum with normalised weights (BiFPN, arXiv 1911.09070, section 3.3), or concatenation.

use super::add::Add;
use super::arguments::Arguments;
use super::concat::Concat;
use super::{Argument, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, agree, arg};
use crate::program::{Axis, Epilogue, Init, Instr, Normalise, WeightId};
use crate::size::Shape;

/// Operands fused into one map; weight k belongs to operand k.
#[derive(Clone, Debug, PartialEq)]
pub struct Fuse {
    mode: Mode,
    eps: f64,
    init: f64,
    weight: String,
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
    arg("eps", "float", "1e-4").note("of `weighted` and `fast`"),
    arg("init", "float", "1.0").note("what every weight starts with"),
    arg("weight", "text", "\"w\"").note("what the weights are called in checkpoints, below the layer's name"),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["fuse", "Fuse"],
    operands: Operands::AtLeast(2),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "several maps in one. `add`: Σ xₖ; `weighted`: Σ softplus(wₖ)·xₖ / (Σ softplus(w) + eps); `fast`: the same with \
          max(wₖ, 0); `softmax`: Σ softmax(w)ₖ·xₖ; `concat`: joined along the channels",
    page: Page {
        shape: "that of the operands, which agree on every axis; of `concat` the sum of their channels",
        weights: "`w` [operands], or what `weight` calls it, one an operand in their order, of `weighted`, `fast` and `softmax`; none otherwise",
        field: "what any operand sees, together",
        lowering: "`WeightedSum`; `add` as `Elementwise` with the epilogue `Add`, `concat` as `Concat`",
        numerics: "softplus is the identity above 20, as in PyTorch; `softmax` adds no eps; all weights at zero or below give \
                   zeros under `fast`",
        source: "arXiv 1911.09070, section 3.3, for `fast` and `softmax`",
        example: "\
arch Fused at H = 8, W = 8 {
    input a: [B, 4, H, W]
    input b: [B, 4, H, W]
    fuse F (mode = fast)
    fuse G (mode = add)
    fuse J (mode = concat)
    output y = F(a, b)  → [B, 4, H, W]
    output z = G(a, b)  → [B, 4, H, W]
    output j = J(a, b)  → [B, 8, H, W]
    expect params(self) == 2
}
",
        ..Page::CELLWISE
    },
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
        let init = arguments.number("init", 1.0);
        Some(Fuse { mode, eps, init, weight: arguments.text("weight", "w") })
    }
}

impl Operator for Fuse {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        match self.mode {
            Mode::Concat => Concat(Axis::Channels).shape(inputs, require),
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
                name: self.weight.clone().into(),
                shape: vec![inputs.len()],
                learnable: true,
                init: Init::Constant(self.init as f32),
            }],
        }
    }

    fn lower(&self, weights: &[WeightId], operands: usize, output: &Shape) -> (Instr, Vec<Epilogue>) {
        match self.mode {
            Mode::Concat => Concat(Axis::Channels).lower(weights, operands, output),
            Mode::Add => Add.lower(weights, operands, output),
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
