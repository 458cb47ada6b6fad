//! `neckar fmt`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use neckar_spec::format::{FormatError, format};
use neckar_spec::source::Sources;

use crate::arguments::Fmt;
use crate::failure::{Exit, Failure};
use crate::files::{arch_files, write_text};
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
    let files = arguments.paths.iter().flat_map(|path| match arch_files(path) {
        Ok(files) => files.into_iter().map(Ok).collect(),
        Err(failure) => vec![Err(failure)],
    });
    terminal.worst(files.map(|file| format_file(&file?, arguments.check, terminal).map(|()| Exit::Clean)))?.ended()
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
