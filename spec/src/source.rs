//! Source texts and the places in them.

use std::path::{Path, PathBuf};

/// Which text of a [`Sources`] table a span lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A byte range of one source text.
///
/// Twelve bytes and `Copy`, so that every node of the syntax tree can carry one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both; they lie in one file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A value and the place where it was written.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// What was written.
    pub node: T,
    /// Where.
    pub span: Span,
}

/// One source text.
#[derive(Clone, Debug)]
pub struct Source {
    /// How messages name the text: a path as the user would open it, or `zoo::NAME`.
    pub name: String,
    /// Where it was read from; none for the zoo and for inline bodies.
    pub path: Option<PathBuf>,
    /// The text, without a byte-order mark.
    pub text: String,
    line_starts: Vec<u32>,
}

impl Source {
    /// Line and column of a byte offset, both from 1, columns counted in characters.
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        let start = self.line_starts[line] as usize;
        let column = self.text[start..].char_indices().take_while(|(at, _)| start + at < offset as usize).count();
        (line + 1, column + 1)
    }
}

impl Source {
    /// The bytes of the lines that a byte range touches, without the last line end.
    pub(crate) fn lines(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let line = self.line_starts.partition_point(|&start| start as usize <= range.start) - 1;
        let next = self.line_starts.partition_point(|&start| (start as usize) <= range.end);
        let end = self.line_starts.get(next).map_or(self.text.len(), |&start| start as usize - 1);
        let start = self.line_starts[line] as usize;
        start..start + self.text[start..end].trim_end_matches('\r').len().max(range.end - start)
    }
}

/// Every text that one compilation read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a text; a byte-order mark at its head is dropped.
    pub fn add(&mut self, name: impl Into<String>, path: Option<&Path>, text: &str) -> FileId {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
        self.files.push(Source { name: name.into(), path: path.map(Path::to_owned), text, line_starts });
        FileId(self.files.len() as u32 - 1)
    }

    /// The text of an id that this table gave.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// All texts, in the order they were read.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// The text under a span.
    pub fn snippet(&self, span: Span) -> &str {
        &self.get(span.file).text[span.start as usize..span.end as usize]
    }
}
