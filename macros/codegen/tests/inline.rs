//! An inline body is the spec that a file of the same text would be, whether the compiler shows its source or not.

use std::path::Path;
use std::str::FromStr;

use neckar_codegen::expand;
use neckar_spec::program::Program;
use neckar_spec::{Library, Lowering, Origin, compile, lower, zoo};
use proc_macro2::{Group, Literal, Span, TokenStream, TokenTree};

/// Where characters leave the brackets that they begin in, or come to one that ends an operand.
fn end_of(
    mut part: impl Iterator<Item = (usize, char)>,
    open: &[char],
    close: &[char],
    stop: &[char],
) -> Option<usize> {
    let mut depth = 0;
    let end = part.find(|&(_, character)| {
        let ends = depth == 0 && (close.contains(&character) || stop.contains(&character));
        depth += i32::from(open.contains(&character)) - i32::from(close.contains(&character));
        ends
    });
    end.map(|(at, _)| at)
}

/// `Concat(a, b)` for the first `a ⊕ b` of a text, where there is one.
fn joined(text: &str) -> Option<String> {
    let sign = text.find('⊕')?;
    let (opening, closing) = (['(', '[', '{'], [')', ']', '}']);
    let before = end_of(text[..sign].char_indices().rev(), &closing, &opening, &['=', ','])?;
    let after = end_of(text[sign..].char_indices(), &opening, &closing, &['-', '→', '\n', ','])?;
    let (start, end) = (before + 1, sign + after);
    let operands: Vec<&str> = text[start..end].split('⊕').map(str::trim).collect();
    Some(format!("{} Concat({}) {}", &text[..start], operands.join(", "), &text[end..]))
}

/// A text with the signs that Rust's lexer reads.
fn ascii(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(more) = joined(&text) {
        text = more;
    }
    let ascii = text.replace('→', "->").replace('×', "x");
    let code = ascii.lines().map(|line| line.split("//").next().unwrap_or_default());
    assert!(code.into_iter().all(|line| line.is_ascii()), "a sign is left in\n{ascii}");
    ascii
}

/// The architectures of the zoo and the whole examples of the language's page: a name, the text, the folder of imports.
fn texts() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language.md");
    let page = std::fs::read_to_string(page).expect("the language has a page");
    let mut texts: Vec<(String, String)> =
        zoo::names().map(|name| (name.to_owned(), zoo::text(name).unwrap_or_default().to_owned())).collect();
    for (number, fence) in page.split("```arch\n").skip(1).enumerate() {
        let text = fence.split("```").next().unwrap_or_default();
        texts.push((format!("language, example {number}"), text.to_owned()));
    }
    texts
}

/// The program of a text, as the command makes it.
fn of_text(name: &str, text: &str) -> Vec<u8> {
    let origin = Origin::Text { name: name.to_owned(), text: text.to_owned(), folder: None };
    let compilation = compile(Library::load(origin).expect("a text at hand"), None, &[]);
    let checked = compilation.checked.unwrap_or_else(|| panic!("{name}: {:?}", compilation.diagnostics));
    lower(&checked, Lowering::default()).to_bytes()
}

/// The program that the expansion of a body embeds.
fn of_macro(name: &str, body: TokenStream) -> Vec<u8> {
    let call: TokenStream = [TokenStream::from_str("neckar").expect("a name"), body].into_iter().collect();
    let expansion = expand(call);
    let shown = expansion.to_string();
    let file: syn::File = syn::parse2(expansion).unwrap_or_else(|error| panic!("{name}: {error}"));
    let modules =
        file.items.into_iter().filter_map(|item| if let syn::Item::Mod(module) = item { module.content } else { None });
    let program = modules.flat_map(|(_, items)| items).find_map(|item| match item {
        syn::Item::Const(item) if item.ident == "PROGRAM" => match *item.expr {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::ByteStr(bytes), .. }) => Some(bytes.value()),
            _ => None,
        },
        _ => None,
    });
    program.unwrap_or_else(|| panic!("{name} has no program: {shown}"))
}

fn without_blanks(program: &[u8]) -> String {
    let program = Program::from_bytes(program).expect("bytes of a program");
    format!("{program:?}").replace(' ', "")
}

/// Tokens without places in a source, as other macros put them together.
fn placeless(tokens: TokenStream) -> TokenStream {
    let placeless = |tree: TokenTree| {
        let mut tree = match tree {
            TokenTree::Group(group) => TokenTree::from(Group::new(group.delimiter(), placeless(group.stream()))),
            tree => tree,
        };
        tree.set_span(Span::call_site());
        tree
    };
    tokens.into_iter().map(placeless).collect()
}

#[test]
fn tokens_and_strings_give_the_program_of_the_file() {
    let texts = texts();
    assert!(texts.len() > 20, "{} texts", texts.len());
    for (name, text) in texts {
        let ascii = ascii(&text);
        let (expected, expected_ascii) = (of_text(&name, &text), of_text(&name, &ascii));
        let tokens = TokenStream::from_str(&ascii).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(of_macro(&name, tokens.clone()) == expected_ascii, "{name}: as tokens");
        // Without places every token stands alone, and the texts of the rows, which a program shows, have other blanks.
        let placeless = of_macro(&name, placeless(tokens));
        assert_eq!(without_blanks(&placeless), without_blanks(&expected_ascii), "{name}: as tokens without places");
        let literal = TokenTree::from(Literal::string(&text));
        assert!(of_macro(&name, literal.into()) == expected, "{name}: as a string");
    }
}

/// What Rust's lexer makes of a body and the language does not read is said with what to write.
#[test]
fn tokens_of_rust_that_are_none_of_the_language_have_a_hint() {
    let cases = [
        ("y = relu(x) # comment", "comments begin with `//`"),
        ("y = relu(x); z = x", "rows need nothing between them"),
        ("conv c: -> 8 (kernel = 1) as 'c'", "strings stand in `\"`"),
        ("conv c: -> 8 (kernel = 1) as r\"c\"", "a string is written `\"…\"`, without `r`, `b` or `c` before it"),
        ("conv c: -> 8 (kernel = 1u32)", "a number has digits"),
        ("conv c: -> 8 (kernel = 0x10)", "a number has digits"),
        ("conv r#final: -> 8 (kernel = 1)", "a name is written without `r#`"),
        ("y = relu(x) => [B, 3, H, W]", "write `->`"),
    ];
    for (row, hint) in cases {
        let body = format!("neckar arch A {{ input x: [B, 3, H, W] {row} output x }}");
        let expansion = expand(TokenStream::from_str(&body).expect("tokens of Rust")).to_string();
        assert!(expansion.contains(&hint.replace('"', "\\\"")), "{row}: {expansion}");
    }
}
