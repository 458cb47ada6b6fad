//! `neckar fmt`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use neckar_spec::format::{FormatError, format};
use neckar_spec::source::Sources;

use crate::arguments::Fmt;
use crate::failure::{Exit, Failure};
use crate::files::write_text;
use crate::terminal::Terminal;

/// How messages name the standard input.
const STDIN: &str = "<stdin>";

/// Formats each file, whatever comes of the others, and exits with the worst that was found.
pub fn fmt(arguments: &Fmt, terminal: &Terminal) -> Result<(), Failure> {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if arguments.paths.iter().any(is_stdin) {
        if arguments.paths.len() > 1 {
            return Err(Failure::usage("`-` stands for the standard input, and alone; leave the other paths out"));
        }
        return format_stdin(arguments.check, terminal);
    }
    let mut worst = Exit::Clean;
    for path in &arguments.paths {
        // A path that is no folder is a file, if only one that cannot be read.
        let files = if path.is_dir() { below(path) } else { Ok(vec![path.clone()]) };
        let done = files
            .map(|files| files.iter().map(|file| format_file(file, arguments.check, terminal)).collect::<Vec<_>>());
        for done in done.unwrap_or_else(|failure| vec![Err(failure)]) {
            match done {
                Ok(()) => {}
                Err(Failure::Closed) => return Err(Failure::Closed),
                Err(failure) => worst = worst.max(terminal.report(failure)),
            }
        }
    }
    if worst == Exit::Clean { Ok(()) } else { Err(Failure::Reported(worst)) }
}

fn format_stdin(check: bool, terminal: &Terminal) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let name = Path::new(STDIN);
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Failure::unreadable(name, error))?;
    let text = utf8(name, bytes)?;
    let formatted = formatted(STDIN, &text, terminal)?;
    if !check {
        return terminal.print(&formatted);
    }
    if formatted == text { Ok(()) } else { differs(STDIN, terminal) }
}

fn format_file(path: &Path, check: bool, terminal: &Terminal) -> Result<(), Failure> {
    let name = path.display().to_string();
    let text = utf8(path, fs::read(path).map_err(|error| Failure::unreadable(path, error))?)?;
    let formatted = formatted(&name, &text, terminal)?;
    if formatted == text {
        return Ok(());
    }
    if check {
        return differs(&name, terminal);
    }
    write_text(path, &formatted)?;
    terminal.note(&format!("formatted `{name}`"));
    Ok(())
}

fn differs(name: &str, terminal: &Terminal) -> Result<(), Failure> {
    terminal.print(&format!("{name}\n"))?;
    Err(Failure::Reported(Exit::Findings))
}

fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::unreadable(path, format!("it is not UTF-8 text: byte {at} starts no character; save it as UTF-8"))
    })
}

/// The text in the one style; what is wrong with it is shown.
fn formatted(name: &str, text: &str, terminal: &Terminal) -> Result<String, Failure> {
    let mut sources = Sources::default();
    let file = sources.add(name, None, text);
    format(&sources, file).map_err(|error| match error {
        FormatError::Syntax(diagnostics) => {
            terminal.diagnostics(&sources, &diagnostics);
            Failure::Reported(Exit::Findings)
        }
        FormatError::Fault(fault) => Failure::incomplete(format!("`{name}`: {fault}")),
    })
}

/// Every `.arch` file below a folder, but for hidden folders, links to folders and Cargo's `target`.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed =
        |folder: &Path| -> io::Result<Vec<PathBuf>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in listed(&folder).map_err(|error| Failure::unreadable(&folder, error))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !path.is_symlink() && !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "arch") {
                // `./` says nothing in a message.
                files.push(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
            }
        }
    }
    files.sort();
    Ok(files)
}
