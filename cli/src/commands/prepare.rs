//! `neckar prepare`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use neckar_spec::checkpoint::{Header, HeaderError, Lock};
use syn::visit::{self, Visit};
use walkdir::{DirEntry, WalkDir};

use crate::arguments::Prepare;
use crate::failure::{Exit, Failure};
use crate::files::write_text;
use crate::terminal::Terminal;

/// Where Cargo finds what it builds. What else a package builds is not looked through: it may hold data sets.
const SOURCES: [&str; 4] = ["src", "tests", "examples", "benches"];

/// A checkpoint that a call of `arch!` names.
struct Checkpoint {
    /// A file with such a call.
    source: PathBuf,
    /// What the checkpoint holds; none where there is no such file.
    header: Option<Header>,
}

/// Writes a package's lock, or compares it with the checkpoints.
pub fn prepare(arguments: &Prepare, terminal: &Terminal) -> Result<(), Failure> {
    let package = arguments.package.as_path();
    if !package.join("Cargo.toml").is_file() {
        let message = format!("`{}` is no package: it has no `Cargo.toml`", package.display());
        return Err(Failure::incomplete(message));
    }
    // `./` says nothing in a message.
    let package = package.strip_prefix(".").unwrap_or(package);
    let checkpoints = checkpoints(package)?;
    let lock = Lock::read(package);
    if arguments.check {
        return check(package, &checkpoints, lock, terminal);
    }
    write(package, checkpoints, lock.ok().flatten(), terminal)
}

/// Writes the lock, unless it is as it should be. A checkpoint that is not there stays as it was locked.
fn write(
    package: &Path,
    checkpoints: BTreeMap<String, Checkpoint>,
    lock: Option<Lock>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let path = Lock::path(package);
    let mut headers = BTreeMap::new();
    for (name, Checkpoint { source, header }) in checkpoints {
        let locked = || lock.as_ref()?.checkpoints.get(&name).cloned();
        let header = match header.or_else(|| locked().inspect(|_| kept(&name, terminal))) {
            Some(header) => header,
            None => {
                let (file, source) = (package.join(&name), source.display());
                return Err(Failure::incomplete(format!(
                    "there is no file `{}`, which `{source}` names",
                    file.display()
                )));
            }
        };
        headers.insert(name, header);
    }
    let count = headers.len();
    if count == 0 && !path.exists() {
        terminal.note("no call of `arch!` names a checkpoint, as `weights = \"…\"` would; there is nothing to lock");
        return Ok(());
    }
    let shown = path.display();
    let wanted = Lock::new(headers);
    if lock.as_ref() == Some(&wanted) {
        terminal.note(&format!("`{shown}` is as it should be"));
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, error))?;
    }
    write_text(&path, &wanted.to_text())?;
    let plural = if count == 1 { "" } else { "s" };
    terminal.note(&format!("`{shown}` holds the header{plural} of {count} checkpoint{plural}; commit it"));
    Ok(())
}

fn kept(name: &str, terminal: &Terminal) {
    terminal.note(&format!("`{name}` is not here; its header stays as it was locked"));
}

/// Whether the lock is what it would be. Where a checkpoint is not there, as in CI, the lock is all there is to hold to.
fn check(
    package: &Path,
    checkpoints: &BTreeMap<String, Checkpoint>,
    lock: Result<Option<Lock>, String>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let lock = lock.map_err(|reason| {
        terminal.error(&reason);
        Failure::Reported(Exit::Findings)
    })?;
    let locked = lock.map(|lock| lock.checkpoints).unwrap_or_default();
    let mut findings: Vec<String> = Vec::new();
    for (name, Checkpoint { source, header }) in checkpoints {
        match (locked.get(name), header) {
            (None, _) => findings.push(format!("`{name}`, which `{}` names, is not in the lock", source.display())),
            (Some(locked), Some(header)) => {
                let difference = header.difference(locked);
                findings.extend(difference.map(|how| format!("`{name}` is not the checkpoint of the lock: {how}")));
            }
            (Some(_), None) => {}
        }
    }
    let left = locked.keys().filter(|name| !checkpoints.contains_key(*name));
    findings.extend(left.map(|name| format!("`{name}` is in the lock, and no call of `arch!` names it")));
    if findings.is_empty() {
        return Ok(());
    }
    for finding in &findings {
        terminal.error(finding);
    }
    let path = Lock::path(package);
    terminal.note(&format!("`neckar prepare` writes `{}` anew", path.display()));
    Err(Failure::Reported(Exit::Findings))
}

/// The checkpoints that a package names, by their paths from its root.
fn checkpoints(package: &Path) -> Result<BTreeMap<String, Checkpoint>, Failure> {
    let mut checkpoints = BTreeMap::new();
    for source in rust_files(package)? {
        let text = fs::read_to_string(&source).map_err(|error| Failure::unreadable(&source, error))?;
        // What is not Rust yet is for the compiler to say.
        let Ok(file) = syn::parse_file(&text) else { continue };
        let mut calls = Calls { checkpoints: Vec::new() };
        calls.visit_file(&file);
        for name in calls.checkpoints {
            if checkpoints.contains_key(&name) {
                continue;
            }
            let file = package.join(&name);
            let header = match Header::read(&file) {
                Ok(header) => Some(header),
                Err(HeaderError::Io(error)) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => {
                    let reason = format!("{error}; `{}` names it", source.display());
                    return Err(Failure::unreadable(&file, reason));
                }
            };
            checkpoints.insert(name, Checkpoint { source: source.clone(), header });
        }
    }
    Ok(checkpoints)
}

/// The Rust files of a package; those of a package inside of it are not its own.
fn rust_files(package: &Path) -> Result<Vec<PathBuf>, Failure> {
    let enters = |entry: &DirEntry| !(entry.file_type().is_dir() && entry.path().join("Cargo.toml").is_file());
    let mut files = Vec::new();
    for folder in SOURCES.map(|folder| package.join(folder)).into_iter().filter(|folder| folder.is_dir()) {
        for entry in WalkDir::new(&folder).sort_by_file_name().into_iter().filter_entry(enters) {
            let path = entry.map_err(|error| Failure::unlisted(&folder, &error))?.into_path();
            if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
                files.push(path);
            }
        }
    }
    Ok(files)
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
