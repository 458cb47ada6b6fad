//! The operators of the language, one file each.
//!
//! An operator's file holds its signature (names, arguments, documentation), how it is built from arguments, its shape
//! rule, weights, cost, receptive field and lowering. Adding one: write the file, add its line to `operators!`.

pub mod arguments;
pub mod formula;
mod page;

pub use page::Page;

use std::borrow::Cow;

use crate::program::{Axis, Epilogue, Init, Instr, ResizeMode, WeightId};
use crate::size::{Relation, Shape, Size};

use arguments::Arguments;

/// What the language knows of an operator before it is used.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its names: the first is canonical.
    pub names: &'static [&'static str],
    /// Its operands, named for messages.
    pub operands: Operands,
    /// Whether a declaration gives output channels: `-> 128`.
    pub out: Out,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// What it does, with its formula.
    pub doc: &'static str,
    /// What its page says besides.
    pub page: Page,
}

/// How many operands an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// Exactly these.
    Exactly(usize),
    /// At least so many.
    AtLeast(usize),
}

/// Whether a declaration gives output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// It must.
    Required,
    /// It may.
    Optional,
    /// The operator keeps its channels.
    None,
}

/// An argument of an operator, for documentation and near names.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Its type as the reference prints it.
    pub ty: &'static str,
    /// Its default as the reference prints it; empty where it must be given.
    pub default: &'static str,
    /// The least whole number that it takes; the greatest is [`arguments::GREATEST`].
    pub least: Option<i64>,
    /// What else is asked of it.
    pub note: &'static str,
}

impl Argument {
    const fn at_least(self, least: i64) -> Argument {
        Argument { least: Some(least), ..self }
    }

    const fn note(self, note: &'static str) -> Argument {
        Argument { note, ..self }
    }
}

/// Shorthand for a table of arguments.
const fn arg(name: &'static str, ty: &'static str, default: &'static str) -> Argument {
    Argument { name, ty, default, least: None, note: "" }
}

/// A weight that an operator holds.
#[derive(Clone, Debug, PartialEq)]
pub struct OpWeight {
    /// Its name below the layer's: `weight`, `running_mean`.
    pub name: Cow<'static, str>,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub learnable: bool,
    /// What it holds at first.
    pub init: Init,
}

/// What must hold between operands.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// What must hold.
    pub relation: Relation,
    /// The axis it concerns.
    pub axis: usize,
    /// The operand that has to agree with the first, where two are compared.
    pub operand: Option<usize>,
}

/// Why a shape does not suit an operator.
#[derive(Clone, Debug)]
pub struct ShapeError {
    /// The operand at fault.
    pub operand: usize,
    /// What was expected of it.
    pub expected: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
}

/// How a result depends on the cells of its operands, along each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field {
    /// Cell by cell.
    Pointwise,
    /// Sliding windows along rows and columns.
    Windows([formula::Window; 2]),
    /// Resampled by a factor.
    Scaled {
        /// The factor.
        factor: usize,
        /// Which cells of the source contribute.
        mode: ResizeMode,
    },
    /// Windows of the first operand around the cell that each cell comes from, joined with what the second one sees.
    Reassembled {
        /// Rows and columns of the window, an odd number.
        kernel: usize,
        /// Cells along each axis in place of one.
        factor: usize,
    },
    /// Resampled to the sizes of the last operand, which itself is not read.
    Like {
        /// Which cells of the source contribute.
        mode: ResizeMode,
    },
    /// All of the map.
    Global,
}

/// What every operator answers.
pub trait Operator: Sized {
    /// The result's shape, and what must hold of the operands' sizes.
    ///
    /// # Errors
    /// Where ranks or channels do not suit.
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError>;

    /// Its weights, for operands whose shapes were accepted.
    fn weights(&self, _inputs: &[Shape]) -> Vec<OpWeight> {
        Vec::new()
    }

    /// How results depend on cells of the operands.
    fn field(&self) -> Field {
        Field::Pointwise
    }

    /// The instruction, and what its epilogue begins with, for so many operands.
    fn lower(&self, weights: &[WeightId], operands: usize, output: &Shape) -> (Instr, Vec<Epilogue>);

