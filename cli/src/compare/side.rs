//! What stands on one side of a comparison: a run, or a bundle of tensors.

use std::path::PathBuf;
use std::str::FromStr;

use neckar::{Device, Numerics};

use crate::arguments::device;

/// One side of a comparison.
#[derive(Clone, Debug)]
pub enum Side {
    /// A run.
    Run(RunSide),
    /// Tensors of a file, by the names of rows, outputs or layers.
    Bundle(PathBuf),
}

/// A run, by what it has of its own.
#[derive(Clone, Debug)]
pub struct RunSide {
    /// As written.
    pub text: String,
    /// How it may round.
    pub numerics: Numerics,
    /// Where it runs.
    pub device: Device,
    /// On how many threads; 0 for one a core.
    pub threads: usize,
    /// Parameters beside those of `--set`.
    pub settings: Vec<(String, String)>,
}

impl Side {
    /// How tables call it.
    pub fn name(&self) -> String {
        match self {
            Side::Run(run) => run.text.clone(),
            Side::Bundle(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Side, String> {
        let path = PathBuf::from(text);
        let is_bundle =
            path.extension().is_some_and(|own| ["safetensors", "npz", "npy"].iter().any(|known| own == *known));
        if is_bundle {
            return Ok(Side::Bundle(path));
        }
        let mut run = RunSide {
            text: text.to_owned(),
            numerics: Numerics::Exact,
            device: Device::Cpu,
            threads: 0,
            settings: Vec::new(),
        };
        for word in text.split(',').map(str::trim) {
            match word.split_once('=') {
                Some((name, value)) => run.settings.push((name.trim().to_owned(), value.trim().to_owned())),
                None if word == "exact" => run.numerics = Numerics::Exact,
                None if word == "fast" => run.numerics = Numerics::Fast,
                None if word.starts_with("threads:") => {
                    let count =
                        word.trim_start_matches("threads:").parse().ok().filter(|count| (1..=1024).contains(count));
                    run.threads = count.ok_or("expected `threads:` and a number from 1 to 1024")?;
                }
                None => {
                    run.device = device(word).map_err(|_| {
                        "expected a run (`exact`, `fast`, `cpu`, `cuda:0`, `threads:1`, `fuse=add`, or several with commas) or a \
                         .safetensors or .npz file"
                            .to_owned()
                    })?;
                }
            }
        }
        Ok(Side::Run(run))
    }
}
