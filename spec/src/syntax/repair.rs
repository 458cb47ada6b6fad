//! Brackets that are not balanced: which one is to blame, and what to read in its stead.
//!
//! Brackets are paired within their rows, and braces by the indentation of their lines where they are at fault. The text is mended in
//! place, so that its spans hold: a missing closer takes the place of a blank, a wrong one is overwritten. The grammar
//! then reads every row that has no such fault, and a row that has one costs no second error.

use std::ops::Range;

use super::brackets::{Comments, Faults, MAX_NESTING, Mark, marks, partner};
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// Words that begin an item, inside of which no row can begin so.
const ITEMS: [&str; 4] = ["arch", "block", "kind", "use"];

/// After so many faults the text is not what it was taken for, and the rest is left alone.
const MOST: usize = 100;

/// Words whose row or item has a body.
const HEADERS: [&str; 5] = ["arch", "block", "for", "if", "numerics"];

/// A text whose brackets were mended.
#[derive(Debug)]
pub(super) struct Repaired {
    /// As the grammar can read it; longer than the text where closers were missing at its end.
    pub text: String,
    pub comments: Comments,
    /// Where something was mended, in no order.
    pub places: Vec<usize>,
}

/// Finds every fault of a text that the scan refused, and mends it.
pub(super) fn repair(text: &str, file: FileId) -> Faults {
    // Closers that are missing at the end go into blanks behind it.
    let padded = format!("{text}{}", "\n".repeat(MAX_NESTING));
    let mut repair = Repair {
        text,
        file,
        mended: padded.into_bytes(),
        comments: Comments::default(),
        open: Vec::new(),
        by_indentation: !braces_balanced(text),
        continued: None,
        line: 0,
        indent: 0,
        quote: None,
        faulty: Vec::new(),
        seen: 0,
        places: Vec::new(),
        diagnostics: Vec::new(),
        readable: true,
    };
    for mark in marks(text) {
        if repair.diagnostics.len() >= MOST || repair.places.len() >= 10 * MOST {
            return Faults { diagnostics: repair.diagnostics, repaired: None };
        }
        match mark {
            Mark::Comment(comment) => repair.comments.push(comment),
            Mark::Opener(at) => {
                repair.lines_before(at);
                repair.opens(at);
                if repair.open.len() > MAX_NESTING {
                    // Rows whose brackets were never closed, or an abyss: nothing of it is read.
                    repair.unclosed(0, at + 1);
                    return Faults { diagnostics: repair.diagnostics, repaired: None };
                }
            }
            Mark::Closer(at) => {
                repair.lines_before(at);
                repair.closes(at);
            }
            Mark::OpenString(at) => {
                repair.lines_before(at);
                repair.open_string(at);
            }
            Mark::OpenComment(at) => {
                repair.lines_before(at);
                repair.open_comment(at);
            }
        }
    }
    repair.lines_before(text.len());
    repair.unclosed(0, text.len());
    repair.finish()
}

#[derive(Clone, Copy)]
struct Opener {
    at: usize,
    /// Where its line begins.
    line: usize,
    /// How far the row that it stands in is indented.
    indent: usize,
}

struct Repair<'s> {
    text: &'s str,
    file: FileId,
    mended: Vec<u8>,
    comments: Comments,
    open: Vec<Opener>,
    /// Whether the braces alone are not balanced either, so that only the indentation of their lines can pair them.
    by_indentation: bool,
    /// A line that goes on with a row of another one: where it begins, and how far that row is indented.
    continued: Option<(usize, usize)>,
    /// Where the line at hand begins, and how far it is indented.
    line: usize,
    indent: usize,
    /// The quote that opened the last string without an end, and its line.
    quote: Option<(usize, usize)>,
    /// The lines that have a fault already.
    faulty: Vec<usize>,
    /// The lines that begin before this place were looked at.
    seen: usize,
    places: Vec<usize>,
    diagnostics: Vec<Diagnostic>,
    /// Whether everything found so far could be mended.
    readable: bool,
}

