//! The grammar against the specs at hand: it reads what the checker reads, and finds an error where the checker finds one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use neckar_spec::diagnostics::Code;
use neckar_spec::source::Sources;
use tree_sitter::{Parser, Tree};
use tree_sitter_generate::load_grammar_file;

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_arch::LANGUAGE.into()).expect("generator and library agree on the format");
    parser.parse(text, None).expect("a parser with a language and no limit finishes")
}

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the repository that ends so.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut folders = vec![crate_folder().join("../..")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder that was just listed").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let skipped = ["target", "node_modules", "wip"].iter().any(|skipped| name == *skipped);
            if path.is_dir() && !skipped && !name.to_string_lossy().starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every `.arch` file and every `arch` fence of a page, with a name.
fn specs() -> Vec<(String, String)> {
    let read = |path: &Path| fs::read_to_string(path).expect("a file that was just listed");
    let mut specs: Vec<_> =
        files("arch").iter().map(|path| (path.display().to_string(), read(path).replace("\r\n", "\n"))).collect();
    for page in files("md") {
        let text = read(&page);
        for (number, fence) in text.split("\n```arch").skip(1).enumerate() {
            let body = fence.split_once('\n').map_or("", |(_, body)| body);
            let body = body.split("\n```").next().unwrap_or_default();
            specs.push((format!("{}, fence {}", page.display(), number + 1), body.to_owned()));
        }
    }
    specs
}

/// Whether the checker's own parser finds fault with the syntax of a text.
fn checker_refuses(text: &str) -> bool {
    let mut sources = Sources::default();
    let file = sources.add("spec", None, text);
    let (_, found) = neckar_spec::syntax::parse(&sources, file);
    let of_syntax = [Code::Syntax, Code::Brackets, Code::Reserved, Code::Malformed];
    found.iter().any(|diagnostic| of_syntax.contains(&diagnostic.code))
}

/// What the checker refuses although the grammar has no say in it.
fn beyond_the_grammar(name: &str) -> bool {
    // A limit on depth, and which spaces of names there are.
    ["nested_too_deeply.arch", "not_the_zoo.arch"].iter().any(|end| name.ends_with(end))
}

#[test]
fn reads_what_the_checker_reads() {
    let specs = specs();
    assert!(specs.len() > 100, "only {} specs were found", specs.len());
    let faults: Vec<String> = specs
        .iter()
        .filter(|(name, _)| !beyond_the_grammar(name))
        .filter_map(|(name, text)| {
            let (refused, error) = (checker_refuses(text), parse(text).root_node().has_error());
            (refused != error)
                .then(|| format!("{name}: the checker refuses it: {refused}; the tree has an error: {error}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A word or a sign left out, anywhere in the zoo: both parsers agree on whether the rest is a spec.
#[test]
fn agrees_on_damaged_specs() {
    let mut tried = 0;
    let mut faults = Vec::new();
    for name in neckar_spec::zoo::names() {
        let text = neckar_spec::zoo::text(name).expect("the zoo has its names");
        let tree = parse(text);
        let mut leaves = Vec::new();
        let mut nodes = vec![tree.root_node()];
        while let Some(node) = nodes.pop() {
            match node.child_count() {
                0 => leaves.push(node.byte_range()),
                _ => nodes.extend(node.children(&mut node.walk())),
            }
        }
        for range in leaves {
            let damaged = format!("{} {}", &text[..range.start], &text[range.end..]);
            // `Block b x [2]` is a row here: that a count is no list takes a second set of rules for figures.
            if damaged.contains(" x  [") {
                continue;
            }
            tried += 1;
            if checker_refuses(&damaged) != parse(&damaged).root_node().has_error() {
                let line = text[..range.start].lines().count();
                faults.push(format!("{name}:{line}: without `{}`", &text[range]));
            }
        }
    }
    assert!(tried > 2000, "only {tried} were tried");
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
}

/// `src/grammar.json` is what `grammar.js` evaluates to; `NECKAR_UPDATE=1` writes it anew. Needs node.
#[test]
fn json_is_up_to_date() {
    let (script, json) = (crate_folder().join("grammar.js"), crate_folder().join("src/grammar.json"));
    if let Err(error) = std::process::Command::new("node").arg("--version").output() {
        // Straight to the stream: what a passing test prints is not shown.
        let _ =
            writeln!(std::io::stderr(), "skipped: grammar.json against grammar.js, since node does not start: {error}");
        return;
    }
    let evaluated = load_grammar_file(&script, Some("node")).expect("grammar.js evaluates") + "\n";
    if std::env::var_os("NECKAR_UPDATE").is_some() {
        fs::write(&json, &evaluated).expect("the crate's folder can be written");
    }
    let committed = fs::read_to_string(&json).expect("it lies beside the crate");
    assert!(
        committed == evaluated,
        "src/grammar.json is stale: run the tests of tree-sitter-arch with NECKAR_UPDATE=1"
    );
}

/// Every word that the checker reserves is one here and in the TextMate grammar.
#[test]
fn knows_the_words_of_the_language() {
    let read = |path: &str| fs::read_to_string(crate_folder().join(path)).expect("it lies in the repository");
    let pest = read("../../spec/src/syntax/grammar.pest");
    let rule = pest.split("keyword = _{ (").nth(1).and_then(|rest| rest.split(')').next()).expect("the rule is there");
    let words: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
    assert!(words.len() > 20 && words.contains(&"arch"), "{words:?}");
    let (script, textmate) = (read("grammar.js"), read("../vscode/syntaxes/arch.tmLanguage.json"));
    for word in words {
        assert!(script.contains(&format!("\"{word}\"")), "`{word}` is missing in grammar.js");
        let listed = |c: char| !c.is_alphanumeric() && c != '_';
        assert!(textmate.split(listed).any(|part| part == word), "`{word}` is missing in arch.tmLanguage.json");
    }
}

/// The cases of `test/corpus`, in the format of `tree-sitter test`.
#[test]
fn corpus() {
    let blanks = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" )", ")");
    let mut count = 0;
    let mut faults = Vec::new();
    for entry in fs::read_dir(crate_folder().join("test/corpus")).expect("the corpus lies beside the crate").flatten() {
        let text = fs::read_to_string(entry.path()).expect("the corpus is text");
        let mut pieces = text.split("==================\n").skip(1);
        while let (Some(name), Some(case)) = (pieces.next(), pieces.next()) {
            let (source, expected) = case.split_once("\n---\n").expect("a case has a tree below `---`");
            count += 1;
            let found = parse(source).root_node().to_sexp();
            if blanks(&found) != blanks(expected) {
                faults.push(format!(
                    "{}: {name}found    {}\nexpected {}",
                    entry.path().display(),
                    found,
                    blanks(expected)
                ));
            }
        }
    }
    assert!(count >= 10, "only {count} cases were found");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
