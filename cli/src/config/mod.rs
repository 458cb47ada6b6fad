//! `neckar.toml`: what a project asks of its specs. `docs/ci.md` describes it.

mod file;
mod policy;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::{env, fs};

use neckar_spec::diagnostics::Code;

use crate::arguments::{Bounds, FailOn};
use crate::failure::{Exit, Failure};
use crate::spec::SpecArgument;

pub use policy::{Level, Policy};

const NAME: &str = "neckar.toml";

/// What a file says.
#[derive(Debug)]
pub struct Config {
    /// How messages name the file.
    pub name: String,
    fail_on: Option<FailOn>,
    lints: Vec<(Code, Level)>,
    pub gates: Vec<Gate>,
}

/// Bounds that a file sets to specs.
#[derive(Debug)]
pub struct Gate {
    pub place: Place,
    pub spec: SpecArgument,
    pub settings: Vec<(String, String)>,
    pub at: Vec<(String, i64)>,
    pub bounds: Bounds,
    networks: OnceCell<Vec<SpecArgument>>,
}

/// A place in a file, lines and columns from 1.
#[derive(Clone, Debug)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Gate {
    /// The networks that it is about.
    ///
    /// # Errors
    /// When there are none, or a file among them cannot be read.
    pub fn networks(&self) -> Result<&[SpecArgument], Failure> {
        if let Some(networks) = self.networks.get() {
            return Ok(networks);
        }
        let networks: Vec<SpecArgument> = self.spec.networks().into_iter().collect::<Result<_, _>>()?;
        Ok(self.networks.get_or_init(|| networks))
    }

    /// A failure that names the gate it is about.
    pub fn blamed(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Message(exit, message) => Failure::Message(exit, format!("{}: {message}", self.place)),
            failure => failure,
        }
    }

    /// Whether a network is among those that it is about.
    pub fn is_about(&self, network: &SpecArgument) -> bool {
        // A gate without networks is an error where gates are what is audited.
        self.networks().is_ok_and(|networks| networks.iter().any(|own| own.is_same(network)))
    }
}

/// The files that were read, each once.
#[derive(Debug, Default)]
pub struct Configs {
    /// None for a file that is wrong, which was said.
    read: BTreeMap<PathBuf, Option<Rc<Config>>>,
}

impl Configs {
    /// What holds for a spec: the file in its folder or else in the nearest above; for one of the zoo, in the current folder
    /// or above.
    pub fn of(&mut self, spec: &SpecArgument) -> Result<Option<Rc<Config>>, Failure> {
        self.above(&spec.folder())
    }

    /// The file in a folder or else in the nearest above it.
    pub fn above(&mut self, folder: &Path) -> Result<Option<Rc<Config>>, Failure> {
        // A folder that is not there has nothing above it either; the spec in it says so.
        let Ok(folder) = fs::canonicalize(folder) else { return Ok(None) };
        let Some(path) = folder.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file()) else {
            return Ok(None);
        };
        match self.read.get(&path) {
            Some(Some(config)) => Ok(Some(config.clone())),
            Some(None) => Err(Failure::Reported(Exit::Usage)),
            None => {
                let config = file::read(&shown(&path)).map(Rc::new);
                self.read.insert(path, config.as_ref().ok().cloned());
                config.map(Some)
            }
        }
    }
}

/// A path as one would write it in the current folder.
fn shown(path: &Path) -> PathBuf {
    let current = env::current_dir().and_then(fs::canonicalize);
    let relative = current.ok().and_then(|current| path.strip_prefix(current).ok().map(Path::to_owned));
    relative.unwrap_or_else(|| path.to_owned())
}
