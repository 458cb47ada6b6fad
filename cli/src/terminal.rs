//! What the command says, and in which colours.

use std::cell::Cell;
use std::cmp::Reverse;
use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use neckar_spec::diagnostics::{Diagnostic, render, render_colored};
use neckar_spec::source::Sources;

use crate::arguments::Arguments;
use crate::failure::{Exit, Failure};

const BOLD: Style = Style::new().bold();
const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::BrightGreen.on_default().bold();

/// Back to the start of the line, which is cleared ("ECMA-48", EL).
const CLEARED: &str = "\r\x1b[K";

/// Between two states of progress.
const PACE: Duration = Duration::from_millis(200);

/// More findings than so many are only counted: nobody reads them, and each is a page.
const MOST: usize = 100;

/// Results go to the standard output, everything that is said about them to the standard error.
#[derive(Debug)]
pub struct Terminal {
    colored_out: bool,
    colored_err: bool,
    quiet: bool,
    verbose: bool,
    /// When progress was shown last; none where nothing is under way.
    progress: Cell<Option<Instant>>,
    /// Whether somebody sees progress.
    watched: bool,
}

impl Terminal {
    /// As the arguments and `NO_COLOR` ask for.
    pub fn new(arguments: &Arguments) -> Terminal {
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colored = |is_terminal: bool| match arguments.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !no_color,
        };
        Terminal {
            colored_out: colored(io::stdout().is_terminal()),
            colored_err: colored(io::stderr().is_terminal()),
            quiet: arguments.quiet,
            verbose: arguments.verbose,
            progress: Cell::new(None),
            watched: io::stderr().is_terminal() && !arguments.quiet,
        }
    }

    /// Whether details are wanted.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Prints a result.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::incomplete(format!("cannot write to the standard output: {error}")),
        })
    }

    /// Prints a result that `--quiet` leaves out.
    pub fn print_unless_quiet(&self, text: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { self.print(text) }
    }

    /// A name that stands out in a result.
    pub fn strong(&self, text: &str) -> String {
        styled(self.colored_out, BOLD, text)
    }

    /// Says what was done or assumed.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.say(NOTE, "note", message);
        }
    }

    /// Says what is worth a look.
    pub fn warning(&self, message: &str) {
        self.say(WARNING, "warning", message);
    }

    /// Says what went wrong.
    pub fn error(&self, message: &str) {
        self.say(ERROR, "error", message);
    }

    /// Says how far long work is, over what it said before; only on a terminal, and not too often.
    pub fn progress(&self, state: &str) {
        let now = Instant::now();
        match self.progress.get() {
            Some(last) if now - last < PACE => return,
            Some(_) if self.watched => self.write_err(&format!("{CLEARED}{state}")),
            // Work that ends within the pace needs no saying.
            _ => {}
        }
        self.progress.set(Some(now));
    }

    /// Clears what was said of long work.
    pub fn end_progress(&self) {
        if self.progress.take().is_some() && self.watched {
            self.write_err(CLEARED);
        }
    }

    /// Shows diagnostics with the lines that they are about.
    pub fn diagnostics(&self, sources: &Sources, diagnostics: &[Diagnostic]) {
        let mut shown = diagnostics.to_vec();
        if shown.len() > MOST {
            shown.sort_by_key(|diagnostic| Reverse(diagnostic.severity));
            shown.truncate(MOST);
        }
        if !shown.is_empty() {
            self.write_err(&if self.colored_err { render_colored(sources, &shown) } else { render(sources, &shown) });
        }
        if diagnostics.len() > MOST {
            self.say(NOTE, "note", &format!("and {} more findings", diagnostics.len() - MOST));
        }
    }

    /// Says what is still to be said of a failure, and gives its exit code.
    pub fn report(&self, failure: Failure) -> Exit {
        match failure {
            Failure::Message(exit, message) => {
                self.error(&message);
                exit
            }
            Failure::Reported(exit) => exit,
            // Whoever reads the output has seen enough of it.
            Failure::Closed => Exit::Clean,
        }
    }

    /// The worst of several ends; what is still to be said of each is said as it comes.
    pub fn worst(&self, ends: impl IntoIterator<Item = Result<Exit, Failure>>) -> Result<Exit, Failure> {
        let mut worst = Exit::Clean;
        for end in ends {
            worst = worst.max(match end {
                Ok(exit) => exit,
                Err(Failure::Closed) => return Err(Failure::Closed),
                Err(failure) => self.report(failure),
            });
        }
        Ok(worst)
    }

    fn say(&self, style: Style, word: &str, message: &str) {
        self.write_err(&format!("{} {message}\n", styled(self.colored_err, style, &format!("{word}:"))));
    }

    fn write_err(&self, text: &str) {
        // Where the standard error cannot be written to there is nobody to tell; the exit code still says it.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

fn styled(colored: bool, style: Style, text: &str) -> String {
    if colored { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
