//! Commands that make and tidy what users write.

use std::path::PathBuf;

use clap::Args;

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
