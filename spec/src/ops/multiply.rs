//! Product of two maps; `a * b` in the language.

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Relation, Shape};

/// Product of a map and another one, or a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Multiply;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["multiply", "Multiply"],
    operands: Operands::Exactly(2),
    out: Out::None,
    arguments: &[],
    doc: "the product of two maps, cell by cell; the second is repeated along axes where its size is 1; `a * b` is the same",
    page: Page {
        shape: "that of the first operand; each size of the second is the same or 1: `[B, C, 1, 1]` gates channels, \
                `[B, 1, H, W]` cells, `[B, C, H, 1]` rows",
        field: "what either operand sees, together",
        lowering: "`Multiply`",
        numerics: "the first operand is never repeated: write the gate second",
        source: "arXiv 1709.01507, section 3.2, for gates of channels",
        example: "\
arch Gated at H = 8, W = 8 {
    input x: [B, 4, H, W]
    conv score: -> 1 (kernel = 1)
    output y = x * sigmoid(score(x))           → [B, 4, H, W]
    output z = multiply(x, global_avg_pool(x)) → [B, 4, H, W]
}
",
        ..Page::CELLWISE
    },
};

impl Multiply {
    pub(super) fn build(_: &mut Arguments) -> Option<Multiply> {
        Some(Multiply)
    }
}

impl Operator for Multiply {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let [first, gate] = inputs else { unreachable!("the signature takes two operands") };
        if first.len() != gate.len() {
            let expected = format!("{} axes, as the first operand has", first.len());
            return Err(ShapeError { operand: 1, expected, hint: None });
        }
        for (axis, (own, other)) in first.iter().zip(gate).enumerate() {
            if axis > 0 && other.as_constant() == Some(1) {
                continue;
            }
            if axis > 0 && own.as_constant() == Some(1) {
                let hint = Some("the second operand is the one that is repeated: write the gate second".into());
                return Err(ShapeError { operand: 0, expected: format!("{other} on axis {axis}"), hint });
            }
            let relation = Relation::Equal(own.clone(), other.clone());
            require.push(Requirement { relation, axis, operand: Some(1) });
        }
        Ok(first.clone())
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Multiply, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        "Multiply()".into()
    }
}
