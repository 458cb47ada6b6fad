//! Learned tokens, the same for each image: class and register tokens (arXiv 2010.11929, section 3.1; 2309.16588) and position
//! embeddings.

use super::arguments::Arguments;
use super::{Argument, Field, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Shape, Size};
use crate::value::InitRule;

/// A weight as tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    channels: usize,
    count: usize,
    init: InitRule,
}

const ARGUMENTS: &[Argument] =
    &[arg("count", "int", "1").at_least(1).note("tokens"), arg("init", "initialisation", "normal(0.02)")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["learned", "Learned"],
    operands: Operands::Exactly(1),
    out: Out::Required,
    arguments: ARGUMENTS,
    doc: "learned tokens, the same for each image of the map that it is applied to",
    page: Page {
        shape: "`[B, …]` → `[B, out, count]`; of the operand only the batch counts",
        weights: "one [1, count, out], which has the layer's own name in a checkpoint and nothing behind it",
        field: "none is given of tokens",
        lowering: "`Learned`",
        numerics: "nothing is computed; the operand's values are not read",
        source: "arXiv 2010.11929, section 3.1; PyTorch's `nn.Parameter`",
        example: "\
arch WithClass at H = 32, W = 32 {
    input x: [B, 3, H, W]
    learned cls: -> 64
    learned position: -> 64 (count = 16)
    conv patch: -> 64 (kernel = 8, stride = 8)
    output t = tokens(adaptive_avg_pool(patch(x), size = 4)) + position(x) → [B, 64, 16]
    output c = cls(x) → [B, 64, 1]
    expect params(position) == 1024
}
",
        ..Page::CELLWISE
    },
};

impl Learned {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Learned> {
        Some(Learned {
            channels: arguments.channels(),
            count: arguments.count("count", Some(1), 1),
            init: arguments.init("init").unwrap_or(InitRule::Normal(0.02)),
        })
    }
}

impl Operator for Learned {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        Ok(vec![inputs[0][0].clone(), Size::constant(self.channels as i64), Size::constant(self.count as i64)])
    }

    fn weights(&self, _: &[Shape]) -> Vec<OpWeight> {
        let shape = vec![1, self.count, self.channels];
        let init = self.init.resolve(&shape);
        vec![OpWeight { name: "".into(), shape, learnable: true, init }]
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Learned { channels: self.channels, count: self.count, weight: weights[0] }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Parameter(1, {}, {})", self.count, self.channels)
    }
}
