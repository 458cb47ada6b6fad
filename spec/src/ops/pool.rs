//! Pooling in windows (PyTorch's `MaxPool2d` and `AvgPool2d`): size ⌊(h + 2p − k)/s⌋ + 1 along each axis.

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, formula, map4, windows_fit};
use crate::diagnostics::{Code, Diagnostic};
use crate::program::{Epilogue, Instr, Pool, PoolKind, WeightId};
use crate::size::Shape;

/// The greatest value, or the mean, of each window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowPool(Pool);

const KERNEL: Argument = arg("kernel", "int or [rows, columns]", "").at_least(1);
const STRIDE: Argument = arg("stride", "int or [rows, columns]", "the kernel").at_least(1);
const PADDING: Argument = arg("padding", "int or [rows, columns]", "0").at_least(0).note("at most half the kernel");

/// What both pools' pages say.
const WINDOWS: Page = Page {
    shape: "`[B, C, H, W]` → `[B, C, H′, W′]` with H′ = ⌊(H + 2p − k)/s⌋ + 1 for kernel k, stride s and padding p; one window \
            has to fit",
    field: "r + (k−1)·j for an operand that sees r pixels with j between its cells, and j·s between the result's",
    lowering: "`Pool`",
    ..Page::CELLWISE
};

const fn signature(
    names: &'static [&'static str], arguments: &'static [Argument], doc: &'static str, page: Page,
) -> Signature {
    Signature { names, operands: Operands::Exactly(1), out: Out::None, arguments, doc, page }
}

pub(super) static MAX: Signature = signature(
    &["max_pool", "MaxPool"],
    &[KERNEL, STRIDE, PADDING],
    "the greatest value of each window",
    Page {
        numerics: "cells outside the map never win; NaN wins",
        source: "PyTorch's `MaxPool2d` with `ceil_mode=False`",
        example: "\
arch Stem at H = 112, W = 112 {
    input x: [B, 64, H, W]
    y = max_pool(x, kernel = 3, stride = 2, padding = 1) → [B, 64, 56, 56]
    output y
    expect receptive_field(y) == 3
}
",
        ..WINDOWS
    },
);

pub(super) static AVERAGE: Signature = signature(
    &["avg_pool", "AvgPool"],
    &[KERNEL, STRIDE, PADDING, arg("count_padding", "bool", "true")],
    "the mean of each window",
    Page {
        numerics: "padding counts in the divisor unless `count_padding = false`; what a window reaches beyond the padding \
                   never counts",
        source: "PyTorch's `AvgPool2d` with `ceil_mode=False`; `count_padding` is its `count_include_pad`",
        example: "\
arch Halved at H = 8, W = 8 {
    input x: [B, 4, H, W]
    output y = avg_pool(x, kernel = 2) → [B, 4, 4, 4]
    output z = avg_pool(x, kernel = 3, stride = 2, padding = 1, count_padding = false) → [B, 4, 4, 4]
}
",
        ..WINDOWS
    },
);

impl WindowPool {
    pub(super) fn max(arguments: &mut Arguments) -> Option<WindowPool> {
        WindowPool::of(PoolKind::Max, arguments)
    }

    pub(super) fn average(arguments: &mut Arguments) -> Option<WindowPool> {
        let count_padding = arguments.flag("count_padding", true);
        WindowPool::of(PoolKind::Average { count_padding }, arguments)
    }

    /// Padding is at most half the window, as in PyTorch, so that no window lies outside the map.
    fn of(kind: PoolKind, arguments: &mut Arguments) -> Option<WindowPool> {
        let kernel = arguments.pair("kernel", None, 1);
        let stride = arguments.pair("stride", Some(kernel), 1);
        let padding = arguments.pair("padding", Some([0, 0]), 0);
        if !arguments.poisoned && (0..2).any(|axis| 2 * padding[axis] > kernel[axis]) {
            let message = format!("the padding of {} is more than half its kernel", arguments.subject);
            let diagnostic = Diagnostic::error(Code::OutOfRange, arguments.span, message);
            let most = format!("a kernel of {} takes at most {}", formula::pair_text(kernel), kernel[0] / 2);
            arguments.diagnostics.push(diagnostic.hint(most));
            arguments.poisoned = true;
        }
        Some(WindowPool(Pool { kind, kernel, stride, padding }))
    }
}

impl Operator for WindowPool {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let input = map4(inputs, 0)?;
        windows_fit(input, &self.0.windows(), require);
        let mut shape = formula::windows(input, 0, &self.0.windows());
        shape[1] = input[1].clone();
        Ok(shape)
    }

    fn field(&self) -> Field {
        Field::Windows(self.0.windows())
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Pool(self.0.clone()), Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        let [kernel, stride, padding] = [self.0.kernel, self.0.stride, self.0.padding].map(formula::pair_text);
        let windows = format!("kernel_size={kernel}, stride={stride}, padding={padding}");
        match self.0.kind {
            PoolKind::Max => format!("MaxPool2d({windows}, dilation=1, ceil_mode=False)"),
            PoolKind::Average { count_padding: true } => format!("AvgPool2d({windows})"),
            PoolKind::Average { count_padding: false } => format!("AvgPool2d({windows}, count_include_pad=False)"),
        }
    }
}