    /// The operator as PyTorch prints its module.
    fn text(&self, inputs: &[Shape]) -> String;
}

/// Declares the operators: the modules, the closed enum, its dispatch and the registry.
macro_rules! operators {
    ($($module:ident::$Type:ident [$($signature:ident => $build:expr),+];)+) => {
        $(mod $module; pub use $module::$Type;)+

        /// An operator with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op { $(
            #[doc = concat!("See `ops/", stringify!($module), ".rs`.")]
            $Type($Type),
        )+ }

        type Build = fn(&mut Arguments) -> Option<Op>;

        static REGISTRY: &[(&Signature, Build)] = &[$($(
            (&$module::$signature, |arguments| $build(arguments).map(Op::$Type)),
        )+)+];

        impl Op {
            /// The result's shape, and what must hold of the operands' sizes.
            ///
            /// # Errors
            /// Where ranks or channels do not suit.
            pub fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
                match self { $(Op::$Type(op) => op.shape(inputs, require),)+ }
            }

            /// Its weights, for operands whose shapes were accepted.
            pub fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
                match self { $(Op::$Type(op) => op.weights(inputs),)+ }
            }

            /// Multiply-accumulates for one run, which are its instruction's.
            pub fn macs(&self, inputs: &[Shape], output: &Shape) -> Size {
                let weights: Vec<WeightId> = (0..).take(self.weights(inputs).len()).collect();
                self.lower(&weights, inputs.len(), output).0.macs(inputs, output)
            }

            /// How results depend on cells of the operands.
            pub fn field(&self) -> Field {
                match self { $(Op::$Type(op) => op.field(),)+ }
            }

            /// The instruction, and what its epilogue begins with.
            pub fn lower(&self, weights: &[WeightId], operands: usize, output: &Shape) -> (Instr, Vec<Epilogue>) {
                match self { $(Op::$Type(op) => op.lower(weights, operands, output),)+ }
            }

            /// The operator as PyTorch prints its module.
            pub fn text(&self, inputs: &[Shape]) -> String {
                match self { $(Op::$Type(op) => op.text(inputs),)+ }
            }
        }
    };
}

pub(crate) use fuse::WORDS as FUSE_WORDS;

operators! {
    activation::Activate [
        RELU => Activate::relu, SILU => Activate::silu, SIGMOID => Activate::sigmoid, GELU => Activate::gelu,
        HARD_SIGMOID => Activate::hard_sigmoid, HARD_SWISH => Activate::hard_swish
    ];
    attention::Attention [SIGNATURE => Attention::build];
    adaptive_avg_pool::AdaptiveAvgPool [SIGNATURE => AdaptiveAvgPool::build, GLOBAL => AdaptiveAvgPool::global];
    add::Add [SIGNATURE => Add::build];
    batch_norm::BatchNorm [SIGNATURE => BatchNorm::build];
    channel_shuffle::ChannelShuffle [SIGNATURE => ChannelShuffle::build];
    concat::Concat [SIGNATURE => Concat::build];
    conv::Conv [SIGNATURE => Conv::build];
    flatten::Flatten [SIGNATURE => Flatten::build];
    fold::Fold [SIGNATURE => Fold::build];
    fuse::Fuse [SIGNATURE => Fuse::build];
    group_norm::GroupNorm [SIGNATURE => GroupNorm::build];
    l2_normalize::L2Normalize [SIGNATURE => L2Normalize::build];
    layer_norm::LayerNorm [SIGNATURE => LayerNorm::build];
    layer_scale::LayerScale [SIGNATURE => LayerScale::build];
    learned::Learned [SIGNATURE => Learned::build];
    linear::Linear [SIGNATURE => Linear::build];
    mean::Mean [SIGNATURE => Mean::build];
    multiply::Multiply [SIGNATURE => Multiply::build];
    permute::Permute [SIGNATURE => Permute::build];
    pixel_shuffle::PixelShuffle [SIGNATURE => PixelShuffle::build];
    pool::WindowPool [MAX => WindowPool::max, AVERAGE => WindowPool::average];
    reassemble::Reassemble [SIGNATURE => Reassemble::build];
    scale::Scale [SIGNATURE => Scale::build];
    slice::Slice [SIGNATURE => Slice::build];
    matmul::MatMul [SIGNATURE => MatMul::build];
    sine_positions::SinePositions [SIGNATURE => SinePositions::build];
    softmax::Softmax [SIGNATURE => Softmax::build];
    tokens::Tokens [SIGNATURE => Tokens::build];
    up::Up [UP2 => Up::twice, UP => Up::by_factor];
    up_to::UpTo [SIGNATURE => UpTo::build];
}

