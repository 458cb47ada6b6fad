//! Up-sampling by a whole factor: `Up2(x)`, or `Up(x, factor = 4)`. Transposed convolution has kernel and stride equal to the
//! factor and keeps the channels unless others are given.

use super::arguments::{Arguments, UpMode};
use super::conv::bias;
use super::{
    Argument, Field, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels,
    formula, map4,
};
use crate::program::{Epilogue, Instr, Resize, ResizeMode, Target, WeightId};
use crate::size::{Shape, Size};
use crate::value::InitRule;

/// Up-sampling by a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Up {
    factor: usize,
    mode: UpMode,
    out: Option<usize>,
}

const MODE: Argument =
    arg("mode", "nearest | bilinear | align_corners | bicubic | bicubic_antialiased | transposed", "the file's `resize`");
const ARGUMENTS: &[Argument] = &[MODE];
const WITH_FACTOR: &[Argument] = &[arg("factor", "int", "").at_least(1), MODE];

pub(super) static UP2: Signature = Signature {
    names: &["Up2", "up2"],
    operands: Operands::Exactly(1),
    out: Out::Optional,
    arguments: ARGUMENTS,
    doc: "twice the size; the mode is stated here or in the file, and `transposed` holds weights and so needs a name",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C, 2H, 2W]`; `transposed` gives `out` channels, where `->` names them",
        weights: "of `transposed` a `weight` [C, out, 2, 2] and a `bias` [out], both uniform on ±1/√(out·4); none of \
                  the other modes",
        macs: "of `transposed` B · out · H′ · W′ · C; none of the other modes",
        field: "cells lie twice as close; the field grows by 1/2 cell of the operand, by 3/2 under `bilinear` and \
                `align_corners`, by 7/2 under `bicubic`",
        lowering: "`Resize`, or `TransposedConv`; a resampled map that is only added is sampled as it is added",
        numerics: "`nearest` takes cell ⌊i/2⌋; `bilinear` is linear between cell centres (half-pixel), clamped at the borders; \
                   `align_corners` is linear with the corner cells aligned; `bicubic` is Keys' cubic with a = −3/4, and with a = −1/2 \
                   where antialiasing is asked for; `transposed` has its kernel equal to its stride",
        source: "PyTorch's `Upsample` and `ConvTranspose2d`",
        example: "\
arch Doubled at H = 8, W = 8 {
    numerics { resize = nearest }
    input x: [B, 4, H, W]
    up2 learned: -> 2 (mode = transposed)
    output a = Up2(x)                  → [B, 4, 2*H, 2*W]
    output b = Up2(x, mode = bilinear) → [B, 4, 16, 16]
    output c = learned(x)              → [B, 2, 16, 16]
    expect params(learned) == 34
    expect macs(learned) == 2_048
}
",
    },
};

pub(super) static UP: Signature = Signature {
    names: &["Up", "up"],
    operands: Operands::Exactly(1),
    out: Out::Optional,
    arguments: WITH_FACTOR,
    doc: "`factor` times the size; the mode is stated here or in the file, and `transposed` holds weights and so needs a name",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, C, factor·H, factor·W]`; `transposed` gives `out` channels, where `->` names them",
        weights: "of `transposed` a `weight` [C, out, factor, factor] and a `bias` [out], both uniform on ±1/√(out·factor²); none of \
                  the other modes",
        macs: "of `transposed` B · out · H′ · W′ · C; none of the other modes",
        field: "cells lie `factor` times as close; the field grows by (factor−1)/factor cells of the operand, by \
                (factor+1)/factor under `bilinear` and `align_corners`, by two more under `bicubic`",
        lowering: "`Resize`, or `TransposedConv`; a resampled map that is only added is sampled as it is added",
        numerics: "`nearest` takes cell ⌊i/factor⌋; `bilinear` is linear between cell centres (half-pixel), clamped at the borders; \
                   `align_corners` is linear with the corner cells aligned; `bicubic` is Keys' cubic with a = −3/4, and with a = −1/2 \
                   where antialiasing is asked for; `transposed` has its kernel equal to its stride",
        source: "PyTorch's `Upsample` and `ConvTranspose2d`",
        example: "\
arch Enlarged at H = 8, W = 8 {
    input x: [B, 4, H, W]
    up learned: -> 4 (factor = 4, mode = transposed)
    output a = Up(x, factor = 4, mode = align_corners) → [B, 4, 4*H, 4*W]
    output b = learned(x)                              → [B, 4, 32, 32]
    expect params(learned) == 260
}
",
    },
};

