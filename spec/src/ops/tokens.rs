//! The cells of a map as tokens, row by row, and tokens as a map again (PyTorch's `flatten(2)` and `unflatten`).

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature, formula, map4};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// `[B, C, H, W]` → `[B, C, H·W]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["tokens", "Tokens"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[],
    doc: "the cells of a map as tokens, row by row",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C, H·W]`",
        field: "none is given of tokens",
        lowering: "`Tokens`",
        numerics: "nothing is computed",
        source: "arXiv 2010.11929, section 3.1; PyTorch's `flatten(2)`, which leaves the channels second as well",
        example: "\
arch Patches at H = 32, W = 32 {
    input x: [B, 3, H, W]
    conv patch: -> 64 (kernel = 8, stride = 8)
    output t = x |> patch |> tokens → [B, 64, 16]
}
",
        ..Page::CELLWISE
    },
};

impl Tokens {
    pub(super) fn build(_: &mut Arguments) -> Option<Tokens> {
        Some(Tokens)
    }
}

impl Operator for Tokens {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        Ok(formula::tokens(map4(inputs, 0)?))
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Tokens, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "Flatten(start_dim=2, end_dim=-1)".into()
    }
}
