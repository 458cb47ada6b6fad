//! `neckar init`.

mod install;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use crate::arguments::Init;
use crate::failure::Failure;
use crate::terminal::Terminal;
use install::install;
use template::Neck;

/// Names that Cargo refuses for a crate with a program, or that this one cannot bear beside its dependency.
const RESERVED: &[&str] =
    &["alloc", "build", "core", "deps", "examples", "incremental", "neckar", "proc-macro", "proc_macro", "std", "test"];

/// Makes a crate with a first neck that builds and runs.
pub fn init(arguments: &Init, terminal: &Terminal) -> Result<(), Failure> {
    let folder = std::path::absolute(&arguments.path).map_err(|error| Failure::unwritable(&arguments.path, error))?;
    let name = crate_name(arguments.name.as_deref(), &folder)?;
    let neckar = runtime(arguments.neckar.as_deref())?;
    let neck = match &arguments.from {
        Some(zoo) => Neck::of_zoo(zoo)?,
        None => Neck::first()?,
    };
    let is_workspace = |folder: &Path| manifest(folder).is_some_and(|table| table.contains_key("workspace"));
    let has_workspace = folder.ancestors().skip(1).any(is_workspace);
    install(&folder, &neck.files(&name, &neckar, has_workspace)?)?;
    if has_workspace {
        terminal.note(
            "the crate is a workspace of its own, since there is one above it; to join that, delete `[workspace]`",
        );
    }
    terminal.note(&format!("made the crate `{name}` in `{}`; `cargo run` there runs it", arguments.path.display()));
    Ok(())
}

/// The name asked for, or that of the folder.
fn crate_name(asked: Option<&str>, folder: &Path) -> Result<String, Failure> {
    let name = match asked {
        Some(name) => name,
        None => folder.file_name().and_then(|name| name.to_str()).unwrap_or_default(),
    };
    let is_word = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    // Rust's keywords are no identifiers.
    let is_ident = syn::parse_str::<syn::Ident>(&name.replace('-', "_")).is_ok();
    if is_word && is_ident && !RESERVED.contains(&name) {
        return Ok(name.to_owned());
    }
    let reason = match is_word {
        true => "Rust, Cargo or neckar has the word for itself",
        false => "one is made of ASCII letters, digits, `-` and `_`, and starts with no digit",
    };
    let hint = if asked.is_some() { "" } else { "; give another with --name" };
    Err(Failure::usage(format!("`{name}` is no name for a crate: {reason}{hint}")))
}

/// The folder of the crate `neckar`: in the checkout asked for, or in that which this command was built from.
fn runtime(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let checkout = asked.unwrap_or(&built_from);
    let folders = [checkout.join("runtime"), checkout.to_owned()];
    let found = folders.iter().find(|folder| is_runtime(folder)).and_then(|folder| fs::canonicalize(folder).ok());
    found.ok_or_else(|| {
        Failure::incomplete(match asked {
            Some(path) => format!("`{}` is no checkout of neckar: there is no crate `neckar` in it", path.display()),
            None => "the checkout that this command was built from is gone; give one with --neckar PATH".to_owned(),
        })
    })
}

fn is_runtime(folder: &Path) -> bool {
    let name = |table: Table| Some(table.get("package")?.get("name")?.as_str()? == "neckar");
    manifest(folder).and_then(name).unwrap_or(false)
}

/// The `Cargo.toml` of a folder, where it has one that can be read.
fn manifest(folder: &Path) -> Option<Table> {
    fs::read_to_string(folder.join("Cargo.toml")).ok()?.parse().ok()
}
