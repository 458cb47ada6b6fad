//! Files of specs, tensors and pictures.

mod find;
mod read;
mod write;

use std::path::{Path, PathBuf};

pub use find::{arch_files, is_pattern};
pub use read::read_tensors;
pub use write::{Distinct, of_its_folder, write_bytes, write_picture, write_tensors, write_text};

/// What a file holds, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Named tensors (huggingface/safetensors).
    Safetensors,
    /// Named arrays, as `numpy.savez` writes them.
    Npz,
    /// One array, as `numpy.save` writes it.
    Npy,
    /// A picture.
    Png,
}

impl Format {
    fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "safetensors" => Some(Format::Safetensors),
            "npz" => Some(Format::Npz),
            "npy" => Some(Format::Npy),
            "png" => Some(Format::Png),
            _ => None,
        }
    }
}

/// A file to be written.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it goes.
    pub path: PathBuf,
    /// What it is to hold.
    pub format: Format,
}

impl Target {
    /// A file for outputs.
    pub fn outputs(path: &str) -> Result<Target, String> {
        Target::of(path, &[Format::Safetensors, Format::Npz, Format::Npy, Format::Png]).ok_or_else(|| {
            "the extension gives the format: .safetensors, .npz or .npy for tensors, .png for a picture".into()
        })
    }

    /// A file for rows.
    pub fn rows(path: &str) -> Result<Target, String> {
        Target::of(path, &[Format::Safetensors, Format::Npz])
            .ok_or_else(|| "the extension gives the format: .safetensors or .npz".into())
    }

    /// A picture.
    pub fn picture(path: PathBuf) -> Target {
        Target { path, format: Format::Png }
    }

    fn of(path: &str, formats: &[Format]) -> Option<Target> {
        let path = PathBuf::from(path);
        let format = Format::of(&path).filter(|format| formats.contains(format))?;
        Some(Target { path, format })
    }
}
