//! Syntax errors in human words: what was found, what was expected, and what a common slip should have been.

use std::ops::Range;

use pest::error::{Error, ErrorVariant, InputLocation};

use super::brackets;
use super::grammar::{KEYWORDS, Rule, phrase};
use crate::diagnostics::{Code, Diagnostic, Proposal};
use crate::source::Span;

/// Words that begin a row or an item.
const STARTERS: [&str; 13] =
    ["arch", "block", "kind", "use", "numerics", "input", "output", "expect", "let", "for", "if", "ignore", "allow"];

/// Tokens of other languages, what is written here, and in their very place.
const FOREIGN: [(&str, &str, Option<&str>); 10] = [
    (":=", "write `=`", Some("=")),
    (";", "rows need nothing between them", Some("")),
    ("&&", "write `and`", Some("and")),
    ("||", "write `or`", Some("or")),
    ("!", "write `not`", Some("not ")),
    ("%", "write `mod`", Some("mod")),
    ("**", "write `^` for a power", Some("^")),
    ("#", "comments begin with `//`", Some("//")),
    ("'", "strings stand in `\"`", None),
    ("=>", "write `->`", Some("->")),
];

/// Signs that are one token, the longest first.
const SIGNS: [&str; 18] =
    ["->", ":=", "=>", "|>", "==", "!=", "<=", ">=", "~=", "::", "..", "&&", "||", "**", "→", "⊕", "×", "="];

/// Signs that stand between or before operands.
const OPERATORS: [&str; 14] = ["+", "-", "*", "/", "^", "⊕", "|>", "==", "!=", "<", "<=", ">", ">=", "~="];

/// What pest says of a piece of the text that it read by one of the grammar's first rules, as a diagnostic.
pub(super) fn syntax_error(text: &str, piece: Span, root: Rule, error: &Error<Rule>) -> Diagnostic {
    let (start, end) = (piece.start as usize, piece.end as usize);
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        let message = "brackets and operators nest too deeply to be read";
        return Diagnostic::error(Code::Brackets, piece, message);
    };
    let at = start
        + match error.location {
            InputLocation::Pos(at) => at,
            InputLocation::Span((at, _)) => at,
        };
    let mut before = None;
    let mut found = None;
    for token in tokens(text, start, end) {
        if token.end <= at {
            before = Some(token);
        } else {
            found = Some(token);
            break;
        }
    }
    let expected = listed(&expected(root, positives));
    let at_token = |token: &Range<usize>| Span { file: piece.file, start: token.start as u32, end: token.end as u32 };
    let before = before.map(|token| (at_token(&token), &text[token]));
    match (found, before) {
        (Some(token), before) => {
            let (span, found) = (at_token(&token), &text[token]);
            let message = format!("expected {expected}, found `{found}`");
            if names_a_keyword(found, positives) {
                return Diagnostic::error(Code::Reserved, span, message)
                    .hint(format!("`{found}` is a word of the language; choose another name"));
            }
            let mut diagnostic = Diagnostic::error(Code::Syntax, span, message);
            let raw_name = (before.as_ref().map(|(_, text)| *text), found) == (Some("r"), "#");
            let foreign = FOREIGN.iter().find(|(sign, ..)| *sign == found && !raw_name);
            if let Some((_, _, Some(instead))) = foreign {
                let title = if instead.is_empty() {
                    format!("leave out the `{found}`")
                } else {
                    format!("write `{}`", instead.trim_end())
                };
                diagnostic = diagnostic.fix(title, vec![(span, (*instead).to_owned())]);
            }
            diagnostic.hints.extend(hint(found, before.map(|(_, text)| text), positives, &text[start..at]));
            diagnostic
        }
        (None, Some((span, last))) => {
            let message = format!("expected {expected} after `{last}`");
            Diagnostic::error(Code::Syntax, span, message)
        }
        (None, None) => Diagnostic::error(Code::Syntax, piece, format!("expected {expected}")),
    }
}

/// A stretch that reads well alone but not where it stands.
pub(super) fn out_of_place(text: &str, bad: Span) -> Diagnostic {
    let first = tokens(text, bad.start as usize, bad.end as usize).next().unwrap_or_default();
    let message = format!("`{}` cannot stand here", &text[first.clone()]);
    let span = Span { end: first.end as u32, ..bad };
    Diagnostic::error(Code::Syntax, span, message)
}

/// Whether unread text is the rest of what stands before it, rather than something new.
pub(super) fn continues(unread: &str, same_line: bool) -> bool {
    let first = tokens(unread, 0, unread.len()).next().unwrap_or_default();
    let first = &unread[first];
    if same_line { !STARTERS.contains(&first) } else { !first.starts_with(is_word) }
}

/// Whether what cannot be read is the header of bodies: of a loop, a branch or a network, or of something called so.
pub(super) fn has_bodies(unread: &str, alone: Rule) -> bool {
    let mut words = tokens(unread, 0, unread.len()).map(|token| &unread[token]);
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match alone {
        Rule::one_row => matches!(first, "for" | "if"),
        _ if STARTERS.contains(&first) => matches!(first, "arch" | "block"),
        _ => {
            let opens = unread.lines().next().is_some_and(|line| line.contains('{'));
            opens && [first, second].iter().all(|word| word.starts_with(is_word))
        }
    }
}

