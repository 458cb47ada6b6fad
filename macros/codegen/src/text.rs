//! The text of tokens, and from a place in it back to the tokens.
//!
//! Where the compiler shows the source, the text is what the user wrote, with comments and line ends; every token is checked
//! to stand where its span says. Elsewhere (rust-analyzer, bodies that a `macro_rules!` put together) it is made of the
//! tokens, one blank between any two, which the grammar reads just as well.

use std::ops::Range;

use neckar_spec::bounds::with_stack;
use proc_macro2::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};

/// A text and where its tokens stand in it, in order and without overlaps.
#[derive(Debug, Default)]
pub struct Text {
    /// The text.
    pub text: String,
    tokens: Vec<(Range<usize>, Span)>,
}

impl Text {
    /// The text of tokens.
    pub fn of(tokens: TokenStream) -> Text {
        let trees = flatten(tokens);
        Written::read(&trees).unwrap_or_else(|| Text::rebuilt(&trees))
    }

    /// The first and the last token that a byte range touches; for one that touches none the token before it.
    pub fn spans(&self, range: Range<usize>) -> Option<(Span, Span)> {
        let end = range.end.max(range.start + 1);
        let from = self.tokens.partition_point(|(token, _)| token.end <= range.start);
        let to = self.tokens.partition_point(|(token, _)| token.start < end);
        let touched = if from < to {
            &self.tokens[from..to]
        } else {
            &self.tokens[to.saturating_sub(1)..self.tokens.len().min(to.max(1))]
        };
        Some((touched.first()?.1, touched.last()?.1))
    }

    /// The signs that Rust's lexer refuses but the language reads, such as `→`, each with the token after it.
    pub fn refused_signs(&self) -> Vec<(char, Span)> {
        let mut signs = Vec::new();
        let mut from = 0;
        for (token, span) in &self.tokens {
            let mut gap = &self.text[from..token.start];
            while let Some(at) = gap.find(['→', '⊕', '×', '/']) {
                let rest = &gap[at..];
                gap = match rest.as_bytes() {
                    [b'/', b'/', ..] => rest.split_once('\n').map_or("", |(_, after)| after),
                    [b'/', ..] => rest.split_once("*/").map_or("", |(_, after)| after),
                    _ => {
                        let mut after = rest.chars();
                        signs.extend(after.next().map(|sign| (sign, *span)));
                        after.as_str()
                    }
                };
            }
            from = token.end;
        }
        signs
    }

    fn rebuilt(trees: &[TokenTree]) -> Text {
        let mut text = Text::default();
        text.rebuild(trees);
        text
    }

    fn rebuild(&mut self, trees: &[TokenTree]) {
        let mut trees = trees.iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    if let Some(doc) = trees.peek().and_then(|tree| doc_comment(tree)) {
                        trees.next();
                        self.text.push('\n');
                        self.push(&format!("///{doc}"), hash.span(), "\n");
                    } else {
                        self.push("#", hash.span(), " ");
                    }
                }
                TokenTree::Group(group) => {
                    let (open, close) = delimiters(group);
                    self.push(open, group.span_open(), " ");
                    with_stack(|| self.rebuild(&flatten(group.stream())));
                    self.push(close, group.span_close(), " ");
                }
                TokenTree::Punct(punct) => {
                    let after = if punct.spacing() == Spacing::Joint { "" } else { " " };
                    self.push(punct.as_char().encode_utf8(&mut [0; 4]), punct.span(), after);
                }
                tree => self.push(&tree.to_string(), tree.span(), " "),
            }
        }
    }

    fn push(&mut self, token: &str, span: Span, after: &str) {
        let start = self.text.len();
        self.text.push_str(token);
        self.tokens.push((start..self.text.len(), span));
        self.text.push_str(after);
    }
}

/// Tokens in the user's own text, while it is put together.
struct Written {
    text: Text,
    /// Line, from 1, and column of the first character.
    origin: (usize, usize),
    line_starts: Vec<usize>,
}

