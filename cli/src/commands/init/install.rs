//! Putting files into a folder: all of them, or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::of_its_folder;

/// A file by its path from the folder, and what it holds.
pub type File = (PathBuf, String);

/// Writes files below a folder, which is made where it is not there. They are written beside their place and then renamed.
///
/// # Errors
/// When something of the same name is there already, or the file system refuses; the folder is then as it was.
pub fn install(folder: &Path, files: &[File]) -> Result<(), Failure> {
    let mut entries: Vec<&Path> = files.iter().filter_map(|(path, _)| path.iter().next().map(Path::new)).collect();
    entries.dedup();
    let taken = entries.iter().map(|entry| folder.join(entry)).find(|path| path.symlink_metadata().is_ok());
    if let Some(path) = taken {
        return Err(Failure::incomplete(format!("`{}` is there already, and nothing is written over", path.display())));
    }
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::unwritable(folder, "it is no folder"));
    }
    placed(folder, &entries, files).map_err(|error| Failure::unwritable(folder, error))
}

fn placed(folder: &Path, entries: &[&Path], files: &[File]) -> io::Result<()> {
    let is_new = !folder.exists();
    let beside = if is_new { folder.parent().unwrap_or(folder) } else { folder };
    fs::create_dir_all(beside)?;
    let stage = tempfile::Builder::new().prefix(".neckar-").tempdir_in(beside);
    let stage = stage.map_err(|error| of_its_folder(error, beside))?;
    // A temporary folder is its owner's alone; what is in it is as any folder that the user makes.
    let written = stage.path().join("crate");
    for (path, text) in files {
        let path = written.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&written))?;
        fs::write(path, text)?;
    }
    if is_new {
        return fs::rename(&written, folder);
    }
    for (done, entry) in entries.iter().enumerate() {
        if let Err(error) = fs::rename(written.join(entry), folder.join(entry)) {
            for entry in &entries[..done] {
                // What was moved a moment ago is moved back, and goes with the stage.
                fs::rename(folder.join(entry), written.join(entry))?;
            }
            return Err(error);
        }
    }
    Ok(())
}