impl Repair<'_> {
    fn finish(self) -> Faults {
        let Repair { mut mended, comments, places, diagnostics, .. } = self;
        let kept = mended.len() - mended.iter().rev().take_while(|byte| **byte == b'\n').count();
        mended.truncate(kept.max(self.text.len()));
        let text = String::from_utf8(mended).ok().filter(|_| self.readable);
        // A text that is still not balanced is not read at all.
        let balanced = text.filter(|text| balanced(text));
        Faults { diagnostics, repaired: balanced.map(|text| Repaired { text, comments, places }) }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes()[at]
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file, start: range.start as u32, end: range.end as u32 }
    }

    fn bracket(&self, at: usize) -> (Span, char) {
        (self.span(at..at + 1), char::from(self.byte(at)))
    }

    /// A line costs one error: what else is odd in it follows from the first.
    fn report(&mut self, line: usize, diagnostic: Diagnostic) {
        if !self.faulty.contains(&line) {
            self.faulty.push(line);
            self.diagnostics.push(diagnostic);
        }
    }

    fn opens(&mut self, at: usize) {
        let line = self.line;
        let indent = match self.continued {
            Some((continued, indent)) if continued == line => indent,
            _ => self.indent,
        };
        self.open.push(Opener { at, line, indent });
    }

    /// What begins before the brackets around it are closed, and so ends them: an item ends all, an `else` its branch.
    fn lines_before(&mut self, at: usize) {
        for start in line_starts(self.text, self.seen..at) {
            let line = self.text[start..].lines().next().unwrap_or_default();
            let indent = indentation(line);
            let ends = match line.split_whitespace().next() {
                Some(word) if ITEMS.contains(&word) && begins_item(line) => {
                    self.open.first().filter(|outermost| indent <= outermost.indent).map(|_| 0)
                }
                Some("else") => {
                    let brace = |opener: &Opener| self.byte(opener.at) == b'{' && opener.indent == indent;
                    self.open.iter().rposition(brace)
                }
                _ => None,
            };
            if let Some(position) = ends.filter(|_| !self.comments.hold(start)) {
                self.unclosed(position, start + indent);
            }
            (self.line, self.indent) = (start, indent);
        }
        self.seen = at;
    }

    fn closes(&mut self, at: usize) {
        let found = self.byte(at);
        let (line, indent) = (self.line, self.indent);
        let begins_line = line + indent == at;
        // Where the brackets of this row begin. Those of rows that ended wait for their fault to be reported.
        let before = |opener: &Opener| {
            opener.at < line && (self.byte(opener.at) == b'{' || !begins_line && indent <= opener.indent)
        };
        let row = self.open.iter().rposition(before).map_or(0, |i| i + 1);
        let reach = match found {
            b'}' if begins_line && self.by_indentation => self.brace_at(indent),
            b'}' => self.open.iter().rposition(|opener| self.byte(opener.at) == b'{'),
            _ => self.open[row..].iter().rposition(|opener| partner(self.byte(opener.at)) == found).map(|i| row + i),
        };
        let mistaken = self.open.last().filter(|last| match (found, self.byte(last.at)) {
            (b'}', b'{') => false,
            // `(kernel = 3}`: the brace that could be meant was opened in another row.
            (b'}', _) => last.at >= line && reach.is_none_or(|i| self.open[i].at < line),
            (_, b'{') => reach.is_none() && begins_line && last.indent == indent,
            _ => reach.is_none() && row < self.open.len(),
        });
        match (mistaken.copied(), reach) {
            (Some(opener), _) => {
                self.open.pop();
                self.mistaken(opener, at);
            }
            (None, Some(position)) => {
                self.unclosed(position + 1, at);
                let opener = self.open.pop().expect("the position lies in the stack");
                if opener.at < line {
                    self.continued = Some((line, opener.indent));
                }
            }
            (None, None) => self.extra(at, begins_line.then_some(indent)),
        }
    }

    /// The brace that a `}` at the beginning of a line closes: the innermost one of its indentation, or else the
    /// outermost of those that are indented further.
    fn brace_at(&self, indent: usize) -> Option<usize> {
        let brace = |opener: &Opener| self.byte(opener.at) == b'{';
        let same = self.open.iter().rposition(|opener| brace(opener) && opener.indent == indent);
        same.or_else(|| self.open.iter().position(|opener| brace(opener) && opener.indent > indent))
    }

    /// A closer of another sort than its opener.
    fn mistaken(&mut self, opener: Opener, at: usize) {
        let ((place, found), (opened, bracket)) = (self.bracket(at), self.bracket(opener.at));
        let wanted = partner(self.byte(opener.at));
        let expected = char::from(wanted);
        let diagnostic = Diagnostic::error(Code::Brackets, place, format!("expected `{expected}`, found `{found}`"))
            .related(opened, format!("`{bracket}` opens here"))
            .hint(format!("close it with `{expected}`"));
        self.report(self.line, diagnostic);
        self.mend(at, wanted);
    }

    /// A closer that closes nothing. At the beginning of a line it may be that its opener is missing.
    fn extra(&mut self, at: usize, indent: Option<usize>) {
        if let (b'}', Some(indent)) = (self.byte(at), indent)
            && let Some(header) = self.header_without_brace(at, indent)
        {
            let diagnostic =
                Diagnostic::error(Code::Brackets, self.span(header.clone()), "expected `{` at the end of this line")
                    .related(self.span(at..at + 1), "this closes it")
                    .hint("write `{` behind it");
            self.report(line_start(self.text, header.start), diagnostic);
            self.fill(header.end, b"{");
            return;
        }
        let (place, found) = self.bracket(at);
        let diagnostic = Diagnostic::error(Code::Brackets, place, format!("`{found}` closes nothing"))
            .label("no bracket that it could close is open here")
            .hint("take it out, or write what it is to close");
        self.report(self.line, diagnostic);
        self.mend(at, b' ');
    }

    /// The line of a body's header, if it is what stands before a `}` at its indentation and has no `{`.
    fn header_without_brace(&self, closer: usize, indent: usize) -> Option<Range<usize>> {
        let starts: Vec<usize> = line_starts(self.text, 0..line_start(self.text, closer).saturating_sub(1)).collect();
        let mut before = starts.into_iter().rev().filter(|&start| !self.text[start..].trim_start().starts_with("//"));
        let start = before.find(|&start| {
            let line = self.text[start..].lines().next().unwrap_or_default();
            !line.trim().is_empty() && indentation(line) <= indent
        })?;
        let line = self.text[start..].lines().next()?;
        let code = start + indent..self.comments.trim(self.text, start, start + line.len());
        let word = line.trim_start().split(|c: char| !c.is_alphanumeric()).next()?;
        let header = indentation(line) == indent && HEADERS.contains(&word) && !line.contains(['{', '}']);
        header.then_some(code)
    }

    /// The brackets from a position of the stack on are never closed, as what begins at `limit` shows.
    fn unclosed(&mut self, position: usize, limit: usize) {
        let openers = self.open.split_off(position);
        let row = |opener: &Opener| (self.byte(opener.at) != b'{').then_some(opener.line);
        let rows: Vec<&[Opener]> = openers.chunk_by(|a, b| row(a).is_some() && row(a) == row(b)).collect();
        // Where two rows end at one place, the closer of the inner one comes first.
        for openers in rows.into_iter().rev() {
            let (place, bracket) = self.bracket(openers[0].at);
            let closers: Vec<u8> = openers.iter().rev().map(|opener| partner(self.byte(opener.at))).collect();
            let text = String::from_utf8_lossy(&closers).into_owned();
            let mut diagnostic = Diagnostic::error(Code::Brackets, place, format!("`{bracket}` is never closed"))
                .label("opened here")
                .hint(format!("close it with `{}`", char::from(partner(self.byte(openers[0].at)))));
            let end = match bracket {
                '{' => {
                    if limit < self.text.len() {
                        diagnostic = diagnostic.related(self.span(limit..limit + 1), "it is still open here");
                    }
                    limit
                }
                _ => self.end_of_row(openers[0], limit),
            };
            self.report(openers[0].line, diagnostic);
            let from = openers[openers.len() - 1].at + 1;
            self.fill(self.comments.trim(self.text, from, end.max(from)), text.as_bytes());
        }
    }

    /// Where the row of an opener ends: before a body, or before a line that is not indented further.
    fn end_of_row(&self, opener: Opener, limit: usize) -> usize {
        let rest = &self.text[opener.at..limit];
        let line = rest.lines().next().unwrap_or_default();
        if let Some(brace) = line.find(['{', '"']).filter(|&brace| line.as_bytes()[brace] == b'{') {
            return opener.at + brace;
        }
        let next = line_starts(self.text, opener.at..limit).find(|&start| {
            let line = self.text[start..].lines().next().unwrap_or_default();
            start > opener.at && !line.trim().is_empty() && indentation(line) <= opener.indent
        });
        next.unwrap_or(limit)
    }

    fn open_string(&mut self, at: usize) {
        let behind = self.text[at + 1..].lines().next().unwrap_or_default().trim_start();
        if let Some((quote, line)) = self.quote.take()
            && line < self.line
            && (behind.is_empty() || behind.starts_with([',', ')', ']', '}']))
        {
            // A string over two lines: this is its end.
            self.open.retain(|opener| !(quote..at).contains(&opener.at));
            for place in (quote..=at).filter(|&place| self.text.as_bytes()[place] != b'\n') {
                self.mended[place] = b' ';
            }
            return self.places.push(at);
        }
        self.quote = Some((at, self.line));
        let line = self.text[at..].lines().next().unwrap_or_default().trim_end();
        let diagnostic =
            Diagnostic::error(Code::Malformed, self.span(at..at + line.len()), "the string is not closed on its line")
                .hint("close it with `\"`");
        self.report(self.line, diagnostic);
        self.mend(at, b' ');
    }

    /// Nothing is known of what stands in the comment, so the text ends with it.
    fn open_comment(&mut self, at: usize) {
        let diagnostic = Diagnostic::error(Code::Malformed, self.span(at..at + 2), "the comment is never closed");
        self.report(self.line, diagnostic.hint("close it with `*/`"));
        self.mended[at..self.text.len()].fill(b' ');
        self.comments.push(at..self.text.len());
        let closers: Vec<u8> =
            self.open.drain(..).rev().map(|opener| partner(self.text.as_bytes()[opener.at])).collect();
        self.places.push(at);
        self.fill(self.text.len(), &closers);
    }

    fn mend(&mut self, at: usize, byte: u8) {
        self.mended[at] = byte;
        self.places.push(at);
    }

    /// Writes brackets over the blanks that begin at a place, if there are enough of them. A line that would not end
    /// there any more ends behind them, since recovery goes by lines.
    fn fill(&mut self, at: usize, brackets: &[u8]) {
        let is_closer = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b')' | b']' | b'}'));
        let written = self.text.as_bytes();
        let filled = |at: &usize| is_closer(self.mended.get(*at)) && !is_closer(written.get(*at));
        let at = (at..self.mended.len()).find(|at| !filled(at)).unwrap_or(at);
        if let Some(comment) = self.comments.starting(at..at + brackets.len()) {
            self.mended[comment.clone()].fill(b' ');
        }
        let blanks = self.mended[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blanks < brackets.len() {
            self.readable = false;
            return;
        }
        let end = at + brackets.len();
        let line_ends = self.mended[at..end].contains(&b'\n');
        self.mended[at..end].copy_from_slice(brackets);
        if line_ends && blanks > brackets.len() {
            self.mended[end] = b'\n';
        }
        // Rows around a brace read well alone.
        if brackets.iter().any(|bracket| !matches!(bracket, b'{' | b'}')) {
            self.places.push(at);
        }
    }
}

