//! Which `.arch` files a path stands for.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use walkdir::{DirEntry, WalkDir};

use crate::failure::Failure;

/// In a pattern, only `**` goes down into folders.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The files that a path stands for: those below a folder, those that a pattern such as `necks/**/*.arch` matches, and
/// otherwise the file itself, also where there is none. Hidden folders, Cargo's `target` and links to folders are passed
/// over.
///
/// # Errors
/// When a folder or a pattern stands for nothing, or a folder cannot be read.
pub fn arch_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_dir() {
        let files = below(path)?;
        let nothing = || Failure::incomplete(format!("there is no `.arch` file below `{}`", path.display()));
        return if files.is_empty() { Err(nothing()) } else { Ok(files) };
    }
    let folder = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let below_folder = path.strip_prefix(folder).unwrap_or(path);
    let Some(text) = below_folder.to_str().filter(|text| is_pattern(text)) else { return Ok(vec![path.to_owned()]) };
    let pattern = Pattern::new(text)
        .map_err(|error| Failure::usage(format!("`{}` is no pattern: {}", path.display(), error.msg)))?;
    let mut files = below(folder)?;
    files.retain(|file| pattern.matches_path_with(file.strip_prefix(folder).unwrap_or(file), OPTIONS));
    let nothing = || Failure::incomplete(format!("no `.arch` file matches `{}`", path.display()));
    if files.is_empty() { Err(nothing()) } else { Ok(files) }
}

/// Whether a text holds a sign that stands for others.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let enters = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !entry.file_type().is_dir() || !(name.starts_with('.') || name == "target")
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).into_iter().filter_entry(enters) {
        let entry = entry.map_err(|error| Failure::unlisted(folder, &error))?;
        let path = entry.into_path();
        if path.extension().is_some_and(|extension| extension == "arch") && !path.is_dir() {
            // `./` says nothing in a message.
            files.push(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
        }
    }
    files.sort();
    Ok(files)
}
