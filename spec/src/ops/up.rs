//! Up-sampling by a whole factor: `Up2(x)`, or `Up(x, factor = 4)`. Transposed convolution has kernel and stride equal to the
//! factor and keeps the channels unless others are given.

use super::arguments::{Arguments, UpMode};
use super::conv::bias;
use super::{
    Argument, Field, OpWeight, Operands, Operator, Out, Requirement, ShapeError, Signature, arg, channels, elements,
    formula, map4,
};
use crate::program::{Epilogue, Instr, Resize, ResizeMode, Target, WeightId};
use crate::size::{Extent, Shape, Size};
use crate::value::InitRule;

/// Up-sampling by a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Up {
    factor: usize,
    mode: UpMode,
    out: Option<usize>,
}

const MODE: Argument = arg("mode", "nearest | bilinear | align_corners | transposed", "the file's resize");
const ARGUMENTS: &[Argument] = &[MODE];
const WITH_FACTOR: &[Argument] = &[arg("factor", "int", ""), MODE];

pub(super) static UP2: Signature = Signature {
    names: &["Up2", "up2"],
    operands: Operands::Exactly(1),
    out: Out::Optional,
    arguments: ARGUMENTS,
    doc: "twice the size; `transposed` holds weights [C, out, 2, 2] and so needs a name",
};

pub(super) static UP: Signature = Signature {
    names: &["Up", "up"],
    operands: Operands::Exactly(1),
    out: Out::Optional,
    arguments: WITH_FACTOR,
    doc: "`factor` times the size; `transposed` holds weights [C, out, factor, factor] and so needs a name",
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
        vec![OpWeight { name: "weight", shape, learnable: true, init }, bias(out, fan_in, None)]
    }

    fn macs(&self, inputs: &[Shape], output: &Shape) -> Size {
        match self.mode {
            UpMode::Transposed => elements(output).times(channels(inputs, 0).unwrap_or(0) as i64),
            UpMode::Resample(_) => Size::constant(0),
        }
    }

    fn field(&self) -> Field {
        // A cell that a transposed convolution gives comes from one cell, as the nearest does.
        let mode = match self.mode {
            UpMode::Transposed => ResizeMode::Nearest,
            UpMode::Resample(mode) => mode,
        };
        Field::Scaled { factor: self.factor, mode }
    }

    fn lower(&self, weights: &[WeightId], output: &Shape) -> (Instr, Vec<Epilogue>) {
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
            UpMode::Transposed => {
                let (input, out) = (channels(inputs, 0).unwrap_or(0), self.out_channels(inputs));
                format!(
                    "ConvTranspose2d({input}, {out}, kernel_size=({factor}, {factor}), stride=({factor}, {factor}))"
                )
            }
        }
    }
}