impl Up {
    pub(super) fn twice(arguments: &mut Arguments) -> Option<Up> {
        Some(Up { factor: 2, mode: arguments.up_mode(UpMode::WORDS)?, out: arguments.out })
    }

    pub(super) fn by_factor(arguments: &mut Arguments) -> Option<Up> {
        let factor = arguments.count("factor", None, 1);
        Some(Up { factor, mode: arguments.up_mode(UpMode::WORDS)?, out: arguments.out })
    }

    fn out_channels(&self, inputs: &[Shape]) -> usize {
        self.out.unwrap_or_else(|| channels(inputs, 0).unwrap_or(0))
    }
}

impl Operator for Up {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let input = map4(inputs, 0)?;
        let given = channels(inputs, 0)?;
        let mut shape = formula::scaled(input, self.factor);
        match (self.mode, self.out) {
            (UpMode::Transposed, Some(out)) => shape[1] = Size::constant(out as i64),
            (UpMode::Resample(_), Some(out)) if out != given => {
                let expected = format!("{out} channels, since only `transposed` can change them");
                return Err(ShapeError { operand: 0, expected, hint: None });
            }
            _ => {}
        }
        Ok(shape)
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        if self.mode != UpMode::Transposed {
            return Vec::new();
        }
        let (input, out) = (channels(inputs, 0).unwrap_or(1), self.out_channels(inputs));
        let shape = vec![input, out, self.factor, self.factor];
        // PyTorch takes the fan of a transposed convolution from the weight's second axis too.
        let init = InitRule::PYTORCH.resolve(&shape);
        let fan_in = out * self.factor * self.factor;
        vec![OpWeight { name: "weight".into(), shape, learnable: true, init }, bias(out, fan_in, None)]
    }

    fn field(&self) -> Field {
        // A cell that a transposed convolution gives comes from one cell, as the nearest does.
        let mode = match self.mode {
            UpMode::Transposed => ResizeMode::Nearest,
            UpMode::Resample(mode) => mode,
        };
        Field::Scaled { factor: self.factor, mode }
    }

    fn lower(&self, weights: &[WeightId], _: usize, output: &Shape) -> (Instr, Vec<Epilogue>) {
        let instr = match self.mode {
            UpMode::Resample(mode) => Instr::Resize(Resize { mode, target: Target::Factor(self.factor) }),
            UpMode::Transposed => Instr::TransposedConv {
                channels: channels(std::slice::from_ref(output), 0).unwrap_or(0),
                stride: self.factor,
                weight: weights[0],
                bias: weights.get(1).copied(),
            },
        };
        (instr, Vec::new())
    }

    fn text(&self, inputs: &[Shape]) -> String {
        let factor = self.factor;
        match self.mode {
            UpMode::Resample(ResizeMode::Nearest) => format!("Upsample(scale_factor={factor}, mode='nearest')"),
            UpMode::Resample(ResizeMode::Bilinear) => format!("Upsample(scale_factor={factor}, mode='bilinear')"),
            UpMode::Resample(ResizeMode::AlignCorners) => {
                format!("Upsample(scale_factor={factor}, mode='bilinear', align_corners=True)")
            }
            // Without a map that shrinks there is nothing to soften, but the cubic is another.
            UpMode::Resample(ResizeMode::Bicubic) => format!("Upsample(scale_factor={factor}, mode='bicubic')"),
            UpMode::Resample(ResizeMode::BicubicAntialiased) => {
                format!("Upsample(scale_factor={factor}, mode='bicubic', antialias=True)")
            }
            UpMode::Transposed => {
                let (input, out) = (channels(inputs, 0).unwrap_or(0), self.out_channels(inputs));
                format!(
                    "ConvTranspose2d({input}, {out}, kernel_size=({factor}, {factor}), stride=({factor}, {factor}))"
                )
            }
        }
    }
}
