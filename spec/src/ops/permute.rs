//! The axes of a map in another order, the batch first.

use super::arguments::Arguments;
use super::{Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels, formula};
use crate::diagnostics::{Code, Diagnostic};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Axes in another order.
#[derive(Clone, Debug, PartialEq)]
pub struct Permute(Vec<usize>);

pub(super) static SIGNATURE: Signature = Signature {
    names: &["permute", "Permute"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: &[arg("order", "[0, axes]", "").note("each axis once, the batch first")],
    doc: "the axes in another order: axis i of the result is axis `order[i]` of the operand",
    page: Page {
        shape: "the operand's sizes in the new order; what becomes the channels is a known number",
        field: "none is given, unless the order stays",
        lowering: "`Permute`",
        numerics: "nothing is computed",
        source: "PyTorch's `torch.permute`",
        example: "\
arch Turned at H = 8, W = 16 {
    input x: [B, 4, H, W]
    output y = permute(x, order = [0, 1, 3, 2]) → [B, 4, W, H]
}
",
        ..Page::CELLWISE
    },
};

impl Permute {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Permute> {
        let order = arguments.counts("order", 0);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        let whole = order.first() == Some(&0) && sorted.into_iter().eq(0..order.len());
        if !arguments.poisoned && !whole {
            let message = format!("`order` of {} is {order:?}, expected each axis once, the batch first", arguments.subject);
            let diagnostic = Diagnostic::error(Code::OutOfRange, arguments.span, message);
            arguments.diagnostics.push(diagnostic.hint("`[0, 1, 3, 2]` exchanges rows and columns"));
            arguments.poisoned = true;
        }
        Some(Permute(order))
    }
}

impl Operator for Permute {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        if inputs[0].len() != self.0.len() {
            let expected = format!("{} axes, as `order` has", self.0.len());
            return Err(ShapeError { operand: 0, expected, hint: None });
        }
        let shape = formula::permuted(&inputs[0], &self.0);
        channels(std::slice::from_ref(&shape), 0).map_err(|_| ShapeError {
            operand: 0,
            expected: format!("a known size on axis {}, which becomes the channels", self.0[1]),
            hint: None,
        })?;
        Ok(shape)
    }

    fn field(&self) -> Field {
        if self.0.is_sorted() { Field::Pointwise } else { Field::Global }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Permute { order: self.0.clone() }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Permute({:?})", self.0)
    }
}
