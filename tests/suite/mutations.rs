//! Damaged specs: whatever a slip of the keyboard makes of the zoo and of the corpus, the compiler answers with findings
//! that have a place, or with a network that every later stage takes and that fits at the sizes it calls legal. It never
//! panics.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use neckar_spec::diagnostics::{Severity, render};
use neckar_spec::program::validate;
use neckar_spec::size::{Env, Symbol};
use neckar_spec::{Checked, Library, Lowering, Origin, compile, lower, zoo};

use crate::errors::files;
use crate::legal::Walk;

/// Tokens that take the place of another: what is mistyped, and what grows.
const REPLACEMENTS: &[&str] = &["", "0", "-1", "9_223_372_036_854_775_807", "x", "(", "}", "= =", "→", "\"", "for"];

/// Sizes up to this are tried with what compiles.
const LARGEST: i64 = 64;

#[test]
fn the_zoo() {
    for name in zoo::names() {
        let text = zoo::text(name).expect("the zoo has its names");
        // Of a spec that brings in a ResNet, a part: each of its compilations builds the whole network.
        let every = if text.contains("use zoo::") || name == "resnet" || name == "notebook_fpn" { 7 } else { 1 };
        damage(name, text, every);
    }
}

#[test]
fn the_corpus() {
    for path in files(Path::new("errors")) {
        // Its network of 200 000 operators takes its time.
        if !path.ends_with("too_many_operators.arch") {
            let text = fs::read_to_string(&path).expect("the corpus is text");
            damage(&path.display().to_string(), &text, 1);
        }
    }
}

/// Every token replaced by one of the replacements in turn, and the text cut off before it.
fn damage(name: &str, text: &str, every: usize) {
    for (number, (start, end)) in tokens(text).into_iter().enumerate().filter(|(number, _)| number % every == 0) {
        let replacement = REPLACEMENTS[number / every % REPLACEMENTS.len()];
        for damaged in [format!("{}{replacement}{}", &text[..start], &text[end..]), text[..start].to_owned()] {
            let shown = damaged.clone();
            let outcome = catch_unwind(move || compiles_or_says_why(damaged));
            assert!(matches!(outcome, Ok(Ok(()))), "{name}: {outcome:?} for\n{shown}");
        }
    }
}

/// Words and numbers, and every other character that is no blank.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens: Vec<(usize, usize)> = Vec::new();
    let mut word = false;
    for (at, character) in text.char_indices() {
        let in_word = character.is_alphanumeric() || character == '_';
        let end = at + character.len_utf8();
        match tokens.last_mut() {
            Some(last) if word && in_word => last.1 = end,
            _ if character.is_whitespace() => {}
            _ => tokens.push((at, end)),
        }
        word = in_word;
    }
    tokens
}

fn compiles_or_says_why(text: String) -> Result<(), String> {
    let folder = Some("errors/imports".into());
    let library =
        Library::load(Origin::Text { name: "damaged.arch".into(), text, folder }).map_err(|e| e.to_string())?;
    let compilation = compile(library, None, &[]);
    render(&compilation.sources, &compilation.diagnostics);
    let error = compilation.diagnostics.iter().any(|found| found.severity == Severity::Error);
    match &compilation.checked {
        Some(_) if error => Err("it has an error and was checked all the same".into()),
        Some(checked) => {
            let program = lower(checked, Lowering::default());
            let _ = program.to_string();
            validate(&program).map_err(|problem| format!("the program is not well formed: {problem}"))?;
            legal_sizes_fit(checked)
        }
        None if error => Ok(()),
        None => Err("it was not checked, and nothing says why".into()),
    }
}

/// At every small size that is said to be legal, all maps fit each other.
fn legal_sizes_fit(checked: &Checked) -> Result<(), String> {
    let graph = checked.graph();
    let walk = Walk::new(graph);
    let mut symbols: BTreeSet<Symbol> = graph.symbols.iter().map(|(symbol, _)| symbol.clone()).collect();
    symbols.extend(graph.inputs.iter().flat_map(|input| &graph.node(input.node).shape).flat_map(|size| size.symbols()));
    for round in 1..=LARGEST {
        // Sizes that differ from symbol to symbol, among them the same one for all.
        let value = |at: usize| (round * (1 + at as i64 * (round % 3)) - 1) % LARGEST + 1;
        let env: Env = symbols.iter().enumerate().map(|(at, symbol)| (symbol, value(at))).collect();
        if checked.legal().check(&env).is_ok() {
            walk.run(|size| size.eval(&env).ok_or_else(|| format!("{size} has no value at {env:?}")))
                .map_err(|problem| format!("{env:?} is said to be legal, but {problem}"))?;
        }
    }
    Ok(())
}
