//! `neckar prepare`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use neckar_spec::checkpoint::{Header, Lock};
use syn::visit::{self, Visit};

use crate::arguments::Prepare;
use crate::failure::{Exit, Failure};
use crate::files::write_text;
use crate::terminal::Terminal;

/// Writes a package's lock, or compares it with the checkpoints.
pub fn prepare(arguments: &Prepare, terminal: &Terminal) -> Result<(), Failure> {
    let package = &arguments.package;
    if !package.join("Cargo.toml").is_file() {
        let message = format!("`{}` is no package: it has no `Cargo.toml`", package.display());
        return Err(Failure::incomplete(message));
    }
    let path = Lock::path(package);
    let known = Lock::read(package).map_err(Failure::incomplete);
    let mut headers = BTreeMap::new();
    for (checkpoint, source) in named(package)? {
        let file = package.join(&checkpoint);
        let header = match (Header::read(&file), &known) {
            (Ok(header), _) => header,
            // CI has no checkpoints: what the lock says of one is all there is to hold to.
            (Err(_), Ok(Some(lock))) if arguments.check && !file.exists() => {
                let Some(header) = lock.checkpoints.get(&checkpoint) else {
                    terminal
                        .error(&format!("`{}` names `{checkpoint}`, which the lock does not know", source.display()));
                    return Err(Failure::Reported(Exit::Findings));
                };
                header.clone()
            }
            (Err(error), _) => {
                let named = source.display();
                return Err(Failure::incomplete(format!(
                    "cannot read `{}`: {error} (named in `{named}`)",
                    file.display()
                )));
            }
        };
        headers.insert(checkpoint, header);
    }
    let (count, text) = (headers.len(), Lock::new(headers).to_text());
    if arguments.check {
        let same = fs::read_to_string(&path).map_or(count == 0, |written| written == text);
        if !same {
            terminal.error(&format!("`{}` is not what it would be; run `neckar prepare`", path.display()));
            return Err(Failure::Reported(Exit::Findings));
        }
        return Ok(());
    }
    known?;
    if let Some(folder) = path.parent().filter(|_| count > 0) {
        fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, error))?;
    }
    if count > 0 || path.exists() {
        write_text(&path, &text)?;
    }
    let plural = if count == 1 { "" } else { "s" };
    terminal.note(&format!("`{}` holds the header{plural} of {count} checkpoint{plural}; commit it", path.display()));
    Ok(())
}

/// The checkpoints that calls of `arch!` name, and a file that names each.
fn named(package: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut files = BTreeSet::new();
    for folder in ["src", "tests", "examples", "benches"] {
        rust_files(&package.join(folder), &mut files)?;
    }
    let mut named = BTreeMap::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|error| Failure::unreadable(&path, error))?;
        // What is not Rust yet is for the compiler to say.
        let Ok(file) = syn::parse_file(&text) else { continue };
        let mut calls = Calls { checkpoints: Vec::new() };
        calls.visit_file(&file);
        for checkpoint in calls.checkpoints {
            named.entry(checkpoint).or_insert_with(|| path.clone());
        }
    }
    Ok(named)
}

fn rust_files(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::unreadable(folder, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Failure::unreadable(folder, error))?;
        let path = entry.path();
        // Links are not followed, so that none leads round in a circle.
        let kind = entry.file_type().map_err(|error| Failure::unreadable(&path, error))?;
        if kind.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(path);
        }
    }
    Ok(())
}

/// The checkpoints of the calls in a file.
struct Calls {
    checkpoints: Vec<String>,
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if call.path.segments.last().is_some_and(|name| name.ident == "arch") {
            self.checkpoints.extend(neckar_codegen::checkpoint(call.tokens.clone()));
        }
        visit::visit_macro(self, call);
    }
}
