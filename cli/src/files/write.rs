//! Files that are whole or not there: each is written beside its place and then renamed.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use image::{ImageFormat, RgbImage};
use ndarray::ArrayViewD;
use ndarray_npy::{NpzWriter, WriteNpyExt};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::{Format, Target};
use crate::failure::Failure;

/// Writes tensors by name; of an npy file, which has no names, the first.
pub fn write_tensors<'a>(
    target: &Target,
    tensors: impl IntoIterator<Item = (&'a str, ArrayViewD<'a, f32>)>,
) -> Result<(), Failure> {
    let mut names = Distinct::default();
    let tensors: Vec<(String, ArrayViewD<f32>)> =
        tensors.into_iter().map(|(name, array)| (names.name(name), array)).collect();
    replace(&target.path, |file| match target.format {
        Format::Safetensors => safetensors(file, &tensors),
        Format::Npz => {
            let mut npz = NpzWriter::new(file);
            for (name, array) in &tensors {
                npz.add_array(name.as_str(), array)?;
            }
            npz.finish()?;
            Ok(())
        }
        Format::Npy | Format::Png => {
            for (_, array) in tensors.iter().take(1) {
                array.write_npy(&mut *file)?;
            }
            Ok(())
        }
    })
}

/// Writes a PNG.
pub fn write_picture(path: &Path, picture: &RgbImage) -> Result<(), Failure> {
    replace(path, |file| Ok(picture.write_to(file, ImageFormat::Png)?))
}

/// Writes a text.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    replace(path, |file| Ok(file.write_all(text.as_bytes())?))
}

/// Writes bytes.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, |file| Ok(file.write_all(bytes)?))
}

/// Names made distinct: a block that is applied twice gives two tensors of each of its rows, `y` and `y#2`.
#[derive(Debug, Default)]
pub struct Distinct(BTreeSet<String>);

impl Distinct {
    /// The name, or the first of its numbered forms that was not given before.
    pub fn name(&mut self, name: &str) -> String {
        let numbered = (2..).map(|n| format!("{name}#{n}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| self.0.insert(name.clone())).expect("there are more numbers than names")
    }
}

/// Value by value, as a copy of all tensors would double the memory that a run takes.
fn safetensors(file: &mut impl Write, tensors: &[(String, ArrayViewD<f32>)]) -> Result<(), Box<dyn Error>> {
    let mut end = 0;
    let info = |(name, array): &(String, ArrayViewD<f32>)| {
        let start = end;
        end += size_of::<f32>() * array.len();
        (name.clone(), TensorInfo { dtype: Dtype::F32, shape: array.shape().to_vec(), data_offsets: (start, end) })
    };
    let mut header = serde_json::to_vec(&Metadata::new(None, tensors.iter().map(info).collect())?)?;
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    let mut values = tensors.iter().flat_map(|(_, array)| array);
    Ok(values.try_for_each(|x| file.write_all(&x.to_le_bytes()))?)
}

/// Replaces a file, or makes it, once all of it is written. What a link points to stays where it is, and a file as
/// accessible as it was.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Failure> {
    let whole = || -> Result<(), Box<dyn Error>> {
        // A link that points nowhere is replaced like a path at which nothing is.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        let permissions = fs::metadata(&path).ok().map(|metadata| metadata.permissions());
        if permissions.as_ref().is_some_and(Permissions::readonly) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only").into());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".neckar-");
        // A temporary file is its owner's alone, but what it becomes is as any file that the user makes.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder).map_err(|error| of_its_folder(error, folder))?;
        let mut buffered = BufWriter::new(temporary.as_file_mut());
        write(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        if let Some(permissions) = permissions {
            temporary.as_file().set_permissions(permissions)?;
        }
        temporary.persist(&path).map_err(|unmoved| unmoved.error)?;
        Ok(())
    };
    whole().map_err(|error| Failure::unwritable(path, error))
}

/// Why nothing can be written in a folder. The error of a temporary file speaks of that file, which nobody asked for.
pub fn of_its_folder(error: io::Error, folder: &Path) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::NotFound if !folder.exists() => {
            io::Error::new(kind, format!("there is no folder `{}`", folder.display()))
        }
        kind => kind.into(),
    }
}
