//! `neckar bench`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use neckar::Algorithm;

use super::Settings;
use super::run::Execution;
use super::values::{seconds, size};
use crate::run::InputArguments;
use crate::spec::SpecArgument;
use crate::weights::WeightsArguments;

/// `neckar bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,

    /// Sizes that inputs are drawn at, over those of the `at` clause: `--at H=640,W=640`
    #[arg(
        long,
        value_name = "SIZE=N",
        value_delimiter = ',',
        value_parser = size,
        conflicts_with = "input"
    )]
    pub at: Vec<(String, i64)>,

    /// Pictures in a run; 1 where left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "input")]
    pub batch: Option<u32>,

    #[command(flatten)]
    pub weights: WeightsArguments,

    #[command(flatten)]
    pub input: InputArguments,

    #[command(flatten)]
    pub execution: Execution,

    /// Time at least so many runs
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,

    /// Go on until the timed runs took so long
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds)]
    pub seconds: f64,

    /// Measure each convolution by each algorithm that suits it, write the fastest to a file for --tuning, and go on with them
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["tuning", "algorithm", "max_packed_bytes"]
    )]
    pub tune: Option<PathBuf>,

    /// Compute every convolution that it suits by one algorithm, all others directly
    #[arg(long, value_name = "NAME", conflicts_with = "tuning")]
    pub algorithm: Option<AlgorithmArgument>,

    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: BenchFormat,

    /// Write the report to a file
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// An algorithm for convolutions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AlgorithmArgument {
    /// A product over all taps and channels
    Direct,
    /// Winograd's, in tiles of 2 × 2 results
    Winograd2,
    /// Winograd's, in tiles of 4 × 4 results
    Winograd4,
    /// Winograd's, in tiles of 6 × 6 results
    Winograd6,
}

impl From<AlgorithmArgument> for Algorithm {
    fn from(argument: AlgorithmArgument) -> Algorithm {
        match argument {
            AlgorithmArgument::Direct => Algorithm::Direct,
            AlgorithmArgument::Winograd2 => Algorithm::Winograd2,
            AlgorithmArgument::Winograd4 => Algorithm::Winograd4,
            AlgorithmArgument::Winograd6 => Algorithm::Winograd6,
        }
    }
}

/// How times are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchFormat {
    /// A table for a terminal
    Text,
    /// For programs
    Json,
}
