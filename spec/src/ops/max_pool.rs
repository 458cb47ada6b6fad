//! Max pooling in windows (PyTorch's `MaxPool2d`); cells outside the map never win.

use super::arguments::Arguments;
use super::{
    Argument, Field, Operands, Operator, Out, Requirement, ShapeError, Signature, arg, formula, map4, windows_fit,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::program::{Epilogue, Instr, Pool, PoolKind, WeightId};
use crate::size::Shape;

/// The greatest value of each window.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool(Pool);

const ARGUMENTS: &[Argument] = &[
    arg("kernel", "int or [rows, columns]", ""),
    arg("stride", "int or [rows, columns]", "kernel"),
    arg("padding", "int or [rows, columns]", "0"),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["max_pool", "MaxPool"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "the greatest value of each window; cells outside the map never win",
};

impl MaxPool {
    pub(super) fn build(arguments: &mut Arguments) -> Option<MaxPool> {
        pool(arguments, PoolKind::Max).map(MaxPool)
    }
}

/// The attributes that both pools share. Padding is at most half the window, as in PyTorch, so that none is empty.
pub(super) fn pool(arguments: &mut Arguments, kind: PoolKind) -> Option<Pool> {
    let kernel = arguments.pair("kernel", None, 1);
    let stride = arguments.pair("stride", Some(kernel), 1);
    let padding = arguments.pair("padding", Some([0, 0]), 0);
    if !arguments.poisoned
        && let Some(axis) = (0..2).find(|&axis| 2 * padding[axis] > kernel[axis])
    {
        let (subject, found, most) = (&arguments.subject, padding[axis], kernel[axis] / 2);
        let message = format!("`padding` of {subject} is {found}, expected at most {most}, half the kernel");
        arguments.diagnostics.push(Diagnostic::error(Code::OutOfRange, arguments.span, message));
        arguments.poisoned = true;
    }
    Some(Pool { kind, kernel, stride, padding })
}

/// The shape rule that both pools share.
pub(super) fn pooled(pool: &Pool, input: &Shape, require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
    windows_fit(input, &pool.windows(), require);
    let mut shape = formula::windows(input, 0, &pool.windows());
    shape[1] = input[1].clone();
    Ok(shape)
}

impl Operator for MaxPool {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        pooled(&self.0, map4(inputs, 0)?, require)
    }

    fn field(&self) -> Field {
        Field::Windows(self.0.windows())
    }

    fn lower(&self, _: &[WeightId], _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Pool(self.0.clone()), Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        let [kernel, stride, padding] = [self.0.kernel, self.0.stride, self.0.padding].map(formula::pair_text);
        format!("MaxPool2d(kernel_size={kernel}, stride={stride}, padding={padding}, dilation=1, ceil_mode=False)")
    }
}
