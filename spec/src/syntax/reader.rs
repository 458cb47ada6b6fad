//! What the walk over a text carries: the text, its comments, the place of the pairs at hand, and the findings.

use pest::Parser;

use super::ast::{Expr, Ident};
use super::brackets::{self, Comments};
use super::errors;
use super::grammar::{Grammar, Pair, Parts, Rule};
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{FileId, Span, Spanned};

/// Bytes of a row or item that is read once more with what is wrong behind it.
const REREAD: u32 = 1 << 16;

/// Reads one text.
pub(super) struct Reader<'s> {
    pub(super) file: FileId,
    pub(super) text: &'s str,
    comments: Comments,
    /// Where the piece that the pairs at hand were parsed from begins in the text.
    base: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(file: FileId, text: &'s str, comments: Comments) -> Reader<'s> {
        Reader { file, text, comments, base: 0, diagnostics: Vec::new() }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < bounds::ERRORS {
            self.diagnostics.push(diagnostic);
        } else if self.diagnostics.len() == bounds::ERRORS {
            self.diagnostics.push(Diagnostic::too_many());
        }
    }

    /// Whether there are so many findings that what else is wrong need not be found out.
    fn is_full(&self) -> bool {
        self.diagnostics.len() > bounds::ERRORS
    }

    pub(super) fn place(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end as u32 }
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
            self.report(Diagnostic::error(Code::Syntax, braces, message));
            return None;
        }
        if let Err(diagnostic) = brackets::scan(piece, self.file) {
            self.report(errors::shifted(*diagnostic, start));
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
        if self.is_full() {
            return;
        }
        // What is read once more stays short: the same text may be so in every body around it.
        let joined = before.filter(|before| {
            let is_short = bad.end - before.start <= REREAD;
            let between = &self.text[before.end as usize..bad.start as usize];
            is_short && errors::continues(&self.text[bad.start as usize..], !between.contains('\n'))
        });
        let place = joined.map_or(bad, |before| before.to(bad));
        let piece = &self.text[place.start as usize..place.end as usize];
        let diagnostic = match Grammar::parse(alone, piece) {
            Err(error) => errors::syntax_error(self.text, place, alone, &error),
            Ok(_) => errors::out_of_place(self.text, bad),
        };
        self.report(diagnostic);
    }
}
