//! Sum of maps of one shape; `a + b` in the language.

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature, agree};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Sum of two maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Add;

pub(super) static SIGNATURE: Signature = Signature {
    names: &["add", "Add"],
    operands: Operands::Exactly(2),
    out: Out::None,
    arguments: &[],
    doc: "the sum of two maps, cell by cell; `a + b` is the same",
    page: Page {
        shape: "that of both operands, which agree on every axis: nothing is broadcast",
        field: "what either operand sees, together",
        lowering: "`Elementwise` with the epilogue `Add`, which joins the instruction before it; an operand that `Up2`, \
                   `Up` or `UpTo` resampled, and nothing else reads, is sampled as it is added",
        numerics: "the first operand plus the second, in the order in which they stand",
        source: "arXiv 1612.03144, section 3, for lateral connections",
        example: "\
arch Sum at H = 8, W = 8 {
    numerics { resize = nearest }
    input fine:   [B, 4, H, W]
    input coarse: [B, 4, H/2, W/2]
    plain_smooth S: -> 4
    y = fine + Up2(coarse)      → [B, 4, H, W]
    output z = add(S(y), fine)  → [B, 4, H, W]
    expect legal(H) == [0] mod 2
}
",
        ..Page::CELLWISE
    },
};

impl Add {
    pub(super) fn build(_: &mut Arguments) -> Option<Add> {
        Some(Add)
    }
}

impl Operator for Add {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        agree(inputs, |_| true, require)?;
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], operands: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        // `Fuse` adds any number of maps.
        (Instr::Elementwise, vec![Epilogue::Add { resize: None }; operands - 1])
    }

    fn text(&self, _: &[Shape]) -> String {
        "Add()".into()
    }
}
