//! The formatter on generated specs: what it gives is the same network with the same tokens and comments, and stays as it is.

use neckar_spec::source::Sources;
use neckar_spec::{Library, Lowering, Origin, Program, compile, format, lower, syntax};

use crate::generate::Random;
use crate::generate::spec::{Spec, Style};
use crate::tree;

/// How many specs are formatted.
const SPECS: u64 = 5000;

#[test]
fn generated_specs() {
    let mut wrong = Vec::new();
    for seed in 0..SPECS {
        let mut random = Random::new(seed);
        let spec = Spec::random(&mut random);
        let style = [Style::Plain, Style::Odd(2), Style::Odd(6), Style::Odd(20), Style::Odd(60)][seed as usize % 5];
        let (text, comments) = spec.written(&mut random, style);
        let formatted = formatted(&text).unwrap_or_else(|problem| panic!("seed {seed}: {problem}\n{text}"));
        let of = |what: &str| format!("seed {seed}: {what} changed from\n{text}\nto\n{formatted}");
        assert_eq!(self::formatted(&formatted).as_ref(), Ok(&formatted), "{}", of("what was formatted"));
        let comments: Vec<String> = comments.iter().map(|comment| settled(comment)).collect();
        let (code, found) = taken_apart(&formatted);
        let (own_code, own) = taken_apart(&text);
        assert_eq!(code, own_code, "{}", of("code"));
        assert_eq!(found, own, "{}", of("comments"));
        let lost = comments.iter().find(|comment| !found.contains(comment));
        assert!(lost.is_none(), "{lost:?}: {}", of("comments"));
        assert!(printed(&text) == printed(&formatted), "{}", of("the tree"));
        let (before, after) = (network(&text), network(&formatted));
        assert!(before == after, "{}", of("the network"));
        if let Err(found) = before {
            wrong.push(format!("seed {seed} makes a spec that does not compile: {found:?}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {SPECS}, such as {}", wrong.len(), wrong[0]);
}

fn formatted(text: &str) -> Result<String, String> {
    let mut sources = Sources::default();
    let file = sources.add("text", None, text);
    format::format(&sources, file).map_err(|error| format!("{error:?}"))
}

/// The syntax tree of a text.
fn printed(text: &str) -> String {
    let mut sources = Sources::default();
    let file = sources.add("text", None, text);
    tree::file(&syntax::parse(&sources, file).0)
}

/// The program of a text without the texts of its rows, which are as written; or what was found instead.
fn network(text: &str) -> Result<Program, Vec<String>> {
    let origin = Origin::Text { name: "text".into(), text: text.into(), folder: None };
    let compilation = compile(Library::load(origin).expect("a text at hand"), None, &[]);
    let found = || -> Vec<String> {
        compilation.diagnostics.iter().map(|found| format!("{} {}", found.code, found.message)).collect()
    };
    let checked = compilation.checked.as_ref().ok_or_else(found)?;
    let mut program = lower(checked, Lowering::default());
    program.rows.iter_mut().for_each(|row| row.text.clear());
    Ok(program)
}

/// A comment without what the formatter may take from it: the blanks at the ends of its lines.
fn settled(comment: &str) -> String {
    comment.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A text's code without blanks, and its comments; a string is code.
fn taken_apart(text: &str) -> (String, Vec<String>) {
    let (mut code, mut comments, mut rest) = (String::new(), Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' => rest[1..].find('"').map_or(rest.len(), |at| at + 2),
            _ => first.len_utf8(),
        };
        match &rest[..length] {
            comment if comment.starts_with("//") || comment.starts_with("/*") => comments.push(settled(comment)),
            blank if blank.trim().is_empty() => {}
            more => code.push_str(more),
        }
        rest = &rest[length..];
    }
    (code, comments)
}
