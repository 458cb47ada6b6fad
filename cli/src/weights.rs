//! The weights that a network runs or is exported with.

use std::path::{Path, PathBuf};

use clap::Args;
use neckar::{LoadOptions, NameTable, Weights};
use neckar_spec::Program;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Where weights come from.
#[derive(Debug, Args)]
pub struct WeightsArguments {
    /// Weights, a safetensors file; without it they are initialised as the spec says
    #[arg(id = "weights", long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Accept a weights file with tensors that the network does not use
    #[arg(long, requires = "weights")]
    pub allow_unused: bool,

    /// What the file calls the weights: a table that `neckar weights map` proposes
    #[arg(long, value_name = "TABLE", requires = "weights")]
    pub map: Option<PathBuf>,

    /// Seed of the weights and inputs that are drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

impl WeightsArguments {
    /// The weights of the file, or drawn ones; which, and what is odd about them, is said.
    pub fn load(&self, program: &Program, terminal: &Terminal) -> Result<Weights, Failure> {
        let Some(path) = &self.file else {
            if !program.weights.is_empty() {
                let seed = self.seed;
                terminal.note(&format!("without --weights they are initialised as the spec says (seed {seed})"));
            }
            return Ok(Weights::init(program, self.seed));
        };
        let names = self.map.as_deref().map(read_names).transpose()?.unwrap_or_default();
        let options = LoadOptions { allow_unused: self.allow_unused, names };
        let (weights, report) = Weights::load(program, path, &options)?;
        for warning in report.warnings.iter().chain(&report.causes) {
            terminal.warning(&format!("{}: {warning}", path.display()));
        }
        if !report.unused.is_empty() {
            let names: Vec<&str> = report.unused.iter().take(5).map(|unused| unused.name.as_str()).collect();
            let more = if report.unused.len() > names.len() { ", …" } else { "" };
            let count = report.unused.len();
            terminal.warning(&format!("{}: {count} tensors are not used: {}{more}", path.display(), names.join(", ")));
        }
        Ok(weights)
    }
}

/// Reads a table of names.
pub fn read_names(path: &Path) -> Result<NameTable, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, error))?;
    NameTable::parse(&text).map_err(|error| Failure::unreadable(path, error))
}