impl Written {
    /// None unless every token is found where its span says.
    fn read(trees: &[TokenTree]) -> Option<Text> {
        let Some(first) = trees.first() else { return Some(Text::default()) };
        let start = first.span().start();
        let mut written = Written { text: Text::default(), origin: (start.line, start.column), line_starts: vec![0] };
        let mut last = None;
        for tree in trees {
            let start = tree.span().start();
            // A doc comment is several tokens of one place.
            if last.replace(start) != Some(start) {
                written.append(start.line, start.column, &tree.span().source_text()?)?;
            }
        }
        written.tokens(trees)?;
        Some(written.text)
    }

    /// Appends a piece of the source that begins at a line and column after everything before it.
    fn append(&mut self, line: usize, column: usize, piece: &str) -> Option<()> {
        let text = &mut self.text.text;
        while self.origin.0 + self.line_starts.len() - 1 < line {
            text.push('\n');
            self.line_starts.push(text.len());
        }
        if self.origin.0 + self.line_starts.len() - 1 != line {
            return None;
        }
        let line_start = *self.line_starts.last()?;
        let first_column = if self.line_starts.len() == 1 { self.origin.1 } else { 0 };
        let at = first_column + text[line_start..].chars().count();
        text.extend(std::iter::repeat_n(' ', column.checked_sub(at)?));
        let start = text.len();
        text.push_str(piece);
        self.line_starts.extend(piece.match_indices('\n').map(|(at, _)| start + at + 1));
        Some(())
    }

    fn tokens(&mut self, trees: &[TokenTree]) -> Option<()> {
        let mut trees = trees.iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Group(group) => {
                    let (open, close) = delimiters(group);
                    self.token(open, group.span_open())?;
                    with_stack(|| self.tokens(&flatten(group.stream())))?;
                    self.token(close, group.span_close())?;
                }
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    let comment = trees.next_if(|next| next.span().start() == hash.span().start());
                    match comment {
                        Some(_) => self.token(&hash.span().source_text()?, hash.span())?,
                        None => self.token("#", hash.span())?,
                    }
                }
                tree => self.token(&tree.to_string(), tree.span())?,
            }
        }
        Some(())
    }

    fn token(&mut self, token: &str, span: Span) -> Option<()> {
        let place = span.start();
        let line = place.line.checked_sub(self.origin.0)?;
        let line_start = *self.line_starts.get(line)?;
        let column = place.column.checked_sub(if line == 0 { self.origin.1 } else { 0 })?;
        let rest = &self.text.text[line_start..];
        let start = line_start + rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column)?;
        let after_the_last = self.text.tokens.last().is_none_or(|(last, _)| last.end <= start);
        if !after_the_last || !self.text.text[start..].starts_with(token) {
            return None;
        }
        self.text.tokens.push((start..start + token.len(), span));
        Some(())
    }
}

/// Tokens without the invisible groups that a `macro_rules!` makes of `$x:literal` and its like.
pub fn flatten(tokens: TokenStream) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flat.extend(with_stack(|| flatten(group.stream())));
            }
            tree => flat.push(tree),
        }
    }
    flat
}

fn delimiters(group: &Group) -> (&'static str, &'static str) {
    match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::None => ("", ""),
    }
}

