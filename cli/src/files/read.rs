//! Tensors out of safetensors, npz and npy files.

use std::fmt::Display;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use ndarray_npy::npy::header::Header;
use ndarray_npy::{ReadNpyError, ReadNpyExt};
use safetensors::{Dtype, SafeTensors};
use zip::ZipArchive;
use zip::result::ZipError;

use super::Format;
use crate::failure::Failure;

/// The tensors of a file; that of an npy file has no name.
pub type Named = Vec<(Option<String>, ArrayD<f32>)>;

/// The tensors of a file, as fp32; F32 and F64 are read.
pub fn read_tensors(path: &Path) -> Result<Named, Failure> {
    let read = match Format::of(path) {
        Some(Format::Safetensors) => safetensors,
        Some(Format::Npz) => npz,
        Some(Format::Npy) => npy,
        Some(Format::Png) => return Err(Failure::usage(format!("`{}` is a picture; use --image", path.display()))),
        None => {
            let message = format!("`{}` is neither .safetensors nor .npz nor .npy", path.display());
            return Err(Failure::usage(message));
        }
    };
    let bytes = fs::read(path).map_err(|error| Failure::unreadable(path, error))?;
    read(&bytes).map_err(|reason| Failure::unreadable(path, reason))
}

fn safetensors(bytes: &[u8]) -> Result<Named, String> {
    fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks().0.iter().map(|&bytes| value(bytes)).collect()
    }
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| format!("not a safetensors file, or not a whole one ({} bytes): {error}", bytes.len()))?;
    let tensor = |(name, view): (&str, safetensors::tensor::TensorView)| {
        let values = match view.dtype() {
            Dtype::F32 => each(view.data(), f32::from_le_bytes),
            Dtype::F64 => each(view.data(), |bytes| f64::from_le_bytes(bytes) as f32),
            other => return Err(wrong_type(&format!("`{name}`"), &format!("{other:?}"))),
        };
        let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values);
        Ok((Some(name.to_owned()), array.map_err(|error| format!("tensor `{name}`: {error}"))?))
    };
    file.iter().map(tensor).collect()
}

fn npy(bytes: &[u8]) -> Result<Named, String> {
    Ok(vec![(None, array("the array", bytes)?)])
}

/// An npz file is a zip archive of npy files.
fn npz(bytes: &[u8]) -> Result<Named, String> {
    let broken = |error: ZipError| format!("not a whole npz file ({} bytes): {error}", bytes.len());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let count = archive.len();
    let member = |at: usize| {
        let mut file = archive.by_index(at).map_err(broken)?;
        let name = file.name().strip_suffix(".npy").unwrap_or(file.name()).to_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| broken(error.into()))?;
        let array = array(&format!("`{name}`"), &bytes)?;
        Ok((Some(name), array))
    };
    (0..count).map(member).collect()
}

fn array(name: &str, bytes: &[u8]) -> Result<ArrayD<f32>, String> {
    let broken = |reason: &dyn Display| format!("{name} is not a whole npy file ({} bytes): {reason}", bytes.len());
    // Whatever a header claims, no more is allocated than the file has bytes for.
    let header = Header::from_reader(&mut &*bytes).map_err(|error| broken(&error))?;
    let elements = header.shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    if elements.is_none_or(|elements| elements > bytes.len()) {
        return Err(broken(&format!("it claims to hold an array {:?}", header.shape)));
    }
    let array = match ArrayD::<f32>::read_npy(bytes) {
        Err(ReadNpyError::WrongDescriptor(_)) => ArrayD::<f64>::read_npy(bytes).map(|array| array.mapv(|x| x as f32)),
        array => array,
    };
    array.map_err(|error| match error {
        ReadNpyError::WrongDescriptor(found) => wrong_type(name, &found.to_string()),
        error => broken(&error),
    })
}

fn wrong_type(name: &str, found: &str) -> String {
    format!("{name} is of type {found}, expected 32-bit or 64-bit floats")
}