fn braces_balanced(text: &str) -> bool {
    let mut open = 0_usize;
    let pairs = marks(text).all(|mark| match mark {
        Mark::Opener(at) if text.as_bytes()[at] == b'{' => {
            open += 1;
            true
        }
        Mark::Closer(at) if text.as_bytes()[at] == b'}' => {
            open = open.wrapping_sub(1);
            open < usize::MAX
        }
        _ => true,
    });
    pairs && open == 0
}

fn balanced(text: &str) -> bool {
    let mut open = Vec::new();
    let pairs = marks(text).all(|mark| match mark {
        Mark::Comment(_) => true,
        Mark::Opener(at) => {
            open.push(text.as_bytes()[at]);
            open.len() <= MAX_NESTING
        }
        Mark::Closer(at) => open.pop().is_some_and(|opener| partner(opener) == text.as_bytes()[at]),
        Mark::OpenComment(_) | Mark::OpenString(_) => false,
    });
    pairs && open.is_empty()
}

/// Where the line of a place begins.
fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where lines begin in a part of a text.
fn line_starts(text: &str, part: Range<usize>) -> impl Iterator<Item = usize> + use<'_> {
    let first = (part.start == 0).then_some(0);
    first.into_iter().chain(text[part.clone()].match_indices('\n').map(move |(at, _)| part.start + at + 1))
}

/// How many blanks a line begins with.
fn indentation(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// `arch Name`, `kind name`, `use "…"`.
fn begins_item(line: &str) -> bool {
    let named = |word: &str| word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"'));
    line.split_whitespace().nth(1).is_some_and(named)
}