/// The text of `[doc = "…"]`.
fn doc_comment(tree: &TokenTree) -> Option<String> {
    let TokenTree::Group(group) = tree else { return None };
    let mut trees = group.stream().into_iter();
    match (group.delimiter(), trees.next()?, trees.next()?, trees.next()?) {
        (Delimiter::Bracket, TokenTree::Ident(doc), TokenTree::Punct(_), TokenTree::Literal(text)) if doc == "doc" => {
            let text: syn::LitStr = syn::parse2(TokenStream::from(TokenTree::Literal(text))).ok()?;
            // A block comment of several lines would end at its first.
            Some(text.value().replace('\n', " "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    const SOURCE: &str = "\
arch Tiny { // é is two bytes
        /// what it is
    input x: [B, 3, H, W]   /* a comment */
    conv stem: -> 8 (kernel = 1x1)
}";

    fn trees(source: &str) -> Vec<TokenTree> {
        flatten(TokenStream::from_str(source).expect("tokens"))
    }

    /// Line and column of the first and the last token of a part of the text.
    fn places(text: &Text, part: &str) -> [(usize, usize); 2] {
        let start = text.text.find(part).expect("the part is in the text");
        let (first, last) = text.spans(start..start + part.len()).expect("tokens");
        [first, last].map(|span| (span.start().line, span.start().column))
    }

    #[test]
    fn written_text_keeps_comments_and_line_ends() {
        let text = Written::read(&trees(SOURCE)).expect("every token stands where its span says");
        assert_eq!(text.text, SOURCE);
        assert_eq!(places(&text, "stem: -> 8"), [(4, 9), (4, 18)]);
        assert_eq!(places(&text, "Tiny"), [(1, 5), (1, 5)]);
        // A part of a token is the whole token, and what lies between tokens is the one before.
        assert_eq!(places(&text, "x1"), [(4, 30), (4, 30)]);
        assert_eq!(places(&text, "a comment"), [(3, 24), (3, 24)]);
        assert_eq!(text.spans(SOURCE.len()..SOURCE.len()).map(|(first, _)| first.start().line), Some(5));
    }

    #[test]
    fn a_body_that_begins_within_a_line_keeps_its_columns() {
        let all = trees("neckar::arch! { \n a b }\n");
        let TokenTree::Group(body) = all.last().expect("the body") else { panic!("a group") };
        let text = Written::read(&flatten(body.stream())).expect("the tokens of a body");
        assert_eq!((text.text.as_str(), places(&text, "b")), ("a b", [(2, 3), (2, 3)]));
    }

    #[test]
    fn rebuilt_text_holds_the_same_tokens() {
        let text = Text::rebuilt(&trees(SOURCE));
        let expected = "arch Tiny { \n/// what it is\ninput x : [ B , 3 , H , W ] conv stem : -> 8 ( kernel = 1x1 ) } ";
        assert_eq!(text.text, expected);
        assert_eq!(places(&text, "stem : -> 8"), [(4, 9), (4, 18)]);
        assert_eq!(places(&text, "what it"), [(2, 8), (2, 8)]);
    }

    #[test]
    fn both_texts_are_one_spec() {
        use neckar_spec::{Library, Origin, compile};
        let body = "numerics { resize = nearest }
            /// Two rows.
            arch Tiny(c = 2 * 4, names = [1, 2..4]) at H = 8, W = 8 {
                input x: [B, 3, H, W]
                conv stem: -> c (kernel = 3, padding = 1) as \"s.{0}\"
                y = x |> stem |> relu -> [B, 8, 8, 8]
                if c == 8 and not (c >= 9) { output P[1] = Up2(y) }
                expect params(self) ~= 224 within 0.5
            }";
        let weights = |text: String| {
            let library = Library::load(Origin::Text { name: "t".into(), text, folder: None }).expect("a text");
            let compilation = compile(library, None, &[]);
            let found: Vec<_> = compilation.diagnostics.iter().map(|found| found.message.clone()).collect();
            let checked = compilation.checked.unwrap_or_else(|| panic!("{found:?}"));
            (checked.graph().weights.clone(), checked.graph().outputs[0].name.clone(), checked.graph().doc.clone())
        };
        assert_eq!(weights(Text::rebuilt(&trees(body)).text), weights(body.to_owned()));
    }

    #[test]
    fn tokens_of_no_place_are_rebuilt() {
        // `b` and `a` say that they stand before what comes before them, as tokens of a `macro_rules!` may.
        let mut trees = trees("a b c");
        trees.reverse();
        assert!(Written::read(&trees).is_none());
        assert_eq!(Text::of(trees.into_iter().collect()).text, "c b a ");
    }

    #[test]
    fn signs_that_stop_rusts_lexer_are_found_outside_of_comments() {
        let mut text = Text::of(TokenStream::from_str("a /* → */   b // × \n c").expect("tokens"));
        assert!(text.refused_signs().is_empty());
        // Rust leaves the sign out of the tokens and goes on.
        text.text = text.text.replace("   b", "→b").replace(" \n c", "⊕\n c");
        let found: Vec<_> = text.refused_signs().iter().map(|(sign, next)| (*sign, next.start().column)).collect();
        assert_eq!(found, [('→', 12)], "the other one is in a comment");
    }
}
