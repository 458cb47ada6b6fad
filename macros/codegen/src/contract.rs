//! The contract with a checkpoint: `arch!("fpn.arch", weights = "fpn.safetensors")` holds its header to the network.
//!
//! The header comes from the file, or where that is not at hand from the lock that `neckar prepare` wrote.

use std::path::{Path, PathBuf};

use neckar_spec::check::Checked;
use neckar_spec::checkpoint::{Header, Lock, match_names};
use neckar_spec::{Lowering, lower};

/// More than so many problems are only counted.
const LISTED: usize = 10;

/// A checkpoint that a network was held to.
pub struct Contract {
    /// As written.
    pub written: String,
    /// The file that cargo is to watch: the lock where there is one, since a checkpoint may be large.
    pub watched: PathBuf,
    /// What is worth a warning, each in a line.
    pub warnings: Vec<String>,
}

/// Holds a checkpoint, whose path is taken from the root of the package, to a network.
///
/// # Errors
/// What is wrong, and what to do.
pub fn hold(checked: &Checked, written: &str, package: &Path) -> Result<Contract, String> {
    let path = package.join(written);
    let lock = Lock::read(package)?;
    let locked = lock.as_ref().and_then(|lock| lock.checkpoints.get(written));
    let header = match (Header::read(&path), locked) {
        (Ok(header), Some(locked)) if header != *locked => {
            let lock = Lock::path(package);
            return Err(format!(
                "`{written}` has changed since `{}` was written; run `neckar prepare`",
                lock.display()
            ));
        }
        (Ok(header), _) => header,
        (Err(_), Some(locked)) if !path.exists() => locked.clone(),
        (Err(error), _) => {
            let shown = path.display();
            let lock = if path.exists() {
                ""
            } else {
                ", and no lock tells its header: run `neckar prepare` where the file is"
            };
            return Err(format!("cannot read `{shown}`: {error}{lock}\npaths start at the root of the package"));
        }
    };
    let program = lower(checked, Lowering::default());
    let report = match_names(&program, &header.tensors);
    if !report.suits(false) {
        let problems = report.problems(false);
        let mut message = format!("`{written}` does not suit `{}`:", program.name);
        for problem in problems.iter().take(LISTED) {
            message.push_str(&format!("\n  {problem}"));
        }
        if problems.len() > LISTED {
            message.push_str(&format!("\n  and {} more", problems.len() - LISTED));
        }
        for cause in &report.causes {
            message.push_str(&format!("\n{cause}"));
        }
        return Err(message);
    }
    let watched = if locked.is_some() { Lock::path(package) } else { path };
    Ok(Contract { written: written.to_owned(), watched, warnings: report.causes })
}
