//! The one style of `.arch` files.
//!
//! A text is taken apart into tokens with its comments among them (`lexer`), so that none can be lost; `rows` finds the
//! rows in them and lays them out in lines, with the blanks that `spacing` gives; `align` makes columns. Line breaks
//! stay where the writer put them. Nothing but blanks changes, and formatting what was formatted changes nothing: both
//! are checked each time before a text is given back.

mod align;
mod lexer;
mod rows;
mod spacing;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::diagnostics::Diagnostic;
use crate::source::{FileId, Sources};
use crate::syntax;
use lexer::{Kind, Token};

/// Why a text was not formatted.
#[derive(Debug)]
pub enum FormatError {
    /// It does not follow the grammar.
    Syntax(Vec<Diagnostic>),
    /// The result failed a check: a fault of the formatter.
    Fault(Fault),
}

/// What a formatted text failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A token or a comment is missing, added or changed.
    Tokens,
    /// Formatting it once more changes it.
    Unsettled,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Fault::Tokens => "would change more than blanks",
            Fault::Unsettled => "would not settle",
        };
        write!(f, "formatting {what}, a fault of neckar; the text is left as it is")
    }
}

/// A text in the one style, with `\n` for line ends.
///
/// # Errors
/// When it does not follow the grammar, or when the result fails a check.
pub fn format(sources: &Sources, file: FileId) -> Result<String, FormatError> {
    let (_, diagnostics) = syntax::parse(sources, file);
    if diagnostics.is_empty() {
        layout(&sources.get(file).text).map_err(FormatError::Fault)
    } else {
        Err(FormatError::Syntax(diagnostics))
    }
}

/// Lays out any text, whether or not it follows the grammar.
fn layout(text: &str) -> Result<String, Fault> {
    let before = lexer::tokens(text);
    let formatted = lay_out(&before);
    let after = lexer::tokens(&formatted);
    let same = |(a, b): (&Token, &Token)| a.kind == b.kind && written(a) == written(b);
    if before.len() != after.len() || !before.iter().zip(&after).all(same) {
        return Err(Fault::Tokens);
    }
    if lay_out(&after) != formatted {
        return Err(Fault::Unsettled);
    }
    Ok(formatted)
}

fn lay_out(tokens: &[Token]) -> String {
    let mut lines = rows::lines(tokens);
    align::align(&mut lines);
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        if line.blank_before {
            text.push('\n');
        }
        text.extend(std::iter::repeat_n(' ', align::indentation(&lines, number)));
        for piece in &line.pieces {
            text.extend(std::iter::repeat_n(' ', piece.gap));
            text.push_str(&written(&piece.token));
        }
        text.push('\n');
    }
    text
}

/// How a token is written: the lines of a block comment lose the blanks at their ends.
fn written(token: &Token) -> String {
    match token.kind {
        Kind::BlockComment => token.text.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n"),
        _ => token.text.to_owned(),
    }
}
