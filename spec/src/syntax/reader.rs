//! What the walk over a text carries: the text, its comments, the place of the pairs at hand, and the findings.

use std::borrow::Cow;

use pest::Parser;

use super::ast::{Expr, Ident};
use super::brackets::{self, Comments};
use super::errors;
use super::grammar::{Grammar, Pair, Parts, Rule};
use super::repair::Repaired;
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{FileId, Span, Spanned};

/// Bytes of a row or item that is read once more with what is wrong behind it.
const REREAD: u32 = 1 << 16;

/// Reads one text.
pub(super) struct Reader<'s> {
    pub(super) file: FileId,
    pub(super) text: &'s str,
    comments: Cow<'s, Comments>,
    /// How long the text is as it was written.
    length: usize,
    /// Where brackets were mended: what cannot be read there was reported then.
    mended: &'s [usize],
    /// How many bytes of bodies may be read once more, since their headers cannot be read.
    reread: usize,
    /// Where the piece that the pairs at hand were parsed from begins in the text.
    base: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(file: FileId, text: &'s str, comments: Comments) -> Reader<'s> {
        let (comments, length) = (Cow::Owned(comments), text.len());
        Reader { file, text, comments, length, mended: &[], reread: 2 * length, base: 0, diagnostics: Vec::new() }
    }

    /// Of a text whose brackets were mended.
    pub(super) fn repaired(file: FileId, written: &str, repaired: &'s Repaired) -> Reader<'s> {
        Reader {
            file,
            text: &repaired.text,
            comments: Cow::Borrowed(&repaired.comments),
            length: written.len(),
            mended: &repaired.places,
            reread: 2 * written.len(),
            base: 0,
            diagnostics: Vec::new(),
        }
    }

    /// What is odd in a line whose brackets were mended follows from that.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if diagnostic.span.is_some_and(|span| self.is_mended(span.start as usize, span.end as usize)) {
            return;
        }
        if self.diagnostics.len() < bounds::ERRORS {
            self.diagnostics.push(diagnostic);
        } else if self.diagnostics.len() == bounds::ERRORS {
            self.diagnostics.push(Diagnostic::too_many());
        }
    }

    /// Whether something was mended in the lines of a part of the text.
    fn is_mended(&self, start: usize, end: usize) -> bool {
        if self.mended.is_empty() {
            return false;
        }
        let start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[end..].find('\n').map_or(self.text.len(), |length| end + length);
        self.mended.iter().any(|mended| (start..=end).contains(mended))
    }

    /// Whether there are so many findings that what else is wrong need not be found out.
    fn is_full(&self) -> bool {
        self.diagnostics.len() > bounds::ERRORS
    }

    pub(super) fn place(&self, start: usize, end: usize) -> Span {
        // Closers that were missing at the end are no part of the text.
        Span { file: self.file, start: start.min(self.length) as u32, end: end.min(self.length) as u32 }
    }

    /// Where a pair stands, without the blanks and comments that a rule ending in `?` or `*` takes along.
    pub(super) fn span(&self, pair: &Pair<'s>) -> Span {
        let span = pair.as_span();
        let (start, end) = (self.base + span.start(), self.base + span.end());
        self.place(start, self.comments.trim(self.text, start, end))
    }

    pub(super) fn word(&mut self, pair: Pair<'s>) -> Ident {
        let (word, span) = (pair.as_str(), self.span(&pair));
        if word.len() > bounds::NAME {
            let message = format!("the name has {} bytes, more than {}", word.len(), bounds::NAME);
            self.report(Diagnostic::error(Code::OutOfRange, span, message));
        }
        Spanned { node: word.to_owned(), span }
    }

    /// The expression that stands alone between two places of the text: the `{…}` of a template.
    pub(super) fn nested_expr(&mut self, start: usize, end: usize, depth: usize) -> Option<Expr> {
        let piece = &self.text[start..end];
        if piece.trim().is_empty() {
            let braces = self.place(start - 1, end + 1);
            let message = "expected an expression between `{` and `}`";
            self.report(Diagnostic::error(Code::Malformed, braces, message));
            return None;
        }
        if let Err(faults) = brackets::scan(piece, self.file) {
            for fault in faults.diagnostics {
                self.report(errors::shifted(fault, start));
            }
            return None;
        }
        match Grammar::parse(Rule::one_expr, piece) {
            Ok(mut pairs) => {
                let outer = std::mem::replace(&mut self.base, start);
                let root = pairs.next().expect("a parse has a root");
                let expr = self.expr(Parts::of(root).need(Rule::expr), depth + 1);
                self.base = outer;
                Some(expr)
            }
            Err(error) => {
                let place = self.place(start, end);
                self.report(errors::syntax_error(self.text, place, Rule::one_expr, &error));
                None
            }
        }
    }

    /// The true error of a stretch that no row or item could be made of.
    ///
    /// Where it does not begin a line of its own, it is the rest of the row or item before it, which was read as far
    /// as it went; the two are then one.
    pub(super) fn unreadable(&mut self, bad: Span, before: Option<Span>, alone: Rule) {
        // What is read once more stays short: the same text may be so in every body around it.
        let joined = before.filter(|before| {
            let is_short = bad.end - before.start <= REREAD;
            let between = &self.text[before.end as usize..bad.start as usize];
            is_short && errors::continues(&self.text[bad.start as usize..], !between.contains('\n'))
        });
        let mut stretch = Some((joined.map_or(bad, |before| before.to(bad)), bad));
        while let Some((place, bad)) = stretch.filter(|_| !self.is_full()) {
            stretch = self.stretch(place, bad, alone).map(|rest| (rest, rest));
        }
    }

    /// The error of a stretch, those in the body behind its header, and what begins a line of its own behind that.
    fn stretch(&mut self, place: Span, bad: Span, alone: Rule) -> Option<Span> {
        let (start, end) = (place.start as usize, place.end as usize);
        let piece = &self.text[start..end];
        let diagnostic = match Grammar::parse(alone, piece) {
            Err(error) => errors::syntax_error(self.text, place, alone, &error),
            Ok(_) => errors::out_of_place(self.text, bad),
        };
        let error = diagnostic.span.map_or(end, |span| span.end as usize);
        let has_bodies = errors::has_bodies(piece, alone);
        let reach = if has_bodies { error } else { end };
        if !self.is_mended(start, reach) {
            self.report(diagnostic);
        }
        if !has_bodies || self.reread == 0 {
            return None;
        }
        let text = &self.text[error..];
        let most = if alone == Rule::one_item { 1 } else { usize::MAX };
        let bodies = brackets::bodies(text, end.saturating_sub(error), most);
        let behind = error + bodies.last()?.end;
        self.reread = self.reread.saturating_sub(behind - error);
        for body in bodies {
            if let Ok(mut pairs) = Grammar::parse(Rule::body, &text[body.clone()]) {
                let outer = std::mem::replace(&mut self.base, error + body.start);
                // The brackets around it bound how deep its rows nest.
                self.rows(pairs.next().expect("a parse has a root"), 0);
                self.base = outer;
            }
        }
        let rest = self.text.get(behind..end).filter(|_| alone == Rule::one_item)?;
        let blanks = rest.len() - rest.trim_start().len();
        (blanks < rest.len() && rest[..blanks].contains('\n')).then(|| self.place(behind + blanks, end))
    }
}
