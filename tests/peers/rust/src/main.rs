//! Rust's own engines, as `engine.py` has those of Python.
//!
//!     neckar-peers ENGINE MODEL.onnx INPUTS.npz OUTPUTS.npz THREADS
//!     neckar-peers peak PROGRAM ARGUMENTS…
//!
//! The first loads a network, runs it and prints `{"first_ms": …}`; then, for each number of seconds on the standard input, it
//! repeats the run for so long and prints `{"median_ms": …}`. The second runs a program and prints the most memory that it
//! took, in KiB; a program started from Python would be charged with the interpreter's.

mod measure;
mod rten;
mod tract;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ndarray::ArrayD;
use ndarray_npy::{NpzReader, NpzWriter};

/// Maps by their names.
type Maps = BTreeMap<String, ArrayD<f32>>;

/// A network that is ready to run on the inputs that it was loaded for.
trait Network {
    /// What an engine gives, as it gives it.
    type Made;

    fn run(&self) -> Result<Self::Made>;

    fn maps(&self, made: Self::Made) -> Result<Maps>;
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["peak", program, arguments @ ..] = arguments.as_slice() {
        return measure::peak(program, arguments);
    }
    let [engine, model, inputs, outputs, threads] = arguments.as_slice() else {
        bail!("expected ENGINE MODEL.onnx INPUTS.npz OUTPUTS.npz THREADS");
    };
    let (model, inputs, threads) = (Path::new(model), read(inputs)?, threads.parse()?);
    let keep = |maps: &Maps| write(outputs, maps);
    match *engine {
        "tract" => measure::serve(|| tract::Tract::load(model, &inputs, threads), keep),
        "rten" => measure::serve(|| rten::Rten::load(model, &inputs, threads), keep),
        other => bail!("no engine is called `{other}`; there are `tract` and `rten`"),
    }
}

fn read(path: &str) -> Result<Maps> {
    let mut archive = NpzReader::new(File::open(path).with_context(|| path.to_owned())?)?;
    let names = archive.names()?;
    names.into_iter().map(|name| Ok((name.clone(), archive.by_name(&name)?))).collect()
}

fn write(path: &str, maps: &Maps) -> Result<()> {
    let mut archive = NpzWriter::new(File::create(path)?);
    for (name, map) in maps {
        archive.add_array(name.as_str(), map)?;
    }
    archive.finish()?;
    Ok(())
}
