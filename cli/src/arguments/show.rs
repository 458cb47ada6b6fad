//! Commands that show something.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Settings;
use super::values::identifier;
use crate::spec::SpecArgument;

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
