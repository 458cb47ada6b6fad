//! What the stages make of the zoo, as text in `snapshots/`: the syntax tree of every text, and for every network its rows
//! with their shapes, its graph, its program and its Rust module. `INSTA_UPDATE=always` writes them anew.

use std::fmt::Write;

use neckar_spec::check::shape_at;
use neckar_spec::graph::{Graph, ScopeId};
use neckar_spec::size::shape_text;
use neckar_spec::source::Sources;
use neckar_spec::{Checked, Library, Lowering, Origin, lower, syntax, zoo};

use crate::cases::{CASES, Case};
use crate::tree;

/// Of the cases with other parameters than the defaults those whose operators differ.
const VARIANTS: &[&str] =
    &["fpn_transposed", "lite_fpn_weighted", "lite_fpn_fuse_concat", "lite_fpn_concat", "resnet18"];

fn assert_snapshot(name: &str, stage: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{name}.{stage}"), text));
}

fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(|case| case.settings.is_empty() || VARIANTS.contains(&case.name))
}

#[test]
fn trees() {
    for name in zoo::names().chain(["prelude"]) {
        let mut sources = Sources::default();
        let file = sources.add(format!("zoo::{name}"), None, zoo::text(name).expect("the zoo has its names"));
        let (tree, diagnostics) = syntax::parse(&sources, file);
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_snapshot(name, "tree", &tree::file(&tree));
    }
}

#[test]
fn rows() {
    for case in cases() {
        assert_snapshot(case.name, "rows", &rows_of(&case.checked()));
    }
}

#[test]
fn graphs() {
    for case in cases() {
        assert_snapshot(case.name, "graph", &graph_of(&case.checked()));
    }
}

#[test]
fn programs() {
    for case in cases() {
        assert_snapshot(case.name, "program", &lower(&case.checked(), Lowering::default()).to_string());
    }
}

#[test]
fn modules() {
    for case in cases() {
        let library = Library::load(Origin::Zoo(case.spec.into())).expect("the spec is in the zoo");
        let tokens = neckar_codegen::expand_spec(library, None, &case.given(), None);
        let tokens = tokens.unwrap_or_else(|compilation| panic!("{}: {:?}", case.name, compilation.diagnostics));
        let file = syn::parse2(tokens).unwrap_or_else(|error| panic!("{}: no Rust: {error}", case.name));
        assert_snapshot(case.name, "module", &without_program(&prettyplease::unparse(&file)));
    }
}

/// The bytes of the program are those of its snapshot, and nothing to read.
fn without_program(module: &str) -> String {
    let start = "pub const PROGRAM: &[u8] = b\"";
    let (before, rest) = module.split_once(start).expect("a module embeds its program");
    // The only quote within a byte string is an escaped one.
    let end = rest.match_indices("\";\n").map(|(at, _)| at).find(|at| !rest[..*at].ends_with('\\'));
    format!("{before}{start}…{}", &rest[end.expect("a byte string ends")..])
}

/// A row a line: its shape by the symbols and at the sizes of `at`, a star where the row declares it.
fn rows_of(checked: &Checked) -> String {
    let program = lower(checked, Lowering::default());
    let env = checked.at();
    let table: Vec<[String; 3]> = program
        .rows
        .iter()
        .map(|row| {
            let name = format!("{}{}", row.name, if row.declared { " *" } else { "" });
            [name, shape_text(&row.shape, checked.legal()), shape_at(&row.shape, checked.legal(), env.as_ref())]
        })
        .collect();
    let width = |column: usize| table.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let mut text = format!("legal: {}\n", checked.legal().describe().join("; "));
    for [name, symbolic, at] in &table {
        writeln!(text, "{name:first$}  {symbolic:second$}  {at}").expect("a string takes everything");
    }
    text
}

/// A node a line: its operator, what it reads, its shape, and the layer that it applies.
fn graph_of(checked: &Checked) -> String {
    let graph = checked.graph();
    let mut text = String::new();
    for (id, node) in graph.nodes() {
        let shapes: Vec<_> = node.inputs.iter().map(|&input| graph.node(input).shape.clone()).collect();
        let operands: Vec<String> = node.inputs.iter().map(|input| format!("%{}", input.0)).collect();
        let what = match &node.op {
            Some(op) => format!("{} <- {}", op.text(&shapes), operands.join(" ")),
            None => "input".into(),
        };
        let scope = scope_path(graph, node.scope);
        let place = node.layer.as_ref().map(|layer| format!("  {layer}")).unwrap_or_default();
        let place = if place.is_empty() && !scope.is_empty() { format!("  in {scope}") } else { place };
        let shape = shape_text(&node.shape, checked.legal());
        writeln!(text, "%{}: {shape} = {what}{place}", id.0).expect("a string takes everything");
    }
    for output in &graph.outputs {
        writeln!(text, "output {} = %{}", output.full_name(), output.node.0).expect("a string takes everything");
    }
    text
}

fn scope_path(graph: &Graph, scope: ScopeId) -> String {
    let scope = graph.scope(scope);
    match scope.parent.map(|parent| scope_path(graph, parent)) {
        None => String::new(),
        Some(parent) if parent.is_empty() => scope.name.clone(),
        Some(parent) => format!("{parent}.{}", scope.name),
    }
}
