//! Text to tokens, comments among them.
//!
//! This is not the grammar's lexer: it reads any text whatever, and keeps what the grammar skips.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, `true` and `false`.
    Word,
    /// A reserved word.
    Keyword,
    /// A number with its fraction, exponent and unit.
    Number,
    /// A string with its quotes.
    String,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// Any other sign.
    Sign,
    /// From `//` to the end of the line.
    LineComment,
    /// From `/*` to `*/`.
    BlockComment,
}

/// A token and what stood before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its text; that of a line comment without blanks at the end.
    pub text: &'t str,
    /// How many lines ended since the token before.
    pub newlines: usize,
    /// How many blanks stand before it on its line.
    pub blanks: usize,
}

impl Token<'_> {
    /// Whether the grammar skips it.
    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }

    /// Whether this is the sign, bracket or keyword.
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text && !self.is_comment()
    }

    /// Whether an operand may end here.
    pub(super) fn ends_value(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Number | Kind::String | Kind::Close)
    }
}

/// The reserved words of the language but `true` and `false`, which are values.
const KEYWORDS: &[&str] = &[
    "arch", "block", "kind", "use", "numerics", "input", "output", "expect", "let", "for", "in", "to", "if", "else",
    "when", "at", "as", "ignore", "within", "and", "or", "not", "mod",
];

/// Signs of more than one character, those first that begin like a shorter one.
const LONG_SIGNS: &[&str] = &["..", "::", "->", "|>", "==", "!=", "<=", ">=", "~="];

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut newlines, mut blanks) = (text, 0, 0);
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            (newlines, blanks) = if first == '\n' { (newlines + 1, 0) } else { (newlines, blanks + 1) };
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (kind, length) = token(rest, first);
        let text = &rest[..length];
        let text = if kind == Kind::LineComment { text.trim_end() } else { text };
        tokens.push(Token { kind, text, newlines, blanks });
        (rest, newlines, blanks) = (&rest[length..], 0, 0);
    }
    tokens
}

/// The kind and the length of the token that a text begins with.
fn token(text: &str, first: char) -> (Kind, usize) {
    let line = text.find('\n').unwrap_or(text.len());
    match first {
        '/' if text.starts_with("//") => (Kind::LineComment, line),
        '/' if text.starts_with("/*") => {
            (Kind::BlockComment, text[2..].find("*/").map_or(text.trim_end().len(), |at| at + 4))
        }
        '"' => (Kind::String, string(text).unwrap_or(text[..line].trim_end().len())),
        '(' | '[' | '{' => (Kind::Open, 1),
        ')' | ']' | '}' => (Kind::Close, 1),
        '0'..='9' => (Kind::Number, number(text)),
        _ if in_word(first) => {
            let length = word(text);
            (if KEYWORDS.contains(&&text[..length]) { Kind::Keyword } else { Kind::Word }, length)
        }
        _ => {
            let long = LONG_SIGNS.iter().find(|sign| text.starts_with(**sign));
            (Kind::Sign, long.map_or(first.len_utf8(), |sign| sign.len()))
        }
    }
}

/// Whether a character belongs to words; of the letters beyond ASCII only the signs of the language do not.
fn in_word(character: char) -> bool {
    character == '_'
        || character.is_ascii_alphanumeric()
        || !(character.is_ascii() || character.is_whitespace() || matches!(character, '→' | '×' | '⊕'))
}

fn word(text: &str) -> usize {
    text.find(|character| !in_word(character)).unwrap_or(text.len())
}

/// `25_000`, `0.5`, `1e-3`, `3.5M`; of `25..31` the first number.
fn number(text: &str) -> usize {
    let digit_at = |at: usize| text[at..].starts_with(|character: char| character.is_ascii_digit());
    let mut end = word(text);
    if text[end..].starts_with('.') && digit_at(end + 1) {
        end += 1 + word(&text[end + 1..]);
    }
    if text[..end].ends_with(['e', 'E']) && text[end..].starts_with(['+', '-']) && digit_at(end + 1) {
        end += 1 + word(&text[end + 1..]);
    }
    end
}

/// The length of the string that a text begins with; none if its line ends first.
fn string(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some(at + 1),
            '\n' | '\r' => return None,
            '\\' => drop(characters.next()),
            _ => {}
        }
    }
    None
}
