//! The scan before the grammar: brackets balanced and not too deep, strings and comments closed.
//!
//! It bounds the recursion of the grammar and of everything after it, says where an unclosed bracket was opened, and
//! finds the comments, which the spans of the grammar's rules have to be freed of.

use std::ops::Range;

use crate::diagnostics::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// How deeply brackets may nest.
pub(super) const MAX_NESTING: usize = 128;

/// The comments of a text, in order.
#[derive(Debug, Default)]
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
}

/// The comments of a text, or the first thing that keeps its brackets from being balanced.
pub(super) fn scan(text: &str, file: FileId) -> Result<Comments, Box<Diagnostic>> {
    let mut scan = Scan { text, file, line: 0, open: Vec::new(), misplaced: None };
    let mut comments = Comments::default();
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        // Only ASCII is looked for, so slices below begin at characters.
        let next = match byte {
            b'/' if text[at..].starts_with("//") => {
                let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
                comments.0.push(at..end);
                end
            }
            b'/' if text[at..].starts_with("/*") => {
                let close = text[at + 2..].find("*/").ok_or_else(|| Box::new(scan.open_comment(at)))?;
                let end = at + close + 4;
                comments.0.push(at..end);
                scan.line = text[at..end].rfind('\n').map_or(scan.line, |last| at + last + 1);
                end
            }
            b'\n' => {
                scan.line = at + 1;
                at + 1
            }
            b'"' => at + string_length(&text[at..]).ok_or_else(|| Box::new(scan.open_string(at)))?,
            b'(' | b'[' | b'{' => scan.opens(at)?,
            b')' | b']' | b'}' => scan.closes(at)?,
            _ => at + 1,
        };
        at = next;
    }
    scan.ends()?;
    Ok(comments)
}

struct Scan<'s> {
    text: &'s str,
    file: FileId,
    /// Where the line begins that is being read.
    line: usize,
    /// Where the brackets that wait for their partner stand, and where their lines begin.
    open: Vec<(usize, usize)>,
    /// The first pair whose closer begins a line that is indented otherwise than the opener's.
    misplaced: Option<(usize, usize)>,
}

impl Scan<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end as u32 }
    }

    fn bracket(&self, at: usize) -> char {
        char::from(self.text.as_bytes()[at])
    }

    fn opens(&mut self, at: usize) -> Result<usize, Box<Diagnostic>> {
        if self.open.len() == MAX_NESTING {
            let message = format!("brackets nest deeper than {MAX_NESTING}");
            let (outermost, _) = self.open[0];
            return Err(Box::new(
                Diagnostic::error(Code::Brackets, self.span(at, at + 1), message)
                    .label("one too many")
                    .related(self.span(outermost, outermost + 1), "the outermost opens here"),
            ));
        }
        self.open.push((at, self.line));
        Ok(at + 1)
    }

    fn closes(&mut self, at: usize) -> Result<usize, Box<Diagnostic>> {
        let found = self.bracket(at);
        let Some((opened, its_line)) = self.open.pop() else {
            let message = format!("`{found}` closes nothing");
            return Err(Box::new(
                Diagnostic::error(Code::Brackets, self.span(at, at + 1), message).label("no bracket is open here"),
            ));
        };
        let wanted = partner(self.bracket(opened));
        if wanted != found {
            let message = format!("expected `{wanted}`, found `{found}`");
            let label = format!("`{}` opens here", self.bracket(opened));
            return Err(Box::new(
                Diagnostic::error(Code::Brackets, self.span(at, at + 1), message)
                    .related(self.span(opened, opened + 1), label)
                    .hint(format!("close it with `{wanted}` before this `{found}`")),
            ));
        }
        let line = &self.text[self.line..at];
        if line.trim_start().is_empty() && line != indentation(&self.text[its_line..opened]) {
            self.misplaced.get_or_insert((opened, at));
        }
        Ok(at + 1)
    }

    fn ends(&self) -> Result<(), Box<Diagnostic>> {
        let Some(&(opened, _)) = self.open.last() else {
            return Ok(());
        };
        let bracket = self.bracket(opened);
        let message = format!("`{bracket}` is never closed");
        let mut unclosed = Diagnostic::error(Code::Brackets, self.span(opened, opened + 1), message)
            .label("opened here")
            .hint(format!("close it with `{}`", partner(bracket)));
        if let Some((opened, closed)) = self.misplaced {
            unclosed = unclosed
                .related(self.span(opened, opened + 1), "this one")
                .related(self.span(closed, closed + 1), "is closed here, at another indentation");
        }
        Err(Box::new(unclosed))
    }

    fn open_comment(&self, at: usize) -> Diagnostic {
        Diagnostic::error(Code::Syntax, self.span(at, at + 2), "the comment is never closed").hint("close it with `*/`")
    }

    fn open_string(&self, at: usize) -> Diagnostic {
        let line = self.text[at..].lines().next().unwrap_or_default().trim_end();
        let span = self.span(at, at + line.len());
        Diagnostic::error(Code::Syntax, span, "the string is not closed on its line").hint("close it with `\"`")
    }
}

fn partner(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
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

/// The blanks that a line begins with.
fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}
