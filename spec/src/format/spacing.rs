//! The blanks between two tokens of a line.

use super::align::Piece;
use super::lexer::{self, Kind, Token};

/// What a token is for the blanks around it, where its text does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// As its text says.
    Plain,
    /// It begins a row.
    BeginsRow,
    /// The `{` of a body.
    OpensBody,
    /// The `(` of a declaration's arguments.
    Arguments,
    /// A sign before its only operand.
    Prefix,
    /// An operator without blanks.
    Tight,
}

/// How many blanks stand between a token and the next one of its line.
pub(super) fn gap(before: &Piece, token: &Token, role: Role) -> usize {
    let gap = wanted(before, token, role);
    if gap == 0 && !stay_apart(&before.token, token) { 1 } else { gap }
}

fn wanted(before: &Piece, token: &Token, role: Role) -> usize {
    let last = &before.token;
    let after_bracket = last.is("(") || last.is("[");
    let to_bracket = token.is(")") || token.is("]");
    let is_tight = matches!(before.role, Role::Tight | Role::Prefix);
    let either = |texts: &[&str]| texts.iter().any(|text| last.is(text) || token.is(text));
    if token.kind == Kind::LineComment {
        2
    } else if role == Role::BeginsRow {
        // Rows that share a line are told apart by a wider gap.
        if before.role == Role::OpensBody || last.is_comment() { 1 } else { 2 }
    } else if after_bracket || to_bracket || token.is(",") || token.is(":") {
        0
    } else if last.is_comment() || token.is_comment() {
        1
    } else if last.is("{") {
        usize::from(!token.is("}"))
    } else if last.kind == Kind::Number && token.is(".") {
        // A number may go on behind its point.
        1
    } else if either(&[".", "..", "::", "^"]) || role == Role::Tight || is_tight {
        0
    } else if token.is("(") {
        usize::from(role == Role::Arguments || !last.ends_value() || last.kind == Kind::Number)
    } else if token.is("[") {
        usize::from(!matches!(last.kind, Kind::Word | Kind::Close))
    } else {
        1
    }
}

/// Whether two tokens without a blank between them are still two.
fn stay_apart(before: &Token, token: &Token) -> bool {
    let together = format!("{}{}", before.text, token.text);
    matches!(lexer::tokens(&together).as_slice(), [first, second] if first.text == before.text && second.text == token.text)
}
