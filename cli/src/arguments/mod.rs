//! The command line; a file a group of commands.

mod authoring;
mod bench;
mod check;
mod exchange;
mod run;
mod show;
mod values;

use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::compare::Compare;
use values::setting;

pub use authoring::{Fmt, Init};
pub use bench::{Bench, BenchFormat};
pub use check::{Audit, Bounds, Check, FailOn, ReportFormat};
pub use exchange::{Export, ExportOnnx, ExportPytorch, Prepare, Weights, WeightsCheck, WeightsInit, WeightsMap};
pub use run::{Run, read_tuning};
pub use show::{Draw, DrawingFormat, Expand, Explain, Ops, Zoo};
pub use values::{count, device};

/// Checks, runs and shows the multi-scale networks that `.arch` files describe.
///
/// SPEC is the path of an `.arch` file (with a `/` or ending in `.arch`) or a name of the zoo, with `::Arch` behind it
/// where a file holds several architectures. `check` and `audit` also take folders, for every `.arch` file below them, and
/// patterns such as `"necks/**/*.arch"`; one that stands for no file could not be completed.
///
/// Exit codes: 0 clean; 1 the spec has findings; 2 the command line or neckar.toml is wrong; 3 it could not be completed
/// (files, weights, inputs, sizes, devices).
#[derive(Debug, Parser)]
#[command(name = "neckar", version, max_term_width = 110)]
pub struct Arguments {
    /// When to use colours; `auto` also heeds NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Say more, such as the rows inside blocks
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check specs: shapes, legal sizes and expectations
    Check(Check),
    /// Show what each row, layer and network holds and costs, and hold it to bounds
    Audit(Audit),
    /// Put `.arch` files into the one style
    Fmt(Fmt),
    /// Run a network and show what each row gave and took
    Run(Run),
    /// Time a network, and each of its rows
    Bench(Bench),
    /// Make a crate with a first neck that builds and runs
    Init(Init),
    /// Compare two runs, or a run and a reference, row by row
    Compare(Compare),
    /// Write a network for other tools
    #[command(subcommand)]
    Export(Export),
    /// Make, check and map files of weights
    #[command(subcommand)]
    Weights(Weights),
    /// Write the lock of the checkpoints that `arch!` names, so that builds need no weights
    Prepare(Prepare),
    /// Draw a network: levels as rows, the paths through the pyramid as columns
    Draw(Draw),
    /// Print the Rust module that `arch!` makes of a spec
    Expand(Expand),
    /// List the specs that ship with neckar, or print one
    Zoo(Zoo),
    /// List the operators of the language, or explain one
    Ops(Ops),
    /// List the codes that findings carry, or explain one
    Explain(Explain),
}

/// Values of a spec's parameters.
#[derive(Debug, Args)]
pub struct Settings {
    /// Set a parameter of the architecture: `--set levels=3`, `--set "layers=[3, 4, 6, 3]"`
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    pub settings: Vec<(String, String)>,
}
