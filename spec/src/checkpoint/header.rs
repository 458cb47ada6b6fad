//! The header of a safetensors file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;

use safetensors::tensor::Metadata;
use serde::{Deserialize, Serialize};

/// The format's own bound on a header; a longer one is no header.
const LONGEST: u64 = 100_000_000;

/// A tensor of a checkpoint, by its header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its type as safetensors names it: `F32`, `BF16`.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// What a safetensors file says it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Header {
    /// Its tensors by their names.
    pub tensors: BTreeMap<String, Entry>,
}

/// Where a tensor's values are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What it is.
    pub entry: Entry,
    /// Its bytes in the file.
    pub bytes: Range<u64>,
}

/// Why a header cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is no safetensors file.
    #[error("not a safetensors file: {0}; export the weights with `safetensors.torch.save_file`")]
    Format(String),
    /// It ends too early, or too late.
    #[error(
        "{}: its header speaks of {expected} bytes, it has {found}; fetch it anew",
        if found < expected { "the file is cut short" } else { "the file has bytes too many" }
    )]
    Length {
        /// What the header asks for, with itself.
        expected: u64,
        /// What there is.
        found: u64,
    },
}

impl Header {
    /// Reads the header alone: some kilobytes, whatever the file's size.
    ///
    /// # Errors
    /// Where the file cannot be read, is no safetensors file, or is not as long as its header says.
    pub fn read(path: &Path) -> Result<Header, HeaderError> {
        let located = Located::read(&mut File::open(path)?)?;
        Ok(Header { tensors: located.into_iter().map(|(name, located)| (name, located.entry)).collect() })
    }

    /// How a header differs from what it was: its first difference by name, and how many there are; none where it is the same.
    pub fn difference(&self, was: &Header) -> Option<String> {
        let names: BTreeSet<&String> = self.tensors.keys().chain(was.tensors.keys()).collect();
        let differs = names.into_iter().filter(|name| self.tensors.get(*name) != was.tensors.get(*name));
        let differing: Vec<&String> = differs.collect();
        let (first, more) = differing.split_first()?;
        let difference = match (self.tensors.get(*first), was.tensors.get(*first)) {
            (Some(is), Some(was)) => format!("`{first}` is {is} and was {was}"),
            (Some(is), None) => format!("`{first}` {is} is new"),
            (None, _) => format!("`{first}` is gone"),
        };
        let more = if more.is_empty() { String::new() } else { format!(", and {} more differ", more.len()) };
        Some(difference + &more)
    }
}

impl Located {
    /// The tensors of a file by name, from its header alone.
    ///
    /// # Errors
    /// As [`Header::read`].
    pub fn read(file: &mut File) -> Result<BTreeMap<String, Located>, HeaderError> {
        let found = file.metadata()?.len();
        let mut length = [0; 8];
        if let Err(error) = file.read_exact(&mut length) {
            let short = error.kind() == ErrorKind::UnexpectedEof;
            let reason = || HeaderError::Format(format!("{found} bytes hold no header"));
            return Err(if short { reason() } else { error.into() });
        }
        let length = u64::from_le_bytes(length);
        if length > LONGEST {
            return Err(HeaderError::Format("it does not begin with the length of a header".into()));
        }
        if 8 + length > found {
            return Err(HeaderError::Length { expected: 8 + length, found });
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text)?;
        let metadata: Metadata =
            serde_json::from_slice(&text).map_err(|error| HeaderError::Format(format!("its header: {error}")))?;
        let expected = 8 + length + metadata.data_len() as u64;
        if expected != found {
            return Err(HeaderError::Length { expected, found });
        }
        let start = 8 + length;
        let located = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
            let entry = Entry { dtype: format!("{:?}", info.dtype), shape: info.shape.clone() };
            let (first, end) = info.data_offsets;
            (name, Located { entry, bytes: start + first as u64..start + end as u64 })
        };
        Ok(metadata.tensors().into_iter().map(located).collect())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype, self.shape)
    }
}
