//! Commands that bring networks and weights to other tools and back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Settings;
use super::values::size;
use crate::spec::SpecArgument;
use crate::weights::WeightsArguments;

/// `neckar export`.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Write an ONNX model (opset 17) that takes every legal size and batch, or those of `--at`
    Onnx(ExportOnnx),
    /// Write a PyTorch module whose `state_dict` has neckar's checkpoint names
    Pytorch(ExportPytorch),
}

/// `neckar export pytorch`.
#[derive(Debug, Args)]
pub struct ExportPytorch {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,

    /// Where the module goes; `<spec>.py` in the current folder where left out
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `neckar export onnx`.
#[derive(Debug, Args)]
pub struct ExportOnnx {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub weights: WeightsArguments,

    /// Where the model goes; `<spec>.onnx` in the current folder where left out
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Multiply batch norms into the convolutions before them
    #[arg(long)]
    pub fold_norms: bool,

    /// Fix the sizes: at these, over those of the `at` clause; the batch too where it is among them: `--at H=640,W=640,B=1`
    #[arg(long, value_name = "SIZE=N", value_delimiter = ',', value_parser = size)]
    pub at: Vec<(String, i64)>,

    /// Put the weights into a file beside the model, named as it with `.data` behind
    #[arg(long)]
    pub beside: bool,
}

/// `neckar weights`.
#[derive(Debug, Subcommand)]
pub enum Weights {
    /// Write weights drawn as the spec says
    Init(WeightsInit),
    /// Hold a file of weights to a spec, by its header alone
    Check(WeightsCheck),
    /// Propose a table from another tool's names to the spec's
    Map(WeightsMap),
}

/// `neckar weights init`.
#[derive(Debug, Args)]
pub struct WeightsInit {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,

    /// Seed of the weights
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    /// Where they go; `<spec>.safetensors` in the current folder where left out
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `neckar weights check`.
#[derive(Debug, Args)]
pub struct WeightsCheck {
    /// The spec
    pub spec: SpecArgument,

    /// A safetensors file
    pub file: PathBuf,
    #[command(flatten)]
    pub settings: Settings,

    /// What the file calls the weights: a table that `neckar weights map` proposes
    #[arg(long, value_name = "TABLE")]
    pub map: Option<PathBuf>,

    /// Accept tensors that the network does not use
    #[arg(long)]
    pub allow_unused: bool,
}

/// `neckar weights map`.
#[derive(Debug, Args)]
pub struct WeightsMap {
    /// The spec
    pub spec: SpecArgument,

    /// A safetensors file with other names
    pub file: PathBuf,
    #[command(flatten)]
    pub settings: Settings,

    /// Where the table goes; the standard output where left out
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `neckar prepare`.
#[derive(Debug, Args)]
pub struct Prepare {
    /// Write nothing; exit with 1 where the lock is not what it would be
    #[arg(long)]
    pub check: bool,

    /// The package: a folder with a `Cargo.toml`
    #[arg(default_value = ".", value_name = "PATH")]
    pub package: PathBuf,
}
