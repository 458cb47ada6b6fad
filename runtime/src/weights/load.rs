//! Matching a checkpoint with a program, by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use neckar_spec::checkpoint::{self, Entry, Header, NameTable};
use neckar_spec::program::Program;
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};

use super::Weights;
use super::{LoadReport, WeightsError};
use crate::Error;

/// What a checkpoint may look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Whether it may hold tensors that no weight takes.
    pub allow_unused: bool,
    /// What it calls the weights, where that is not what the network calls them.
    pub names: NameTable,
}

/// A tensor of a checkpoint.
struct Found {
    entry: Entry,
    /// Its values; none where its type is not read.
    values: Option<Vec<f32>>,
}

pub(super) fn from_file(program: &Program, path: &Path, options: &LoadOptions) -> Result<(Weights, LoadReport), Error> {
    let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| Error::Format { path: path.to_owned(), message: unreadable(path, &error) })?;
    let found = file.iter().map(|(name, view)| {
        let entry = Entry { dtype: format!("{:?}", view.dtype()), shape: view.shape().to_vec() };
        (name.to_owned(), Found { entry, values: read(&view) })
    });
    let names = program.weights.iter().map(|weight| weight.name.as_str());
    match_names(program, options.names.rename(names, found.collect()), options, Some(path))
}

pub(super) fn from_tensors(
    program: &Program,
    tensors: impl Iterator<Item = (String, ArrayD<f32>)>,
) -> Result<(Weights, LoadReport), Error> {
    let found = tensors.map(|(name, tensor)| {
        let entry = Entry { dtype: "F32".into(), shape: tensor.shape().to_vec() };
        (name, Found { entry, values: Some(tensor.iter().copied().collect()) })
    });
    match_names(program, found.collect(), &LoadOptions::default(), None)
}

pub(super) fn to_file(weights: &Weights, path: &Path) -> Result<(), Error> {
    let bytes: Vec<(&str, Vec<usize>, Vec<u8>)> = weights
        .iter()
        .map(|(name, tensor)| {
            let bytes = tensor.iter().flat_map(|x| x.to_le_bytes()).collect();
            (name, tensor.shape().to_vec(), bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (*name, view.expect("a tensor has four bytes for each element of its shape"))
    });
    safetensors::serialize_to_file(views, None, path).map_err(|error| {
        let source = match error {
            // It speaks of the temporary file that is written first.
            SafeTensorError::IoError(error) if error.get_ref().is_some() => error.kind().into(),
            SafeTensorError::IoError(error) => error,
            other => std::io::Error::other(other),
        };
        Error::Io { path: path.to_owned(), source }
    })
}

/// Why a file cannot be read as safetensors: what its header says against it, or the format's own words.
fn unreadable(path: &Path, error: &SafeTensorError) -> String {
    Header::read(path).err().map_or_else(|| error.to_string(), |reason| reason.to_string())
}

/// The values as fp32; none where the type is not read.
fn read(view: &TensorView) -> Option<Vec<f32>> {
    fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks().0.iter().map(|&bytes| value(bytes)).collect()
    }
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Some(each(bytes, f32::from_le_bytes)),
        Dtype::F64 => Some(each(bytes, |bytes| f64::from_le_bytes(bytes) as f32)),
        Dtype::F16 => Some(each(bytes, |bytes| half::f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Some(each(bytes, |bytes| half::bf16::from_le_bytes(bytes).to_f32())),
        _ => None,
    }
}

fn match_names(
    program: &Program,
    mut found: BTreeMap<String, Found>,
    options: &LoadOptions,
    path: Option<&Path>,
) -> Result<(Weights, LoadReport), Error> {
    let entries = found.iter().map(|(name, found)| (name.clone(), found.entry.clone())).collect();
    let mut report = checkpoint::match_names(program, &entries);
    for name in &report.applied {
        let values = found.get(name).and_then(|found| found.values.as_deref()).unwrap_or_default();
        let odd = values.iter().filter(|value| !value.is_finite()).count();
        if odd > 0 {
            report.warnings.push(format!("`{name}` holds NaN or infinity in {odd} of {} elements", values.len()));
        }
    }
    if !report.suits(options.allow_unused) {
        return Err(Error::Weights(Box::new(WeightsError {
            path: path.map(Path::to_owned),
            program: program.name.clone(),
            unused_refused: !options.allow_unused,
            report,
        })));
    }
    let tensors = program.weights.iter().map(|weight| {
        let values = found.remove(&weight.name).and_then(|found| found.values);
        let values = values.expect("a checkpoint that suits has readable values for every weight");
        let tensor = ArrayD::from_shape_vec(IxDyn(&weight.shape), values);
        (weight.name.clone(), tensor.expect("safetensors checks that the bytes suit the shape"))
    });
    Ok((Weights { tensors: tensors.collect() }, report))
}
