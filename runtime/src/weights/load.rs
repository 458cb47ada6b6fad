//! Matching a checkpoint with a program, by name.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ndarray::{ArcArray, ArrayD, ArrayViewD, IxDyn};
use neckar_spec::checkpoint::{self, Entry, HeaderError, Located, NameTable};
use neckar_spec::program::{Program, Weight};
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensorError, View};

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

/// Bytes that are read at once: a whole number of values of each type, few enough to be in a cache when they are converted.
const CHUNK: usize = 1 << 18;

/// Reads tensor by tensor, so that a large file is never in memory beside what is made of it.
pub(super) fn from_file(program: &Program, path: &Path, options: &LoadOptions) -> Result<(Weights, LoadReport), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let located = Located::read(&mut file).map_err(|error| match error {
        HeaderError::Io(source) => io(source),
        other => Error::Format { path: path.to_owned(), message: other.to_string() },
    })?;
    let names = program.weights.iter().map(|weight| weight.name.as_str());
    let found = located.into_iter().map(|(name, located)| (name, (located.entry.clone(), located))).collect();
    let found = options.names.rename(names, found);
    let file = Mutex::new(file);
    match_names(program, found, options, Some(path), |located| read(&file, &located).map_err(io))
}

pub(super) fn from_tensors(
    program: &Program,
    tensors: impl Iterator<Item = (String, ArrayD<f32>)>,
) -> Result<(Weights, LoadReport), Error> {
    let found = tensors.map(|(name, tensor)| {
        let entry = Entry { dtype: "F32".into(), shape: tensor.shape().to_vec() };
        (name, (entry, tensor))
    });
    match_names(program, found.collect(), &LoadOptions::default(), None, |tensor| Ok(tensor.iter().copied().collect()))
}

/// A tensor whose bytes are made when they are written.
struct Written<'a>(ArrayViewD<'a, f32>);

impl View for Written<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.0.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        size_of::<f32>() * self.0.len()
    }
}

pub(super) fn to_file(weights: &Weights, path: &Path) -> Result<(), Error> {
    let views = weights.iter().map(|(name, tensor)| (name, Written(tensor)));
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

/// A tensor's values as fp32. Threads take turns at the file, and convert what they read meanwhile.
fn read(file: &Mutex<File>, Located { entry, bytes }: &Located) -> io::Result<Vec<f32>> {
    fn each<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, value: impl Fn([u8; N]) -> f32) {
        values.extend(bytes.as_chunks().0.iter().map(|&bytes| value(bytes)));
    }
    let mut values = Vec::with_capacity(entry.shape.iter().product());
    let mut buffer = vec![0; CHUNK.min((bytes.end - bytes.start) as usize)];
    for start in bytes.clone().step_by(CHUNK) {
        let part = &mut buffer[..CHUNK.min((bytes.end - start) as usize)];
        {
            // Who panicked while it read left nothing behind: each seeks its place.
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(part)?;
        }
        match entry.dtype.as_str() {
            "F32" => each(part, &mut values, f32::from_le_bytes),
            "F64" => each(part, &mut values, |bytes| f64::from_le_bytes(bytes) as f32),
            "F16" => each(part, &mut values, |bytes| half::f16::from_le_bytes(bytes).to_f32()),
            "BF16" => each(part, &mut values, |bytes| half::bf16::from_le_bytes(bytes).to_f32()),
            other => unreachable!("a checkpoint that suits has no weights of type {other}"),
        }
    }
    Ok(values)
}

/// Matches tensors that are there, each with what `values` makes its values of, with the weights of a program.
fn match_names<T: Send>(
    program: &Program,
    mut found: BTreeMap<String, (Entry, T)>,
    options: &LoadOptions,
    path: Option<&Path>,
    values: impl Fn(T) -> Result<Vec<f32>, Error> + Sync,
) -> Result<(Weights, LoadReport), Error> {
    let entries = found.iter().map(|(name, (entry, _))| (name.clone(), entry.clone())).collect();
    let mut report = checkpoint::match_names(program, &entries);
    if !report.suits(options.allow_unused) {
        return Err(Error::Weights(Box::new(WeightsError {
            path: path.map(Path::to_owned),
            program: program.name.clone(),
            unused_refused: !options.allow_unused,
            report,
        })));
    }
    let found: Vec<(&Weight, T)> = program
        .weights
        .iter()
        .map(|weight| {
            let (_, source) = found.remove(&weight.name).expect("a checkpoint that suits has every weight");
            (weight, source)
        })
        .collect();
    let made = found.into_par_iter().map(|(weight, source)| {
        let values = values(source)?;
        let odd = values.iter().filter(|value| !value.is_finite()).count();
        let of = values.len();
        let warning = (odd > 0).then(|| format!("`{}` holds NaN or infinity in {odd} of {of} elements", weight.name));
        let tensor = ArcArray::from_shape_vec(IxDyn(&weight.shape), values);
        Ok((warning, (weight.name.clone(), tensor.expect("its shape was compared, and the bytes suit the shape"))))
    });
    let (warnings, tensors): (Vec<_>, Vec<_>) = made.collect::<Result<Vec<_>, Error>>()?.into_iter().unzip();
    report.warnings.extend(warnings.into_iter().flatten());
    Ok((Weights { tensors }, report))
}
