//! The command line.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use neckar::{Device, Numerics};
use neckar_spec::diagnostics::FixScope;
use serde::Deserialize;

use crate::compare::Compare;
use crate::files::Target;
use crate::run::InputArguments;
use crate::spec::SpecArgument;
use crate::weights::WeightsArguments;

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

/// `neckar fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Write nothing; name the files whose style differs, and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,

    /// Files, folders for every `.arch` file below them, and patterns such as `"necks/**/*.arch"`; `-` alone formats the
    /// standard input to the standard output
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
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

    /// Where to run: `cpu`, `cuda` or `cuda:N`
    #[arg(long, default_value = "cpu", value_parser = device)]
    pub device: Device,

    /// Threads; one a core where left out. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// `exact` forbids algorithms that round differently from a direct convolution
    #[arg(long, default_value = "fast")]
    pub numerics: NumericsArgument,
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

/// `neckar init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the crate; it is made where it is not there, and nothing in it is written over
    #[arg(default_value = ".", value_name = "PATH")]
    pub path: PathBuf,

    /// Begin with a spec of the zoo
    #[arg(long, value_name = "ZOO")]
    pub from: Option<String>,

    /// Name of the crate; that of the folder where left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Checkout of neckar that the crate depends on; that which this command was built from where left out
    #[arg(long, value_name = "PATH")]
    pub neckar: Option<PathBuf>,
}

/// `neckar export`.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Write an ONNX model (opset 17) that takes every legal size and batch
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

/// `neckar draw`.
#[derive(Debug, Args)]
pub struct Draw {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,

    /// How it is drawn; without it the extension of the file says so, and without a file it is text
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<DrawingFormat>,

    /// Write the drawing to a file: .svg, .png, .mmd, .dot or .txt
    #[arg(short, long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Draw text with ASCII characters alone
    #[arg(long)]
    pub ascii: bool,
}

/// How a network is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawingFormat {
    /// A picture that scales
    Svg,
    /// A picture of pixels
    Png,
    /// A flowchart for pages that render Mermaid
    Mermaid,
    /// A digraph for Graphviz
    Dot,
    /// Characters for a terminal
    Text,
}

/// `neckar expand`.
#[derive(Debug, Args)]
pub struct Expand {
    /// The spec
    pub spec: SpecArgument,
    #[command(flatten)]
    pub settings: Settings,

    /// Name of the module, as `arch!("…" as NAME)` gives it
    #[arg(long = "as", value_name = "NAME", value_parser = identifier)]
    pub name: Option<String>,
}

/// `neckar zoo`.
#[derive(Debug, Args)]
pub struct Zoo {
    /// A spec to print
    pub name: Option<String>,
}

/// `neckar ops`.
#[derive(Debug, Args)]
pub struct Ops {
    /// An operator to explain
    pub name: Option<String>,
}

/// `neckar explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code to explain, such as NK0202, or the name of a lint
    pub code: Option<String>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

fn size(text: &str) -> Result<(String, i64), String> {
    let (name, value) = setting(text).map_err(|_| "expected SIZE=N, such as H=640".to_owned())?;
    match value.parse() {
        Ok(value) if value > 0 => Ok((name, value)),
        _ => Err(format!("`{value}` is not a whole number above 0")),
    }
}

/// `653_312`, `25.5M`, `4.1G`.
pub fn count(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let unit = |suffix: char| match suffix.to_ascii_lowercase() {
        'k' => Some(1e3),
        'm' => Some(1e6),
        'g' => Some(1e9),
        't' => Some(1e12),
        _ => None,
    };
    let scaled = digits.chars().next_back().and_then(unit).and_then(|unit| {
        let number: f64 = digits[..digits.len() - 1].parse().ok()?;
        (number >= 0.0 && number * unit < 1e18).then_some((number * unit).round() as u64)
    });
    let expected = || "expected a number such as 653_312, 25.5M or 4.1G".to_owned();
    digits.parse().ok().or(scaled).ok_or_else(expected)
}

fn identifier(text: &str) -> Result<String, String> {
    let parsed: syn::Result<syn::Ident> = syn::parse_str(text);
    parsed.map(|ident| ident.to_string()).map_err(|_| "expected a Rust identifier such as `lite_add`".to_owned())
}

pub fn device(text: &str) -> Result<Device, String> {
    let number = match text.split_once(':') {
        None if text == "cpu" => return Ok(Device::Cpu),
        None if text == "cuda" => Some(0),
        Some(("cuda", number)) => number.parse().ok(),
        _ => None,
    };
    number.map(Device::Cuda).ok_or_else(|| "expected `cpu`, `cuda` or `cuda:N`".to_owned())
}
