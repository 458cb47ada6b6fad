//! Commands that hold specs to their documents and to bounds.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use neckar_spec::diagnostics::FixScope;
use serde::Deserialize;

use super::Settings;
use super::run::NumericsArgument;
use super::values::{count, setting, size};
use crate::spec::SpecArgument;

/// `neckar check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Specs, folders and patterns; of a file without `::Arch` every architecture is checked
    #[arg(required = true, value_name = "SPEC")]
    pub specs: Vec<SpecArgument>,
    #[command(flatten)]
    pub settings: Settings,

    /// Apply the fixes that findings offer to the files, then check them; `shapes` also declares the shapes that are found
    /// where others were declared
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "certain")]
    pub fix: Option<FixArgument>,

    /// Findings that exit with 1: errors, warnings too, or none; `error` where neckar.toml does not say
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<FailOn>,
}

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FixArgument {
    /// Those that leave alone what a document says of its network
    Certain,
    /// Those that change declared shapes too
    Shapes,
}

impl From<FixArgument> for FixScope {
    fn from(argument: FixArgument) -> FixScope {
        match argument {
            FixArgument::Certain => FixScope::Certain,
            FixArgument::Shapes => FixScope::Shapes,
        }
    }
}

/// What findings exit with 1.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors, failed expectations and exceeded bounds
    Error,
    /// Warnings too
    Warning,
    /// None
    Never,
}

/// `neckar audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Specs, folders and patterns; without any, what the gates of neckar.toml are about
    #[arg(value_name = "SPEC")]
    pub specs: Vec<SpecArgument>,
    #[command(flatten)]
    pub settings: Settings,

    /// Sizes that the figures are of, over those of the `at` clause: `--at H=640,W=640`; the batch `B` is 1
    #[arg(long, value_name = "SIZE=N", value_delimiter = ',', value_parser = size)]
    pub at: Vec<(String, i64)>,

    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,

    /// Write the report to a file
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Add what fvcore, thop, Ultralytics and tract print for the same network, and why they differ
    #[arg(long)]
    pub dialects: bool,

    /// Add the plan that is executed at these sizes: algorithms, layouts and the arena; `exact` for that in exact numerics
    #[arg(long, value_name = "NUMERICS", num_args = 0..=1, require_equals = true, default_missing_value = "fast")]
    pub plan: Option<NumericsArgument>,

    /// Plan with the algorithms of this file, which `neckar bench --tune` wrote
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub tuning: Option<PathBuf>,

    #[command(flatten)]
    pub bounds: Bounds,

    /// Findings that exit with 1: errors, warnings too, or none; `error` where neckar.toml does not say
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<FailOn>,
}

/// What a network is held to.
#[derive(Debug, Default, Args)]
pub struct Bounds {
    /// Fail above so many multiply-accumulates, such as 4.1G, 500M or 653_312
    #[arg(long, value_name = "N", value_parser = count)]
    pub max_macs: Option<u64>,

    /// Fail above so many learnable parameters
    #[arg(long, value_name = "N", value_parser = count)]
    pub max_params: Option<u64>,

    /// Fail unless a row, input or output has this shape: `--assert-shape "P3=[B, 256, H/8, W/8]"`; may be repeated
    #[arg(long, value_name = "NAME=SHAPE", value_parser = setting)]
    pub assert_shape: Vec<(String, String)>,
}

impl Bounds {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.max_macs.is_none() && self.max_params.is_none() && self.assert_shape.is_empty()
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Tables for a terminal
    Text,
    /// Tables for a page
    Markdown,
    /// For programs; `docs/audit.schema.json` describes it
    Json,
    /// Annotations of findings for GitHub Actions, and the tables in its step summary
    Github,
}
