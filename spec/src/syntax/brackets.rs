//! The scan before the grammar: brackets balanced and not too deep, strings and comments closed.
//!
//! It bounds the recursion of the grammar and of everything after it, and finds the comments, which the spans of the
//! grammar's rules have to be freed of.

use std::ops::Range;

use super::repair::{self, Repaired};
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// How deeply brackets may nest.
pub(super) const MAX_NESTING: usize = 128;

/// The comments of a text, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Comments(Vec<Range<usize>>);

impl Comments {
    /// The end of the last character before `end` that is neither blank nor in a comment.
    pub(super) fn trim(&self, text: &str, start: usize, mut end: usize) -> usize {
        loop {
            end = start + text[start..end].trim_end().len();
            let before = self.0.partition_point(|comment| comment.start < end);
            match before.checked_sub(1).map(|last| &self.0[last]) {
                Some(comment) if comment.end >= end && comment.start >= start => end = comment.start,
                _ => return end,
            }
        }
    }

    pub(super) fn push(&mut self, comment: Range<usize>) {
        self.0.push(comment);
    }

    /// Whether a place lies in a comment.
    pub(super) fn hold(&self, at: usize) -> bool {
        let after = self.0.partition_point(|comment| comment.start <= at);
        after.checked_sub(1).is_some_and(|last| at < self.0[last].end)
    }

    /// The first comment that begins in a part of the text.
    pub(super) fn starting(&self, part: Range<usize>) -> Option<&Range<usize>> {
        let next = self.0.partition_point(|comment| comment.start < part.start);
        self.0.get(next).filter(|comment| comment.start < part.end)
    }
}

/// What keeps a text from being read by the grammar.
pub(super) struct Faults {
    /// Everything found, in no order; at least one.
    pub diagnostics: Vec<Diagnostic>,
    /// The text with its brackets mended, so that the rows without such a fault can be read.
    pub repaired: Option<Repaired>,
}

/// What the scan looks at in a text.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    Comment(Range<usize>),
    /// A comment without its end, and where it begins.
    OpenComment(usize),
    /// A string that its line ends first, and where it begins. What stands behind its quote is scanned too.
    OpenString(usize),
    Opener(usize),
    Closer(usize),
}

/// The comments and brackets of a text in order, those in strings and comments left out.
pub(super) fn marks(text: &str) -> impl Iterator<Item = Mark> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = text.as_bytes().get(at) {
            // Only ASCII is looked for, so slices below begin at characters.
            let start = at;
            match byte {
                b'/' if text[at..].starts_with("//") => {
                    at = text[at..].find('\n').map_or(text.len(), |length| at + length);
                    return Some(Mark::Comment(start..at));
                }
                b'/' if text[at..].starts_with("/*") => match text[at + 2..].find("*/") {
                    Some(close) => {
                        at += close + 4;
                        return Some(Mark::Comment(start..at));
                    }
                    None => {
                        at = text.len();
                        return Some(Mark::OpenComment(start));
                    }
                },
                b'"' => match string_length(&text[at..]) {
                    Some(length) => at += length,
                    None => {
                        at += 1;
                        return Some(Mark::OpenString(start));
                    }
                },
                b'(' | b'[' | b'{' => {
                    at += 1;
                    return Some(Mark::Opener(start));
                }
                b')' | b']' | b'}' => {
                    at += 1;
                    return Some(Mark::Closer(start));
                }
                _ => at += 1,
            }
        }
        None
    })
}

/// The comments of a text whose brackets are balanced.
///
/// # Errors
/// Every fault of its brackets, strings and comments; of brackets that nest too deeply only that.
pub(super) fn scan(text: &str, file: FileId) -> Result<Comments, Box<Faults>> {
    let mut comments = Comments::default();
    let mut open: Vec<usize> = Vec::new();
    let faulty = || Err(Box::new(repair::repair(text, file)));
    for mark in marks(text) {
        match mark {
            Mark::Comment(comment) => comments.push(comment),
            Mark::Opener(at) if open.len() == MAX_NESTING => {
                let diagnostics = vec![too_deep(file, open[0], at)];
                return Err(Box::new(Faults { diagnostics, repaired: None }));
            }
            Mark::Opener(at) => open.push(at),
            Mark::Closer(at) => match open.pop() {
                Some(opener) if text.as_bytes()[at] == partner(text.as_bytes()[opener]) => {}
                _ => return faulty(),
            },
            Mark::OpenComment(_) | Mark::OpenString(_) => return faulty(),
        }
    }
    if open.is_empty() { Ok(comments) } else { faulty() }
}

/// The `{…}` that begin within the first bytes of a balanced text and stand in no other brackets, up to a number.
pub(super) fn bodies(text: &str, within: usize, most: usize) -> Vec<Range<usize>> {
    let (mut bodies, mut open) = (Vec::new(), Vec::new());
    for mark in marks(text) {
        match mark {
            _ if bodies.len() == most => break,
            Mark::Opener(at) if open.is_empty() && at >= within => break,
            Mark::Opener(at) => open.push(at),
            Mark::Closer(at) => match open.pop() {
                Some(opener) if open.is_empty() && text.as_bytes()[opener] == b'{' => bodies.push(opener..at + 1),
                Some(_) => {}
                // It closes what was opened before the text.
                None => break,
            },
            _ => {}
        }
    }
    bodies
}

fn too_deep(file: FileId, outermost: usize, at: usize) -> Diagnostic {
    let place = |at: usize| Span { file, start: at as u32, end: at as u32 + 1 };
    Diagnostic::error(Code::Brackets, place(at), format!("brackets nest deeper than {MAX_NESTING}"))
        .label("one too many")
        .related(place(outermost), "the outermost opens here")
}

/// What closes an opening bracket.
pub(super) fn partner(bracket: u8) -> u8 {
    match bracket {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// The length of the string that the text begins with, quotes included; none if its line ends first.
pub(super) fn string_length(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some(at + 1),
            '\n' | '\r' => return None,
            '\\' => {
                characters.next();
            }
            _ => {}
        }
    }
    None
}
