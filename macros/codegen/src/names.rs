//! From the spec's names to Rust's.

use proc_macro2::{Ident, Span};
use unicode_ident::{is_xid_continue, is_xid_start};

/// Words that need `r#`, of any edition.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that cannot be raw either.
const NEVER_RAW: &[&str] = &["_", "crate", "self", "Self", "super"];

/// `P3_td` → `p3_td`, `LiteFpn` → `lite_fpn`, `Resnet50Fpn` → `resnet50_fpn`, `MSFEFpn` → `msfe_fpn`.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| letters[i]);
        let after = letters.get(i + 1);
        let starts_word = before.is_some_and(|before| {
            before.is_lowercase()
                || before.is_numeric() && after.is_some_and(|after| after.is_lowercase())
                || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
        });
        if letter.is_uppercase() && starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `lite_add` → `LiteAdd`; what is camel case stays. What no letter begins keeps a `_` before it.
pub fn camel(name: &str) -> String {
    let parts = name.split('_').flat_map(|part| {
        let mut letters = part.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters)
    });
    let camel: String = parts.collect();
    if camel.starts_with(is_xid_start) { camel } else { format!("_{camel}") }
}

/// Whether a text is one word of Rust.
pub fn is_word(text: &str) -> bool {
    text.starts_with(|first| first == '_' || is_xid_start(first)) && text.chars().all(is_xid_continue)
}

/// An identifier of a name: raw for a keyword, with `_` behind it for the few words that may not be raw.
pub fn ident(name: &str, span: Span) -> Ident {
    // What a name stands for is looked up where the macro is called; the place stays that of the token.
    let span = span.resolved_at(Span::call_site());
    match name {
        name if NEVER_RAW.contains(&name) => Ident::new(&format!("{name}_"), span),
        name if KEYWORDS.contains(&name) => Ident::new_raw(name, span),
        name => Ident::new(name, span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_rusts() {
        let cases = [
            ("B1", "b1", "B1"),
            ("P3_td", "p3_td", "P3Td"),
            ("Hf", "hf", "Hf"),
            ("LiteFpn", "lite_fpn", "LiteFpn"),
            ("Resnet50Fpn", "resnet50_fpn", "Resnet50Fpn"),
            ("MSFEFpn", "msfe_fpn", "MSFEFpn"),
            ("FPN", "fpn", "FPN"),
            ("P2U", "p2u", "P2U"),
            ("lite_add", "lite_add", "LiteAdd"),
            ("γ1", "γ1", "Γ1"),
            ("_2x", "_2x", "_2x"),
            ("_", "_", "_"),
        ];
        for (name, expected_snake, expected_camel) in cases {
            assert_eq!((snake(name).as_str(), camel(name).as_str()), (expected_snake, expected_camel), "{name}");
        }
    }

    #[test]
    fn keywords_are_escaped() {
        let shown = |name| ident(name, Span::call_site()).to_string();
        assert_eq!([shown("final"), shown("self"), shown("_"), shown("p5")], ["r#final", "self_", "__", "p5"]);
        let mut sorted = KEYWORDS.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, KEYWORDS);
    }
}
