//! Matching a checkpoint with a program, by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use neckar_spec::diagnostics::nearest;
use neckar_spec::program::Program;
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};

use super::Weights;
use super::report::{LoadReport, Misshaped, Named, Unreadable, WeightsError};
use crate::Error;

/// What a checkpoint may look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Whether it may hold tensors that no weight takes.
    pub allow_unused: bool,
}

/// A tensor of a checkpoint.
struct Found {
    shape: Vec<usize>,
    /// Its values, or the name of a type that is not read.
    values: Result<Vec<f32>, String>,
}

pub(super) fn from_file(program: &Program, path: &Path, options: &LoadOptions) -> Result<(Weights, LoadReport), Error> {
    let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| Error::Format { path: path.to_owned(), message: unreadable(&error, bytes.len()) })?;
    let found = file.iter().map(|(name, view)| {
        let values = read(&view);
        (name.to_owned(), Found { shape: view.shape().to_vec(), values })
    });
    match_names(program, found.collect(), options, Some(path))
}

pub(super) fn from_tensors(
    program: &Program,
    tensors: impl Iterator<Item = (String, ArrayD<f32>)>,
) -> Result<(Weights, LoadReport), Error> {
    let found = tensors.map(|(name, tensor)| {
        let shape = tensor.shape().to_vec();
        (name, Found { shape, values: Ok(tensor.iter().copied().collect()) })
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
            SafeTensorError::IoError(error) => error,
            other => std::io::Error::other(other),
        };
        Error::Io { path: path.to_owned(), source }
    })
}

/// Why a file cannot be read as safetensors.
fn unreadable(error: &SafeTensorError, len: usize) -> String {
    match error {
        SafeTensorError::MetadataIncompleteBuffer => {
            format!("the file is cut short or has bytes too many: {len} bytes do not match its header; fetch it anew")
        }
        SafeTensorError::HeaderTooSmall | SafeTensorError::InvalidHeaderLength => {
            format!("not a safetensors file, or cut short: {len} bytes do not hold the header that it begins with")
        }
        other => format!("not a safetensors file: {other}; export the weights with `safetensors.torch.save_file`"),
    }
}

/// The values as fp32; `Err` with the type's name where it is not read.
fn read(view: &TensorView) -> Result<Vec<f32>, String> {
    fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks().0.iter().map(|&bytes| value(bytes)).collect()
    }
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(each(bytes, f32::from_le_bytes)),
        Dtype::F64 => Ok(each(bytes, |bytes| f64::from_le_bytes(bytes) as f32)),
        Dtype::F16 => Ok(each(bytes, |bytes| half::f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Ok(each(bytes, |bytes| half::bf16::from_le_bytes(bytes).to_f32())),
        other => Err(format!("{other:?}")),
    }
}

fn match_names(
    program: &Program,
    mut found: BTreeMap<String, Found>,
    options: &LoadOptions,
    path: Option<&Path>,
) -> Result<(Weights, LoadReport), Error> {
    let mut report = LoadReport::default();
    let mut tensors = Vec::with_capacity(program.weights.len());
    for weight in &program.weights {
        let name = weight.name.clone();
        let Some(Found { shape, values }) = found.remove(&name) else {
            report.missing.push(Named { name, shape: weight.shape.clone(), near: None });
            continue;
        };
        let values = match values {
            Err(dtype) => {
                report.unreadable.push(Unreadable { name, dtype });
                continue;
            }
            Ok(_) if shape != weight.shape => {
                report.misshaped.push(Misshaped { name, found: shape, expected: weight.shape.clone() });
                continue;
            }
            Ok(values) => values,
        };
        let odd = values.iter().filter(|value| !value.is_finite()).count();
        if odd > 0 {
            report.warnings.push(format!("`{name}` holds NaN or infinity in {odd} of {} elements", values.len()));
        }
        report.applied.push(name.clone());
        let tensor = ArrayD::from_shape_vec(IxDyn(&shape), values);
        tensors.push((name, tensor.expect("safetensors checks that the bytes suit the shape")));
    }
    for (name, Found { shape, .. }) in found {
        if may_stay(program, &name) {
            report.ignored.push(name);
        } else {
            report.unused.push(Named { name, shape, near: None });
        }
    }
    let LoadReport { missing, unused, .. } = &mut report;
    let [missing_names, unused_names] =
        [&*missing, &*unused].map(|list| list.iter().map(|named| named.name.clone()).collect::<Vec<_>>());
    for (list, others) in [(missing, unused_names), (unused, missing_names)] {
        for named in list {
            named.near = nearest(&named.name, others.iter().map(String::as_str)).map(str::to_owned);
        }
    }
    let suits = report.missing.is_empty()
        && report.misshaped.is_empty()
        && report.unreadable.is_empty()
        && (options.allow_unused || report.unused.is_empty());
    if suits {
        return Ok((Weights { tensors }, report));
    }
    Err(Error::Weights(Box::new(WeightsError {
        path: path.map(Path::to_owned),
        program: program.name.clone(),
        unused_refused: !options.allow_unused,
        report,
    })))
}

/// Whether a checkpoint may hold a tensor unused: the program says so, or it only counts the batches of a training.
fn may_stay(program: &Program, name: &str) -> bool {
    name.ends_with(".num_batches_tracked") || program.ignored.iter().any(|pattern| matches(pattern, name))
}

/// Whether a name is as a pattern says, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    name.char_indices().map(|(i, _)| i).chain([name.len()]).any(|i| matches(rest, &name[i..]))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("fc.weight", "fc.weight", true),
            ("fc.weight", "fc.weights", false),
            ("fc.*", "fc.bias", true),
            ("fc.*", "fcx.bias", false),
            ("*.total_ops", "layer1.0.total_ops", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
