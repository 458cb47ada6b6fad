//! Channels of groups, one of each in turn (arXiv 1707.01083, section 3.1; PyTorch's `ChannelShuffle`).

use super::arguments::Arguments;
use super::{Argument, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// The channels in another order, so that groups mix.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelShuffle {
    groups: usize,
}

const ARGUMENTS: &[Argument] = &[arg("groups", "int", "2").at_least(1).note("divides the channels")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["channel_shuffle", "ChannelShuffle"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "channels of groups, one of each group in turn: channel i·C/groups + j becomes channel j·groups + i",
    page: Page {
        lowering: "`ChannelShuffle`",
        numerics: "nothing is computed",
        source: "arXiv 1707.01083, section 3.1; PyTorch's `ChannelShuffle`",
        example: "\
arch Shuffled at H = 8, W = 8 {
    input x: [B, 8, H, W]
    conv half: -> 4 (kernel = 3, padding = 1)
    kept = slice(x, length = 4)
    output y = Concat(kept, half(slice(x, start = 4))) |> channel_shuffle(groups = 2) → [B, 8, H, W]
}
",
        ..Page::CELLWISE
    },
};

impl ChannelShuffle {
    pub(super) fn build(arguments: &mut Arguments) -> Option<ChannelShuffle> {
        Some(ChannelShuffle { groups: arguments.count("groups", Some(2), 1) })
    }
}

impl Operator for ChannelShuffle {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        if !channels(inputs, 0)?.is_multiple_of(self.groups) {
            let expected = format!("channels that {} groups divide", self.groups);
            return Err(ShapeError { operand: 0, expected, hint: None });
        }
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::ChannelShuffle { groups: self.groups }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("ChannelShuffle(groups={})", self.groups)
    }
}