/// A diagnostic about a piece of a text, moved to where the piece begins.
pub(super) fn shifted(mut diagnostic: Diagnostic, base: usize) -> Diagnostic {
    let related = diagnostic.related.iter_mut().map(|(span, _)| span);
    let edited = diagnostic.proposals.iter_mut().flat_map(Proposal::places);
    for span in diagnostic.span.iter_mut().chain(related).chain(edited) {
        span.start += base as u32;
        span.end += base as u32;
    }
    diagnostic
}

/// What was expected, each phrase once; what may always follow an operand goes without saying.
fn expected(root: Rule, rules: &[Rule]) -> Vec<&'static str> {
    let after_operand = rules.iter().any(|rule| matches!(rule, Rule::operator | Rule::sign));
    let mut phrases: Vec<_> = rules
        .iter()
        .filter(|rule| !(after_operand && matches!(rule, Rule::lparen | Rule::lbracket | Rule::dot)))
        .map(|&rule| match (rule, root) {
            (Rule::EOI, Rule::one_row) => "the next row",
            (Rule::EOI, Rule::one_expr) => "the end of the expression",
            (Rule::EOI, _) => "the next item",
            _ => phrase(rule),
        })
        .collect();
    phrases.sort_by_key(|phrase| (phrase.starts_with("the "), !phrase.starts_with('`'), *phrase));
    phrases.dedup();
    phrases
}

fn listed(phrases: &[&str]) -> String {
    match phrases {
        [] => "something else".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Whether a word of the language stands where a name could.
fn names_a_keyword(found: &str, expected: &[Rule]) -> bool {
    let name = |&rule| rule == Rule::one_row || matches!(phrase(rule), "a name" | "an expression");
    KEYWORDS.contains(&found) && expected.iter().any(name)
}

/// What to write instead, for the slips that are often made.
fn hint(found: &str, before: Option<&str>, expected: &[Rule], read: &str) -> Option<String> {
    let expects = |rule| expected.contains(&rule);
    let wants_operand = expected.iter().any(|&rule| phrase(rule) == "an expression");
    let begins_operand = found.starts_with(|c| is_word(c) || matches!(c, '"' | '(' | '['));
    let fixed = |text: &str| Some(text.to_owned());
    match (before, found) {
        (Some("r"), "#") => return fixed("a name is written without `r#`"),
        (_, "r" | "b" | "c" | "br" | "cr") if expects(Rule::string) || expects(Rule::alias) => {
            return fixed("a string is written `\"…\"`, without `r`, `b` or `c` before it");
        }
        _ => {}
    }
    if let Some((_, instead, _)) = FOREIGN.iter().find(|(sign, ..)| *sign == found) {
        return fixed(instead);
    }
    match found {
        ":" if expects(Rule::assign) => {
            fixed("a row is written `y = relu(x)`, and a layer `conv c1: -> 64 (kernel = 3)`")
        }
        "-" if expects(Rule::assign) => fixed("a name holds letters, digits and `_`"),
        "(" if matches!(expected, [Rule::lbracket | Rule::shape]) => fixed("a shape stands in `[` and `]`"),
        "=" if expects(Rule::operator) || expects(Rule::relation) => fixed("a comparison is written `==`"),
        "->" | "→" if read.starts_with("use") => fixed("an import ends with its path; it has no shape"),
        "(" | "." if read.starts_with("output") => fixed("name what an output gives, as in `output P3 = neck.P3`"),
        "=" if expected.is_empty() => fixed("channels follow an arrow, as in `conv c1: -> 64 (kernel = 3)`"),
        "->" | "→" if read.starts_with("output") => {
            fixed("a shape follows what the output is made of, as in `output P3 = x -> [B, 64, H, W]`")
        }
        "->" | "→" if expects(Rule::colon) => fixed("channels follow a `:`, as in `conv c1: -> 64`"),
        "x" | "*" | "×" if expects(Rule::kw_as) => fixed("a repeat stands right after a single name"),
        _ if expects(Rule::path) => fixed("an import is `use \"file.arch\"` or `use zoo::NAME`"),
        _ if expects(Rule::comma) && begins_operand => fixed("put a `,` between the two"),
        _ if wants_operand && found.starts_with(|c: char| c.is_ascii_digit()) => {
            fixed("a number has digits, `_`, one point, and may end in `k`, `M` or `G`")
        }
        _ => before
            .filter(|sign| wants_operand && OPERATORS.contains(sign))
            .map(|sign| format!("something has to follow `{sign}`")),
    }
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// The tokens between two places of a text, blanks and comments left out.
fn tokens(text: &str, start: usize, end: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = start;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..end];
            let first = rest.chars().next()?;
            let length = if first.is_whitespace() {
                at += first.len_utf8();
                continue;
            } else if rest.starts_with("//") {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            } else if rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |close| close + 2);
                continue;
            } else if first == '"' {
                brackets::string_length(rest).unwrap_or(rest.len())
            } else if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else {
                SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len())
            };
            at += length;
            return Some(at - length..at);
        }
    })
}
