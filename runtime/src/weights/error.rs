//! A checkpoint that does not suit a program.

use std::fmt;
use std::path::PathBuf;

use neckar_spec::checkpoint::Report;

/// A checkpoint does not suit a program.
#[derive(Clone, Debug)]
pub struct WeightsError {
    /// The file, if they came from one.
    pub path: Option<PathBuf>,
    /// The program's name.
    pub program: String,
    /// Whether unused tensors are part of it.
    pub unused_refused: bool,
    /// Everything that was found.
    pub report: Report,
}

impl WeightsError {
    /// Each problem in a line.
    pub fn problems(&self) -> Vec<String> {
        self.report.problems(!self.unused_refused)
    }
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: the weights do not suit `{}`", path.display(), self.program)?,
            None => write!(f, "the weights do not suit `{}`", self.program)?,
        }
        f.write_str(&self.report.listing(!self.unused_refused))
    }
}

impl std::error::Error for WeightsError {}
