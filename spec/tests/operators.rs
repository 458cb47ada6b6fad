//! The pages of the operators: they hold of the operators, and `docs/operators/` is what the registry says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use neckar_spec::ops::{Op, Signature, signatures};
use neckar_spec::{Library, Origin, compile, cost};

/// What stands in backquotes.
fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The variants at the head of each instruction and epilogue, as `Debug` prints them: `Conv`, `Activation(Relu)`.
fn lowered(op: &Op, weights: usize, operands: usize, output: &neckar_spec::size::Shape) -> Vec<String> {
    let ids: Vec<_> = (0..weights as u32).collect();
    let (instr, epilogue) = op.lower(&ids, operands, output);
    let head = |text: String| match text.split(['(', '{', ' ']).next() {
        Some("Activation") => text,
        head => head.unwrap_or_default().to_owned(),
    };
    std::iter::once(format!("{instr:?}")).chain(epilogue.iter().map(|step| format!("{step:?}"))).map(head).collect()
}

#[test]
fn pages_hold_of_the_operators() {
    for signature in signatures() {
        let (name, page) = (signature.name(), signature.page);
        let origin = Origin::Text { name: name.into(), text: page.example.into(), folder: None };
        let compilation = compile(Library::load(origin).expect("a text needs no file"), None, &[]);
        let mut found = compilation.diagnostics.clone();
        found.extend(compilation.failed_expectations());
        assert!(found.is_empty(), "{name}: {found:#?}");
        let checked = compilation.checked.expect("without findings it is checked");
        let graph = checked.graph();

        let mut instructions = Vec::new();
        let mut weights = BTreeSet::new();
        for node in &graph.nodes {
            let Some(op) = &node.op else { continue };
            let inputs = cost::operand_shapes(graph, node);
            let own = op.weights(&inputs);
            instructions.extend(lowered(op, own.len(), inputs.len(), &node.shape));
            weights.extend(own.into_iter().map(|weight| weight.name));
        }
        // The first name is always an instruction; further ones may be arguments and operators.
        let named = page.lowering.split('`').nth(1).unwrap_or_default();
        assert!(instructions.iter().any(|head| head == named), "{name}: {named} is not among {instructions:?}");
        for written in quoted(page.lowering).iter().filter(|written| written.starts_with("Activation")) {
            assert!(instructions.iter().any(|head| head == written), "{name}: {written}");
        }
        let said = quoted(page.weights);
        if page.weights != "none" {
            assert!(
                weights.iter().any(|weight| weight.is_empty() || said.contains(&**weight)),
                "{name}: {weights:?} in {}",
                page.weights
            );
        }
        for text in [page.shape, page.macs, page.field, page.numerics, page.source] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{name}: {text}");
        }
        assert!(signature.names.iter().any(|name| page.example.contains(name)) || page.example.contains('⊕'), "{name}");
    }
}

fn index(signatures: &[&Signature]) -> String {
    let rows = signatures.iter().map(|signature| {
        format!("| [`{}`]({}.md) | {} |\n", signature.name(), signature.page_name(), signature.summary())
    });
    format!(
        "# Operators\n\nA page an operator, as `neckar ops NAME` prints it: its arguments with their defaults and bounds, \
         what becomes of\nshapes, its weights and costs, the instruction that it becomes, its numeric conventions and an \
         example. The pages come\nfrom the operators' own files in `spec/src/ops/`.\n\n| operator | what it gives \
         |\n|---|---|\n{}",
        rows.collect::<String>()
    )
}

/// `docs/operators/` holds these pages and no others; `NECKAR_UPDATE=1` writes them.
#[test]
fn the_book_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operators");
    let mut all: Vec<&Signature> = signatures().collect();
    all.sort_by_key(|signature| signature.page_name());
    let mut pages: Vec<(String, String)> =
        all.iter().map(|signature| (format!("{}.md", signature.page_name()), signature.page())).collect();
    pages.push(("README.md".into(), index(&all)));
    if std::env::var_os("NECKAR_UPDATE").is_some() {
        fs::create_dir_all(&folder).expect("the documentation can be written");
        for (name, page) in &pages {
            fs::write(folder.join(name), page).expect("the documentation can be written");
        }
    }
    for (name, page) in &pages {
        let held = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(held == *page, "docs/operators/{name} is stale: run the tests of neckar-spec with NECKAR_UPDATE=1");
    }
    let held = fs::read_dir(&folder).expect("the pages lie there").count();
    assert_eq!(held, pages.len(), "docs/operators/ holds a page that no operator has");
}
