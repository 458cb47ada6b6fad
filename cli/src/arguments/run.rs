//! Commands that run networks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use neckar::{Device, Instructions, Numerics, Options, Tuning};

use super::Settings;
use super::values::{bytes, device};
use crate::failure::Failure;
use crate::files::Target;
use crate::run::InputArguments;
use crate::spec::SpecArgument;
use crate::weights::WeightsArguments;

/// `neckar run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,

    #[command(flatten)]
    pub weights: WeightsArguments,

    #[command(flatten)]
    pub input: InputArguments,

    /// Write the outputs: tensors to .safetensors, .npz or .npy, a picture of them to .png; may be repeated
    #[arg(short, long = "out", value_name = "FILE", value_parser = Target::outputs)]
    pub out: Vec<Target>,

    /// Compute only these outputs; a list's name stands for its members
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub outputs: Option<Vec<String>>,

    /// Write every row's tensor to a .safetensors or .npz file
    #[arg(long, value_name = "FILE", value_parser = Target::rows)]
    pub rows: Option<Target>,

    #[command(flatten)]
    pub execution: Execution,
}

/// Where and how a network runs.
#[derive(Debug, Args)]
pub struct Execution {
    /// Where to run: `cpu`, `cuda` or `cuda:N`
    #[arg(long, default_value = "cpu", value_parser = device)]
    pub device: Device,

    /// Threads; one a core where left out. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// `exact` forbids algorithms that round differently from a direct convolution
    #[arg(long, default_value = "fast")]
    pub numerics: NumericsArgument,

    /// The largest set of instructions that may be used, where the processor has it
    #[arg(long, value_name = "SET", default_value = "avx512")]
    pub instructions: InstructionsArgument,

    /// Bytes that packed weights may take, such as 64M; faster algorithms need more
    #[arg(long, value_name = "N", value_parser = bytes)]
    pub max_packed_bytes: Option<usize>,

    /// Compute convolutions by the algorithms that `neckar bench --tune` found fastest and wrote to this file
    #[arg(long, value_name = "FILE")]
    pub tuning: Option<PathBuf>,
}

/// The tuning of a file.
pub fn read_tuning(file: Option<&Path>) -> Result<Option<Arc<Tuning>>, Failure> {
    file.map(|file| Ok(Arc::new(Tuning::load(file)?))).transpose()
}

impl Execution {
    /// As the runtime takes them.
    pub fn options(&self) -> Result<Options, Failure> {
        Ok(Options {
            device: self.device,
            threads: self.threads.map_or(0, usize::from),
            numerics: self.numerics.into(),
            instructions: self.instructions.into(),
            max_packed_bytes: self.max_packed_bytes,
            tuning: read_tuning(self.tuning.as_deref())?,
            ..Options::default()
        })
    }
}

/// A set of instructions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum InstructionsArgument {
    /// What every processor of this kind has
    Portable,
    /// AVX2 with FMA
    Avx2,
    /// AVX-512
    Avx512,
}

impl From<InstructionsArgument> for Instructions {
    fn from(argument: InstructionsArgument) -> Instructions {
        match argument {
            InstructionsArgument::Portable => Instructions::Portable,
            InstructionsArgument::Avx2 => Instructions::Avx2,
            InstructionsArgument::Avx512 => Instructions::Avx512,
        }
    }
}

/// How results may be rounded.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum NumericsArgument {
    /// Whatever is fastest within a stated bound
    Fast,
    /// As a direct convolution rounds
    Exact,
}

impl From<NumericsArgument> for Numerics {
    fn from(argument: NumericsArgument) -> Numerics {
        match argument {
            NumericsArgument::Fast => Numerics::Fast,
            NumericsArgument::Exact => Numerics::Exact,
        }
    }
}
