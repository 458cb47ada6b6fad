//! Multi-head attention (arXiv 1706.03762, section 3.2) of tokens: softmax(q·kᵀ/√d)·v for each head, whose d channels lie one
//! behind the other. The projections before and behind it are linear layers of their own.

use super::arguments::Arguments;
use super::{
    Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels, formula, tokens,
};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Relation, Shape};

/// Attention of queries to keys and their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    heads: usize,
}

const ARGUMENTS: &[Argument] = &[arg("heads", "int", "").at_least(1).note("divides the channels")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["attention", "Attention"],
    operands: Operands::Exactly(3),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "softmax(q·kᵀ/√d)·v for each of the heads, of d channels each, with queries, keys and values projected before",
    page: Page {
        shape: "queries `[B, C, N]`, keys `[B, C, M]`, values `[B, C₂, M]` → `[B, C₂, N]`; `heads` divides C and C₂",
        macs: "B · N · M · (C + C₂)",
        field: "none is given of tokens",
        lowering: "`Attention`",
        numerics: "a row of scores is held at a time, less its greatest; exp within 2e-7 of its value",
        source: "arXiv 1706.03762, section 3.2; PyTorch's `scaled_dot_product_attention`",
        example: "\
arch Attended at H = 8, W = 8 {
    input x: [B, 32, H, W]
    linear q, k, v: -> 32
    t = tokens(x)
    y = attention(q(t), k(t), v(t), heads = 4) → [B, 32, H*W]
    output z = fold(y, x)                      → [B, 32, H, W]
    expect macs(self) == 3 * 64 * 32 * 32 + 2 * 64 * 64 * 32
}
",
        ..Page::CELLWISE
    },
};

impl Attention {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Attention> {
        Some(Attention { heads: arguments.count("heads", None, 1) })
    }
}

impl Operator for Attention {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        for operand in 0..3 {
            tokens(inputs, operand)?;
            if !channels(inputs, operand)?.is_multiple_of(self.heads) {
                let expected = format!("channels that {} heads divide", self.heads);
                return Err(ShapeError { operand, expected, hint: None });
            }
        }
        for (operand, [of, axis]) in [(1, [0, 1]), (2, [1, 2])] {
            let relation = Relation::Equal(inputs[of][axis].clone(), inputs[operand][axis].clone());
            require.push(Requirement { relation, axis, operand: Some(operand) });
        }
        Ok(formula::attended(&inputs[0], &inputs[2]))
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Attention { heads: self.heads }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Attention(heads={})", self.heads)
    }
}
