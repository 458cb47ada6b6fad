//! The portable program: what the runtime plans and runs, and what a generated module embeds.
//!
//! Bodies hold instructions with their epilogues; a block of the language stays a body that is called, and equal blocks
//! share one. Nothing here knows a device or a concrete size: shapes come from [`Instr::shape`], which is generic over
//! symbolic and concrete extents.

mod branch;
mod codec;
mod inline;
mod instruction;
mod text;
mod validate;

pub use branch::Branch;
pub use codec::{DecodeError, FORMAT};
pub use instruction::{
    Activation, Axis, Convolution, Epilogue, Instr, Norm, Normalise, Pool, PoolKind, Resize, ResizeMode, Slice, Target,
};
pub use validate::validate;
pub(crate) use validate::{Needs, validate_body};

use serde::{Deserialize, Serialize};

use crate::size::{Legal, Size, Symbol};

/// A value of a body: its inputs come first, then what its steps make.
pub type Slot = u32;

/// A weight of a body, as an index into its list of weights.
pub type WeightId = u32;

/// A whole network, ready to be planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The architecture's name.
    pub name: String,
    /// The parameters it was made with, as `name = value`.
    pub settings: Vec<(String, String)>,
    /// Its free sizes besides the batch.
    pub symbols: Vec<FreeSize>,
    /// Which sizes are legal.
    pub legal: Legal,
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Its weights, in the order of declaration.
    pub weights: Vec<Weight>,
    /// Names that a checkpoint may hold unused; `*` stands for any characters.
    pub ignored: Vec<String>,
    /// Its rows that make a map, in the order written; nested ones are named `block.row`.
    pub rows: Vec<Row>,
    /// Its layers as the spec nests them.
    pub layers: Vec<Layer>,
    /// The bodies; a body calls only those before it, the last is the network.
    pub bodies: Vec<Body>,
}

impl Program {
    /// The body of the whole network.
    pub fn entry(&self) -> &Body {
        self.bodies.last().expect("a program has at least the body of its network")
    }
}

/// A free size of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FreeSize {
    /// Its symbol.
    pub symbol: Symbol,
    /// Its value in the spec's `at` clause.
    pub at: Option<i64>,
}

/// An input of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its shape: `B`, channels, then sizes.
    pub shape: Vec<Size>,
    /// How a picture becomes this input.
    pub image: Option<Preprocessing>,
}

/// How a picture becomes an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Whether the channels are blue, green, red.
    pub bgr: bool,
    /// What a byte is multiplied with.
    pub scale: f32,
    /// Subtracted from each channel after scaling.
    pub mean: Vec<f32>,
    /// Each channel is divided by it last.
    pub std: Vec<f32>,
    /// How the picture comes to the input's size.
    pub fit: Fit,
}

/// How a picture comes to an input's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fit {
    /// Resized along both axes, whatever its proportions.
    Stretch,
    /// Resized until it covers the input, then cropped at the centre.
    Cover,
    /// Resized until it fits, then padded on the right and below with zeros.
    Pad,
}

/// An output of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name; a member of a list is named `list.member`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<Size>,
}

/// A tensor that a checkpoint holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Its name in checkpoints.
    pub name: String,
    /// Its shape, output channels first as in PyTorch.
    pub shape: Vec<usize>,
    /// Whether training changes it, unlike running statistics.
    pub learnable: bool,
    /// What it holds before a checkpoint is read.
    pub init: Init,
}

/// How a weight is initialised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Init {
    /// Every element the same.
    Constant(f32),
    /// Uniform on \[-bound, bound].
    Uniform {
        /// The bound.
        bound: f32,
    },
    /// Normal with mean 0.
    Normal {
        /// The standard deviation.
        std: f32,
    },
}

/// A row that makes a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name; nested rows are named `block.row`.
    pub name: String,
    /// What makes it, as written.
    pub text: String,
    /// Its inferred shape.
    pub shape: Vec<Size>,
    /// Whether the row declares its shape.
    pub declared: bool,
}

/// A layer as the spec nests it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Its name in its parent.
    pub name: String,
    /// `Conv2d(3, 64, kernel_size=(7, 7), …)`, or a block's name.
    pub text: String,
    /// Learnable parameters, with those of its children.
    pub parameters: u64,
    /// The layers inside.
    pub children: Vec<Layer>,
}

/// A list of steps with its inputs, weights and outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The block's or the architecture's name.
    pub name: String,
    /// How many of the slots are inputs; they come first.
    pub inputs: u32,
    /// How many slots there are.
    pub slots: u32,
    /// How many weights its steps refer to; of the entry they are the program's.
    pub weights: u32,
    /// The steps, in an order in which they can run.
    pub steps: Vec<Step>,
    /// The slots that are its outputs.
    pub outputs: Vec<Slot>,
}

/// One step of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// An instruction and what is done to each of its results before it is stored.
    Run {
        /// The instruction.
        instr: Instr,
        /// What it reads: the instruction's operands first, then those of the epilogue.
        args: Vec<Slot>,
        /// Done to each result, in order.
        epilogue: Vec<Epilogue>,
        /// Where the result goes.
        out: Slot,
        /// The row whose map this is, where it is one; relative to the body.
        row: Option<String>,
    },
    /// Another body.
    Call {
        /// Its index.
        body: u32,
        /// The instance's name, which stands before its rows' names.
        name: String,
        /// What it reads.
        args: Vec<Slot>,
        /// For each weight of the called body, the weight of this one.
        weights: Vec<WeightId>,
        /// Where its outputs go.
        outs: Vec<Slot>,
        /// The row names of outputs that are rows of this body.
        rows: Vec<Option<String>>,
    },
}
