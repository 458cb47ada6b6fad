//! Group normalisation (arXiv 1803.08494): (x − mean)/√(var + eps)·γ + β with the statistics of groups of channels over an image.

use super::arguments::Arguments;
use super::batch_norm::python_float;
use super::layer_norm::gamma_and_beta;
use super::{
    Argument, Field, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels,
};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Normalisation of groups of channels over all cells of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNorm {
    groups: usize,
    eps: f64,
}

const ARGUMENTS: &[Argument] =
    &[arg("groups", "int", "32").at_least(1).note("divides the channels"), arg("eps", "float", "1e-5")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["group_norm", "GroupNorm"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "(x − mean)/√(var + eps)·γ + β with the statistics of each group of channels over the image",
    page: Page {
        shape: "that of the operand: a map `[B, C, H, W]`, tokens `[B, C, N]` or vectors `[B, C]`",
        weights: "`weight` [C] (γ, 1) and `bias` [C] (β, 0)",
        field: "the whole map",
        lowering: "`GroupNorm`",
        numerics: "the variance is that of the cells themselves, divided by their number; the same for any batch",
        source: "arXiv 1803.08494, section 3; PyTorch's `GroupNorm`",
        example: "\
arch Grouped at H = 8, W = 8 {
    input x: [B, 3, H, W]
    conv c: -> 64 (kernel = 3, padding = 1, bias = false)
    group_norm n (groups = 32)
    output y = x |> c |> n |> relu → [B, 64, H, W]
    expect params(n) == 128
}
",
        ..Page::CELLWISE
    },
};

impl GroupNorm {
    pub(super) fn build(arguments: &mut Arguments) -> Option<GroupNorm> {
        let groups = arguments.count("groups", Some(32), 1);
        Some(GroupNorm { groups, eps: arguments.number("eps", 1e-5) })
    }
}

impl Operator for GroupNorm {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let (channels, groups) = (channels(inputs, 0)?, self.groups);
        if !channels.is_multiple_of(groups) {
            let divisor = (1..=groups).rev().find(|n| channels.is_multiple_of(*n)).unwrap_or(1);
            let expected = format!("channels that {groups} groups divide");
            return Err(ShapeError { operand: 0, expected, hint: Some(format!("write `(groups = {divisor})`")) });
        }
        Ok(inputs[0].clone())
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        gamma_and_beta(channels(inputs, 0).unwrap_or(1))
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        let instr =
            Instr::GroupNorm { groups: self.groups, eps: self.eps as f32, weight: weights[0], bias: weights[1] };
        (instr, Vec::new())
    }

    fn text(&self, inputs: &[Shape]) -> String {
        let channels = channels(inputs, 0).unwrap_or(0);
        format!("GroupNorm({}, {channels}, eps={}, affine=True)", self.groups, python_float(self.eps))
    }
}
