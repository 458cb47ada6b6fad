//! Tokens as a map, row by row, of the rows and columns of another map or of a fixed size (PyTorch's `unflatten`).

use super::arguments::Arguments;
use super::{
    Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, formula, map4, tokens,
};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Relation, Shape, Size};

/// `[B, C, N]` → `[B, C, H, W]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    size: Option<[usize; 2]>,
}

const ARGUMENTS: &[Argument] =
    &[arg("size", "int or [rows, columns]", "those of the second map").at_least(1).note("without a second map")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["fold", "Fold"],
    operands: Operands::AtLeast(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "tokens as a map, row by row, of the second map's rows and columns or of a size",
    page: Page {
        shape: "`[B, C, N]`, `[B, C₂, H, W]` → `[B, C, H, W]` where N = H·W; or `[B, C, N]` → `[B, C, size[0], size[1]]`",
        field: "none is given of tokens, nor of what is made of them",
        lowering: "`Fold`",
        numerics: "nothing is computed; the second operand's values are not read",
        source: "PyTorch's `unflatten(2, (H, W))`",
        example: "\
arch ThereAndBack at H = 8, W = 8 {
    input x: [B, 16, H, W]
    layer_norm n
    output y = x |> tokens |> n |> fold(x) → [B, 16, H, W]
    output z = fold(tokens(adaptive_avg_pool(x, size = [2, 6])), size = [3, 4]) → [B, 16, 3, 4]
    expect legal(H) == all
}
",
        ..Page::CELLWISE
    },
};

impl Fold {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Fold> {
        let size = arguments.pair("size", Some([0, 0]), 1);
        Some(Fold { size: (size != [0, 0]).then_some(size) })
    }
}

impl Operator for Fold {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let map = tokens(inputs, 0)?;
        let sizes = match (self.size, inputs) {
            (Some(size), [_]) => size.map(|n| Size::constant(n as i64)),
            (None, [_, _]) => {
                let like = map4(inputs, 1)?;
                [like[2].clone(), like[3].clone()]
            }
            _ => {
                let expected = "one map and `size`, or two maps".into();
                let hint = "write `fold(t, x)` for the rows and columns of x, or `fold(t, size = [4, 4])`";
                return Err(ShapeError { operand: 0, expected, hint: Some(hint.into()) });
            }
        };
        let relation = Relation::Equal(map[2].clone(), sizes[0].multiply(&sizes[1]));
        require.push(Requirement { relation, axis: 2, operand: (inputs.len() > 1).then_some(1) });
        Ok(formula::folded(map, sizes))
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Fold { size: self.size }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        match self.size {
            Some([rows, columns]) => format!("Unflatten(dim=2, unflattened_size=({rows}, {columns}))"),
            None => "Fold()".into(),
        }
    }
}