/// Every operator's signature, in alphabetical order of the files.
pub fn signatures() -> impl Iterator<Item = &'static Signature> {
    REGISTRY.iter().map(|(signature, _)| *signature)
}

/// The signature that has this name.
pub fn signature(name: &str) -> Option<&'static Signature> {
    signatures().find(|signature| signature.names.contains(&name))
}

/// Builds the operator of a signature from arguments; problems are reported through them.
pub fn build(signature: &Signature, arguments: &mut Arguments) -> Option<Op> {
    let (_, build) = REGISTRY.iter().find(|(registered, _)| registered.names == signature.names)?;
    let op = build(arguments);
    arguments.finish(signature).then_some(op).flatten()
}

/// `[B, C, H, W]`, or an error that says so.
fn map4(inputs: &[Shape], operand: usize) -> Result<&Shape, ShapeError> {
    let shape = &inputs[operand];
    if shape.len() == 4 {
        return Ok(shape);
    }
    Err(ShapeError { operand, expected: "a map [B, C, H, W]".into(), hint: None })
}

/// `[B, C, N]`, or an error that says so.
fn tokens(inputs: &[Shape], operand: usize) -> Result<&Shape, ShapeError> {
    let shape = &inputs[operand];
    if shape.len() == 3 {
        return Ok(shape);
    }
    let hint = (shape.len() == 4).then(|| "write `tokens(x)` for the cells of a map as tokens".into());
    Err(ShapeError { operand, expected: "tokens [B, C, N]".into(), hint })
}

/// The channels of an operand, which are always known.
fn channels(inputs: &[Shape], operand: usize) -> Result<usize, ShapeError> {
    match inputs[operand].get(1).and_then(Size::as_constant) {
        Some(channels) if channels > 0 => Ok(channels as usize),
        _ => Err(ShapeError { operand, expected: "a known number of channels".into(), hint: None }),
    }
}

/// The place of an axis in an operand's shape, or an error where it has no such axis.
fn axis_of(shape: &Shape, axis: Axis) -> Result<usize, ShapeError> {
    if axis.index() < shape.len() {
        return Ok(axis.index());
    }
    let expected = format!("a map with {axis}");
    Err(ShapeError { operand: 0, expected, hint: None })
}

/// Every operand agrees with the first on the given axes.
fn agree(inputs: &[Shape], axes: impl Fn(usize) -> bool, require: &mut Vec<Requirement>) -> Result<(), ShapeError> {
    for (operand, shape) in inputs.iter().enumerate().skip(1) {
        if shape.len() != inputs[0].len() {
            let expected = format!("{} axes, as the first operand has", inputs[0].len());
            return Err(ShapeError { operand, expected, hint: None });
        }
        for axis in (0..shape.len()).filter(|&axis| axes(axis)) {
            let relation = Relation::Equal(inputs[0][axis].clone(), shape[axis].clone());
            require.push(Requirement { relation, axis, operand: Some(operand) });
        }
    }
    Ok(())
}

/// Every window fits: the padded size is at least the window's extent.
fn windows_fit(input: &Shape, windows: &[formula::Window; 2], require: &mut Vec<Requirement>) {
    for (window, axis) in windows.iter().zip([2, 3]) {
        let relation = Relation::AtLeast(input[axis].clone(), window.least_input().max(1));
        require.push(Requirement { relation, axis, operand: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_arguments_documented() {
        let mut names: Vec<&str> = signatures().flat_map(|signature| signature.names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(signatures().all(|signature| !signature.doc.is_empty()));
    }
}
