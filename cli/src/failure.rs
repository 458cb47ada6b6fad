//! How a command ends.

use std::fmt;
use std::path::Path;

use neckar_spec::ReadError;

/// What the process exits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Clean = 0,
    /// The spec has findings.
    Findings = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Files, weights, inputs, sizes or devices stood in the way.
    Incomplete = 3,
}

impl Exit {
    /// How a command ends in which this was the worst, and said.
    pub fn ended(self) -> Result<(), Failure> {
        if self == Exit::Clean { Ok(()) } else { Err(Failure::Reported(self)) }
    }
}

/// Why a command ended before it was done.
#[derive(Debug)]
pub enum Failure {
    /// To be said as an error.
    Message(Exit, String),
    /// What is wrong was said already.
    Reported(Exit),
    /// Nobody reads the standard output any more.
    Closed,
}

impl Failure {
    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Message(Exit::Usage, message.into())
    }

    /// It could not be completed.
    pub fn incomplete(message: impl Into<String>) -> Failure {
        Failure::Message(Exit::Incomplete, message.into())
    }

    /// A file cannot be read.
    pub fn unreadable(path: &Path, reason: impl fmt::Display) -> Failure {
        Failure::incomplete(format!("cannot read `{}`: {reason}", path.display()))
    }

    /// What is below a folder cannot be listed.
    pub fn unlisted(folder: &Path, error: &walkdir::Error) -> Failure {
        let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
        Failure::unreadable(error.path().unwrap_or(folder), reason)
    }

    /// A file cannot be written.
    pub fn unwritable(path: &Path, reason: impl fmt::Display) -> Failure {
        Failure::incomplete(format!("cannot write `{}`: {reason}", path.display()))
    }
}

impl From<neckar::Error> for Failure {
    fn from(error: neckar::Error) -> Failure {
        // The names of outputs stand on the command line; everything else is a matter of files, inputs or devices.
        match error {
            neckar::Error::Output(message) => Failure::usage(message),
            error => Failure::incomplete(error.to_string()),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::incomplete(error.to_string())
    }
}
