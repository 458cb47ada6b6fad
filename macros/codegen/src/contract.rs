//! The contract with a checkpoint: `arch!("fpn.arch", weights = "fpn.safetensors")` holds its header to the network.
//!
//! The header comes from the file, or where that is not at hand from the lock that `neckar prepare` wrote.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use neckar_spec::check::Checked;
use neckar_spec::checkpoint::{Header, HeaderError, Lock, match_names};
use neckar_spec::diagnostics::nearest;
use neckar_spec::{Lowering, lower};

use crate::locate;

/// A checkpoint that a network was held to.
#[derive(Debug, PartialEq, Eq)]
pub struct Contract {
    /// The files that cargo is to watch: the checkpoint and the lock, where they are.
    pub watched: Vec<PathBuf>,
    /// What is worth a warning, each in a line.
    pub warnings: Vec<String>,
}

/// Holds a checkpoint to a network. Its path is `written` from the root of `package`, which is shown in messages.
///
/// # Errors
/// What is wrong, and what to do.
pub fn hold(checked: &Checked, written: &str, package: &Path) -> Result<Contract, String> {
    let (path, lock_path) = (package.join(written), Lock::path(package));
    let lock = Lock::read(package)?;
    let locked = lock.as_ref().and_then(|lock| lock.checkpoints.get(written));
    let found = match Header::read(&path) {
        Ok(header) => Some(header),
        Err(HeaderError::Io(error)) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(format!("cannot read `{}`: {error}", path.display())),
    };
    let Some(header) = found.as_ref().or(locked) else {
        return Err(absent(written, &path, lock.as_ref()));
    };
    let program = lower(checked, Lowering::default());
    let report = match_names(&program, &header.tensors);
    if !report.suits(false) {
        let (name, listing) = (&program.name, report.listing(false));
        let by_lock = match found {
            Some(_) => String::new(),
            None => format!(", as `{}` has it,", lock_path.display()),
        };
        return Err(format!("`{written}`{by_lock} does not suit `{name}`:{listing}"));
    }
    if let (Some(found), Some(locked)) = (&found, locked)
        && let Some(difference) = found.difference(locked)
    {
        let lock = lock_path.display();
        return Err(format!(
            "`{written}` is not the checkpoint of `{lock}`: {difference}\nrun `neckar prepare` if it is to be"
        ));
    }
    let files = [found.is_some().then_some(path), lock.is_some().then_some(lock_path)];
    Ok(Contract { watched: files.into_iter().flatten().collect(), warnings: report.causes })
}

/// The message about a checkpoint that neither a file nor the lock tells of.
fn absent(written: &str, path: &Path, lock: Option<&Lock>) -> String {
    let in_lock = if lock.is_some() { "the lock does not know it" } else { "no lock tells its header" };
    let locked = || lock.into_iter().flat_map(|lock| lock.checkpoints.keys().map(String::as_str));
    let near = locate::neighbour(path, written).or_else(|| nearest(written, locked()).map(str::to_owned));
    let hint = near
        .map_or_else(|| "run `neckar prepare` where the file is".to_owned(), |near| format!("did you mean `{near}`?"));
    format!("there is no file `{}`, and {in_lock}\npaths start at the root of the package; {hint}", path.display())
}
