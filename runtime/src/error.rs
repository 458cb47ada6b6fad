//! What can go wrong.

use std::io;
use std::path::PathBuf;

use crate::weights::WeightsError;

/// What can go wrong between a program and its outputs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A checkpoint does not suit the program.
    #[error(transparent)]
    Weights(#[from] Box<WeightsError>),
    /// An input is missing, unknown or not of the shape that the program gives it.
    #[error("{0}")]
    Input(String),
    /// An output has no such name, or its buffer another shape.
    #[error("{0}")]
    Output(String),
    /// The inputs' sizes are not legal, or do not agree.
    #[error("{0}")]
    Size(String),
    /// The device is not there.
    #[error("{0}")]
    Device(String),
    /// The backend cannot run the program.
    #[error("{0}")]
    Unsupported(String),
    /// A tuning is not one, or is of other instructions.
    #[error("{0}")]
    Tuning(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what its use asks for.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        message: String,
    },
}
