//! From syntax trees to the graph: parameters bound, blocks instantiated, every operator given its shape.

mod builtins;
mod elements;
mod evaluate;
mod expect;
mod findings;
mod images;
mod inputs;
mod layers;
mod nodes;
mod operands;
mod parameters;
mod rows;
mod shapes;
mod signs;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

pub use layers::LayerDecl;

use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{Graph, GraphOutput, NodeId, Scope, ScopeId};
use crate::library::Library;
use crate::ops::arguments::Numerics;
use crate::size::{Env, Solver};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Network};
use crate::value::Value;

/// Resolves an architecture with its settings, each a name and an expression of the language.
///
/// The graph is whole only when no diagnostic is an error.
pub fn resolve(library: &Library, arch: &Rc<Network>, settings: Vec<Setting>) -> (Graph, Vec<Diagnostic>) {
    let mut resolver = Resolver {
        library,
        graph: Graph { name: arch.name.node.clone(), doc: arch.doc.clone(), ..Graph::default() },
        diagnostics: Vec::new(),
        reported: HashSet::new(),
        steps: 0,
        stopped: false,
        decided: RefCell::default(),
        named: HashMap::new(),
        owners: HashMap::new(),
        weight_names: HashMap::new(),
        layer_texts: Vec::new(),
        layer_paths: HashSet::new(),
        declared: BTreeMap::new(),
        used: BTreeSet::new(),
        allows: BTreeMap::new(),
        depth: 0,
        solver: Solver::new(),
    };
    resolver.root(arch, settings);
    let Resolver { mut graph, diagnostics, steps, .. } = resolver;
    graph.steps = steps;
    (graph, diagnostics)
}

/// A parameter's value from outside: `--set c=64`, `arch!("…", c = 64)`.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The parameter.
    pub name: String,
    /// Its value, as parsed.
    pub value: ast::Expr,
    /// Where it stands.
    pub span: Span,
}

struct Resolver<'a> {
    library: &'a Library,
    graph: Graph,
    diagnostics: Vec<Diagnostic>,
    reported: HashSet<findings::Key>,
    /// Steps taken so far, out of [`bounds::STEPS`](crate::bounds::STEPS).
    steps: usize,
    /// Whether a bound was reached, after which nothing more is read.
    stopped: bool,
    decided: RefCell<shapes::Decided>,
    /// The last row of each map, as an index into the graph's rows.
    named: HashMap<NodeId, usize>,
    /// The weights of each layer that was applied, by its path.
    owners: HashMap<String, Vec<u32>>,
    /// Which layer has a checkpoint name, and where it was declared.
    weight_names: HashMap<String, (String, Span)>,
    /// Layers that were applied: path, text, place.
    layer_texts: Vec<(String, String, Span)>,
    layer_paths: HashSet<String>,
    /// Layers by the place of their declaration, and whether one of them was applied.
    declared: BTreeMap<Span, String>,
    used: BTreeSet<Span>,
    /// What the bodies allow, by its place.
    allows: BTreeMap<Span, ast::Allow>,
    depth: usize,
    /// What is known of relations between sizes.
    solver: Solver,
}

/// A network being resolved.
struct Frame {
    scope: ScopeId,
    file: FileId,
    /// The instance's path by the spec's own names, and by checkpoint names; both empty or ending in a period.
    path: String,
    checkpoint: String,
    numerics: Rc<Numerics>,
    names: BTreeMap<String, (Value, Span)>,
    /// The loop variable and what `let` binds, for each loop around the row, innermost last.
    locals: Vec<BTreeMap<String, Value>>,
    /// Operands that wait for the instance's inputs; none for the root.
    operands: Option<std::vec::IntoIter<NodeId>>,
    /// Where the instance is applied; of the root, its name.
    applied: Span,
    /// The sizes of the root's `at` clause.
    at: Env,
    outputs: Vec<GraphOutput>,
    output_names: HashSet<String>,
    output_values: Vec<(String, Value)>,
    expectations: Vec<ast::Expectation>,
}

impl Frame {
    fn is_root(&self) -> bool {
        self.operands.is_none()
    }

    fn lookup(&self, name: &str) -> Option<&Value> {
        let local = self.locals.iter().rev().find_map(|locals| locals.get(name));
        local.or_else(|| self.names.get(name).map(|(value, _)| value))
    }
}

impl Resolver<'_> {
    fn root(&mut self, arch: &Rc<Network>, settings: Vec<Setting>) {
        for (name, first, second) in self.library.duplicates() {
            let message = format!("`{name}` is defined twice");
            self.report(Diagnostic::error(Code::Duplicate, second, message).related(first, "first defined here"));
        }
        self.graph.scopes.push(Scope { network: arch.name.node.clone(), ..Scope::default() });
        let mut frame = self.frame(arch, ScopeId(0), None);
        let given = self.settings(&mut frame, settings);
        self.bind_parameters(arch, &mut frame, given, arch.name.span);
        self.graph.settings = self.shown_settings(arch, &frame);
        if let Some(prefix) = &arch.prefix
            && let Some(prefix) = self.template(prefix, &mut frame)
        {
            frame.checkpoint = format!("{prefix}.");
        }
        self.at_clause(arch, &mut frame);
        bounds::with_stack(|| self.rows(&arch.rows, &mut frame));
        self.graph.outputs = std::mem::take(&mut frame.outputs);
        // Without an input there is nothing to be an output.
        let missing = if self.graph.inputs.is_empty() {
            Some(("input", "say what the network takes: `input x: [B, 3, H, W]`"))
        } else if self.graph.outputs.is_empty() {
            Some(("output", "name what the network gives: `output P3, P4`"))
        } else {
            None
        };
        if let Some((what, hint)) = missing.filter(|_| !self.failed()) {
            let message = format!("`{}` has no {what}", arch.name.node);
            self.report(Diagnostic::error(Code::NoOutput, arch.name.span, message).hint(hint));
        }
        self.bind_symbols(&frame);
        self.graph.layers = layers::nest(std::mem::take(&mut self.layer_texts));
        if !self.failed() {
            self.expectations(&mut frame);
        }
        let unapplied = self.declared.iter().filter(|(span, _)| !self.used.contains(span));
        self.graph.unapplied = unapplied.map(|(span, name)| (name.clone(), *span)).collect();
        self.graph.allows = std::mem::take(&mut self.allows).into_values().collect();
    }

    fn frame(&mut self, network: &Network, scope: ScopeId, operands: Option<Vec<NodeId>>) -> Frame {
        let file = network.name.span.file;
        let mut frame = Frame {
            scope,
            file,
            path: String::new(),
            checkpoint: String::new(),
            numerics: Rc::default(),
            names: BTreeMap::new(),
            locals: Vec::new(),
            operands: operands.map(Vec::into_iter),
            applied: network.name.span,
            at: Env::default(),
            outputs: Vec::new(),
            output_names: HashSet::new(),
            output_values: Vec::new(),
            expectations: Vec::new(),
        };
        let numerics = self.library.numerics(file);
        self.numerics(&numerics, &mut frame);
        frame
    }
}
