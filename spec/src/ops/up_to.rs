//! Resampling to another map's size, either way, without antialiasing unless that is asked for: `UpTo(x, C4)`.

use super::arguments::{Arguments, UpMode};
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, map4};
use crate::diagnostics::{Code, Diagnostic};
use crate::program::{Epilogue, Instr, Resize, ResizeMode, Target, WeightId};
use crate::size::Shape;

/// Resampling to the second operand's size.
#[derive(Clone, Debug, PartialEq)]
pub struct UpTo {
    mode: ResizeMode,
}

const WORDS: &[&str] = &["nearest", "bilinear", "align_corners", "bicubic", "bicubic_antialiased"];
const ARGUMENTS: &[Argument] =
    &[arg("mode", "nearest | bilinear | align_corners | bicubic | bicubic_antialiased", "the file's `resize`")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["UpTo", "up_to"],
    operands: Operands::Exactly(2),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "the first map at the second one's size, larger or smaller",
    page: Page {
        shape: "`[B, C, H, W]`, `[B, C₂, H₂, W₂]` → `[B, C, H₂, W₂]`",
        field: "that of the first operand and a cell of it more, three under `bilinear` and `align_corners`, five under `bicubic`; the stride is the \
                second operand's",
        lowering: "`Resize`; a map that is only added is sampled as it is added",
        numerics: "no antialiasing but under `bicubic_antialiased`; `nearest` takes cell ⌊i·H/H₂⌋, `bilinear` is linear between cell centres (half-pixel), \
                   `align_corners` is linear with the corner cells aligned; `bicubic` is Keys' cubic with a = −3/4, with \
                   antialiasing a = −1/2 and as wide as the scale where the map shrinks; the second operand's values are not read",
        source: "PyTorch's `interpolate(size=…)`; Keys, IEEE TASSP 29 (1981)",
        example: "\
arch AnySize at H = 15, W = 20 {
    numerics { resize = nearest }
    input C3: [B, 8, H, W]
    conv down: -> 8 (kernel = 3, stride = 2, padding = 1)
    C4 = down(C3)           → [B, 8, 8, 10]
    P3 = C3 ⊕ UpTo(C4, C3)  → [B, 16, 15, 20]
    output P3
    expect legal(H) == all
}
",
        ..Page::CELLWISE
    },
};

impl UpTo {
    pub(super) fn build(arguments: &mut Arguments) -> Option<UpTo> {
        match arguments.up_mode(WORDS)? {
            UpMode::Resample(mode) => Some(UpTo { mode }),
            UpMode::Transposed => {
                let message = format!("{} inherits `transposed`, which cannot reach any size", arguments.subject);
                let diagnostic = Diagnostic::error(Code::WrongChoice, arguments.span, message);
                arguments.diagnostics.push(diagnostic.hint("write `(mode = nearest)` here"));
                arguments.poisoned = true;
                None
            }
        }
    }
}

impl Operator for UpTo {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let (input, like) = (map4(inputs, 0)?, map4(inputs, 1)?);
        Ok(vec![input[0].clone(), input[1].clone(), like[2].clone(), like[3].clone()])
    }

    fn field(&self) -> Field {
        Field::Like { mode: self.mode }
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Resize(Resize { mode: self.mode, target: Target::Like }), Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        match self.mode {
            ResizeMode::Nearest => "UpTo(mode='nearest')",
            ResizeMode::Bilinear => "UpTo(mode='bilinear')",
            ResizeMode::AlignCorners => "UpTo(mode='bilinear', align_corners=True)",
            ResizeMode::Bicubic => "UpTo(mode='bicubic')",
            ResizeMode::BicubicAntialiased => "UpTo(mode='bicubic', antialias=True)",
        }
        .into()
    }
}
