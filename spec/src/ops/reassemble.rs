//! Up-sampling by kernels that the network predicts: CARAFE's reassembly (arXiv 1905.02188, equation 2).

use super::arguments::Arguments;
use super::{
    Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels, formula, map4,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::{Relation, Shape};

/// Each cell a sum of the cells around its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Reassemble {
    kernel: usize,
    factor: usize,
}

const ARGUMENTS: &[Argument] = &[
    arg("kernel", "int", "5").at_least(1).note("an odd number"),
    arg("factor", "int", "2").at_least(1),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["reassemble", "Reassemble"],
    operands: Operands::Exactly(2),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "`factor` times the size; each cell is the sum of the kernel × kernel cells around its source, times the kernel that the \
          second map holds for it in its channels",
    page: Page {
        shape: "`[B, C, H, W]`, kernels `[B, kernel², factor·H, factor·W]` → `[B, C, factor·H, factor·W]`",
        macs: "B · C · H′ · W′ · kernel²",
        field: "cells lie `factor` times as close; the field grows by kernel − 1 cells of the first map, and is joined with that of the \
                kernels",
        lowering: "`Reassemble`",
        numerics: "cell (y, x) has its source at (⌊y/factor⌋, ⌊x/factor⌋); cells outside of the map count nothing; kernels are taken as they \
                   are, so CARAFE's go through `softmax` before",
        source: "arXiv 1905.02188, section 3.2, equation 2",
        example: "\
arch Carafe at H = 8, W = 8 {
    input x: [B, 32, H, W]
    conv compress: -> 16 (kernel = 1)
    conv encode:   -> 25 * 4 (kernel = 3, padding = 1)
    kernels = x |> compress |> encode |> pixel_shuffle(factor = 2) |> softmax → [B, 25, 2*H, 2*W]
    output y = reassemble(x, kernels, kernel = 5, factor = 2)                 → [B, 32, 2*H, 2*W]
}
",
        ..Page::CELLWISE
    },
};

impl Reassemble {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Reassemble> {
        let kernel = arguments.count("kernel", Some(5), 1);
        let factor = arguments.count("factor", Some(2), 1);
        if !arguments.poisoned && kernel.is_multiple_of(2) {
            let message = format!("`kernel` of {} is {kernel}, expected an odd number", arguments.subject);
            let diagnostic = Diagnostic::error(Code::OutOfRange, arguments.span, message);
            arguments.diagnostics.push(diagnostic.hint("the cell that a result comes from is the kernel's middle"));
            arguments.poisoned = true;
        }
        Some(Reassemble { kernel, factor })
    }
}

impl Operator for Reassemble {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let Reassemble { kernel, factor } = *self;
        let (map, kernels) = (map4(inputs, 0)?, map4(inputs, 1)?);
        if kernel.checked_mul(kernel) != Some(channels(inputs, 1)?) {
            let expected = format!("{kernel} · {kernel} channels, one a cell of the kernel");
            return Err(ShapeError { operand: 1, expected, hint: None });
        }
        let shape = formula::scaled(map, factor);
        for axis in [2, 3] {
            let relation = Relation::Equal(shape[axis].clone(), kernels[axis].clone());
            require.push(Requirement { relation, axis, operand: Some(1) });
        }
        Ok(shape)
    }

    fn field(&self) -> Field {
        Field::Reassembled { kernel: self.kernel, factor: self.factor }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Reassemble { kernel: self.kernel, factor: self.factor }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("Reassemble(kernel={}, factor={})", self.kernel, self.factor)
    }
}
