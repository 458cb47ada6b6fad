//! Average pooling in windows (PyTorch's `AvgPool2d`).

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Requirement, ShapeError, Signature, arg, formula, map4, max_pool};
use crate::program::{Epilogue, Instr, Pool, PoolKind, WeightId};
use crate::size::Shape;

/// The mean of each window.
#[derive(Clone, Debug, PartialEq)]
pub struct AvgPool(Pool);

const ARGUMENTS: &[Argument] = &[
    arg("kernel", "int or [rows, columns]", ""),
    arg("stride", "int or [rows, columns]", "kernel"),
    arg("padding", "int or [rows, columns]", "0"),
    arg("count_padding", "bool", "true"),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["avg_pool", "AvgPool"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "the mean of each window; padding counts in the divisor unless `count_padding = false`",
};

impl AvgPool {
    pub(super) fn build(arguments: &mut Arguments) -> Option<AvgPool> {
        let count_padding = arguments.flag("count_padding", true);
        max_pool::pool(arguments, PoolKind::Average { count_padding }).map(AvgPool)
    }
}

impl Operator for AvgPool {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        max_pool::pooled(&self.0, map4(inputs, 0)?, require)
    }

    fn field(&self) -> Field {
        Field::Windows(self.0.windows())
    }

    fn lower(&self, _: &[WeightId], _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Pool(self.0.clone()), Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        let [kernel, stride, padding] = [self.0.kernel, self.0.stride, self.0.padding].map(formula::pair_text);
        format!("AvgPool2d(kernel_size={kernel}, stride={stride}, padding={padding})")
    }
}
