//! Lints: what deserves a look in a spec that can be used. Each is a warning with a code and a name, by which a spec allows
//! it and says why.
//!
//! They look at the root file alone, and at each file when it is the root. Adding one: give its code a lint's name, write
//! its file, add its line to `LINTS` and its page.

mod allowed;
mod bias_before_norm;
mod centre_offset;
mod missing_smooth;
mod undeclared_shape;
mod unused_layer;
mod unused_row;

use std::collections::BTreeMap;

use crate::check::Checked;
use crate::diagnostics::{Code, Diagnostic};
use crate::field::{ReceptiveField, receptive_fields};
use crate::graph::{Graph, GraphRow, Node, NodeId};
use crate::library::Library;
use crate::source::Span;
use crate::syntax::ast::Network;

type Lint = fn(&Context) -> Vec<Finding>;

/// Every lint but `unused_allow`, which looks at what the others find.
const LINTS: &[Lint] = &[
    unused_layer::findings,
    unused_row::findings,
    undeclared_shape::findings,
    centre_offset::findings,
    bias_before_norm::findings,
    missing_smooth::findings,
];

/// The warnings about an architecture of the root file, and about what it uses of that file.
pub fn lint(library: &Library, arch: &Network, checked: &Checked) -> Vec<Diagnostic> {
    let context = Context::new(library, arch, checked);
    // A text is said once, however often a loop or a block repeats it.
    let mut said: BTreeMap<(Span, Code), Finding> = BTreeMap::new();
    let found = LINTS.iter().flat_map(|lint| lint(&context));
    for finding in found.filter(|finding| finding.span.file == library.root_file()) {
        let names = finding.names.clone();
        let place = (finding.span, finding.diagnostic.code);
        said.entry(place).and_modify(|known| known.join(names)).or_insert(finding);
    }
    allowed::remaining(&context, said.into_values().collect())
}

/// What a lint found.
struct Finding {
    diagnostic: Diagnostic,
    span: Span,
    /// The rows, inputs or layers that it concerns, by which `allow` may name them.
    names: Vec<String>,
}

impl Finding {
    fn new(code: Code, span: Span, message: impl Into<String>, names: impl IntoIterator<Item = String>) -> Finding {
        Finding { diagnostic: Diagnostic::warning(code, span, message), span, names: names.into_iter().collect() }
    }

    #[must_use]
    fn map(mut self, more: impl FnOnce(Diagnostic) -> Diagnostic) -> Finding {
        self.diagnostic = more(self.diagnostic);
        self
    }

    fn join(&mut self, names: Vec<String>) {
        for name in names {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
    }
}

/// What lints look at.
struct Context<'a> {
    library: &'a Library,
    arch: &'a Network,
    checked: &'a Checked,
    graph: &'a Graph,
    /// Who reads each node.
    readers: Vec<Vec<NodeId>>,
    /// Which nodes the network gives.
    given: Vec<bool>,
    fields: Vec<Option<[ReceptiveField; 2]>>,
}

impl<'a> Context<'a> {
    fn new(library: &'a Library, arch: &'a Network, checked: &'a Checked) -> Context<'a> {
        let graph = checked.graph();
        let mut readers = vec![Vec::new(); graph.nodes.len()];
        for (id, node) in graph.nodes() {
            for input in &node.inputs {
                readers[input.0 as usize].push(id);
            }
        }
        let mut given = vec![false; graph.nodes.len()];
        for output in &graph.outputs {
            given[output.node.0 as usize] = true;
        }
        Context { library, arch, checked, graph, readers, given, fields: receptive_fields(graph) }
    }

    fn readers(&self, node: NodeId) -> &[NodeId] {
        &self.readers[node.0 as usize]
    }

    /// Whether the network gives this map.
    fn gives(&self, node: NodeId) -> bool {
        self.given[node.0 as usize]
    }

    fn field(&self, node: NodeId) -> Option<[ReceptiveField; 2]> {
        self.fields[node.0 as usize]
    }

    /// The row in whose text a node was made: of the rounds of a loop, the one that made it.
    fn row(&self, id: NodeId) -> Option<&GraphRow> {
        let Node { scope, span, .. } = *self.graph.node(id);
        self.graph.rows.iter().find(|row| row.scope == scope && row.node >= id && within(span, row.span))
    }

    /// The rows whose text lies in the root file.
    fn root_rows(&self) -> impl Iterator<Item = (usize, &GraphRow)> {
        let root = self.library.root_file();
        self.graph.rows.iter().enumerate().filter(move |(_, row)| row.span.file == root)
    }
}

/// Whether a place lies in another.
fn within(inner: Span, outer: Span) -> bool {
    inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests;
