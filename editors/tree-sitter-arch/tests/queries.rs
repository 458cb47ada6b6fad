//! The queries: they belong to the grammar, leave nothing without a colour, and colour what they should.

use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator};
use tree_sitter_arch::{FOLDS_QUERY, HIGHLIGHTS_QUERY, INJECTIONS_QUERY, LANGUAGE, LOCALS_QUERY};

/// Each leaf of a text's tree: its place, and the last capture on it or on the string or boolean that it belongs to.
fn highlighted(text: &str) -> Vec<(std::ops::Range<usize>, Option<String>)> {
    let language = Language::from(LANGUAGE);
    let query = Query::new(&language, HIGHLIGHTS_QUERY).expect("another test says so");
    let mut parser = Parser::new();
    parser.set_language(&language).expect("generator and library agree on the format");
    let tree = parser.parse(text, None).expect("a parser with a language and no limit finishes");
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    let mut captures = Vec::new();
    while let Some(found) = matches.next() {
        for capture in found.captures() {
            captures.push((capture.node.id(), found.pattern_index, query.capture_names()[capture.index as usize]));
        }
    }
    captures.sort_by_key(|&(_, pattern, _)| pattern);
    let last =
        |node: tree_sitter::Node| captures.iter().rev().find(|(id, ..)| *id == node.id()).map(|(.., name)| *name);
    let mut leaves = Vec::new();
    let mut nodes = vec![tree.root_node()];
    while let Some(node) = nodes.pop() {
        if node.child_count() > 0 {
            nodes.extend(node.children(&mut node.walk()));
            continue;
        }
        let mut at = Some(node);
        let mut name = None;
        while let (None, Some(node)) = (name, at) {
            name = last(node);
            at = node.parent().filter(|parent| ["string", "boolean"].contains(&parent.kind()));
        }
        leaves.push((node.byte_range(), name.map(str::to_owned)));
    }
    leaves.sort_by_key(|(range, _)| range.start);
    leaves
}

#[test]
fn queries_belong_to_the_grammar() {
    for query in [HIGHLIGHTS_QUERY, INJECTIONS_QUERY, LOCALS_QUERY, FOLDS_QUERY] {
        if let Err(error) = Query::new(&LANGUAGE.into(), query) {
            panic!("{error} in\n{query}");
        }
    }
}

#[test]
fn nothing_of_the_zoo_is_without_a_colour() {
    for name in neckar_spec::zoo::names() {
        let text = neckar_spec::zoo::text(name).expect("the zoo has its names");
        for (range, capture) in highlighted(text) {
            let line = text[..range.start].lines().count();
            assert!(capture.is_some(), "{name}:{line}: `{}` has no capture", &text[range]);
        }
    }
}

/// Lines with what is expected of some of their words, in order.
#[test]
fn words_have_their_colours() {
    struct Case {
        text: &'static str,
        expected: &'static [(&'static str, &'static str)],
    }
    let cases = [
        Case {
            text: "use zoo::resnet",
            expected: &[
                ("use", "keyword.import"),
                ("zoo", "module"),
                ("::", "punctuation.delimiter"),
                ("resnet", "module"),
            ],
        },
        Case {
            text: "arch A(mode: Fuse = add) as \"fpn\" at H = 8 { }",
            expected: &[
                ("arch", "keyword"),
                ("A", "type.definition"),
                ("mode", "variable.parameter"),
                ("Fuse", "type"),
                ("add", "variable"),
                ("\"", "string"),
                ("H", "property"),
                ("8", "number"),
            ],
        },
        Case {
            text: "block A { Bottleneck layer[i] x 3 (width = index) as \"l{i}{{\" }",
            expected: &[
                ("Bottleneck", "type"),
                ("layer", "function"),
                ("i", "variable"),
                ("x", "operator"),
                ("3", "number"),
                ("width", "variable.parameter"),
                ("index", "variable.builtin"),
                ("{", "punctuation.special"),
                ("{{", "string.escape"),
            ],
        },
        Case {
            text: "block A { input x y = x |> conv1 → [B, ceil(H/2)] z = L5(f.C5) }",
            expected: &[
                ("input", "keyword"),
                ("x", "variable"),
                ("|>", "operator"),
                ("conv1", "function.call"),
                ("→", "operator"),
                ("ceil", "function.builtin"),
                ("L5", "function.call"),
                ("C5", "property"),
            ],
        },
        Case {
            text: "block A { for i in 4 down to lo { } if not true { } expect params(self) ~= 3 within 0.1 }",
            expected: &[
                ("for", "keyword.repeat"),
                ("down", "keyword.repeat"),
                ("if", "keyword.conditional"),
                ("not", "keyword.operator"),
                ("true", "boolean"),
                ("params", "function.builtin"),
                ("self", "variable.builtin"),
                ("~=", "operator"),
                ("within", "keyword"),
            ],
        },
        Case {
            text: "/// What it is.\nblock A { allow unused_row: P5 \"why\" // a note\n }",
            expected: &[
                ("/// What it is.", "comment.documentation"),
                ("allow", "keyword"),
                ("unused_row", "constant"),
                ("// a note", "comment"),
            ],
        },
    ];
    let mut faults = Vec::new();
    for Case { text, expected } in cases {
        let leaves = highlighted(text);
        let mut rest = leaves.iter();
        for &(word, capture) in expected {
            match rest.find(|(range, _)| &text[range.clone()] == word) {
                Some((_, found)) if found.as_deref() == Some(capture) => {}
                found => faults.push(format!("`{word}` of `{text}`: expected {capture}, found {found:?}")),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
