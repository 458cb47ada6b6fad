//! The checked graph: every shape inferred, every declared row proved, the legal sizes decided.

use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{Condition, Graph};
use crate::size::{Env, Extent, Legal, Relation, SizeSet, Symbol, decide};

/// A graph that was checked. Only [`check`] makes one, and everything downstream takes one.
#[derive(Clone, Debug)]
pub struct Checked {
    graph: Graph,
    legal: Legal,
}

impl Checked {
    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The sizes at which it is legal.
    pub fn legal(&self) -> &Legal {
        &self.legal
    }

    /// The sizes of the `at` clause, with a batch of 1; none when a free size is not among them.
    pub fn at(&self) -> Option<Env> {
        let mut env = Env::new();
        for (symbol, at) in &self.graph.symbols {
            env.set(symbol.clone(), (*at)?);
        }
        for input in &self.graph.inputs {
            if let Some(batch) = self.graph.node(input.node).shape[0].as_symbol() {
                env.set(batch.clone(), 1);
            }
        }
        Some(env)
    }
}

/// Decides the legal sizes of a graph that resolved without an error, and checks its `at` clause.
///
/// # Errors
/// When no size is legal, or the sizes of `at` are not.
pub fn check(graph: Graph) -> Result<Checked, Vec<Diagnostic>> {
    let symbols: Vec<Symbol> = graph.symbols.iter().map(|(symbol, _)| symbol.clone()).collect();
    let relations: Vec<Relation> = graph.conditions.iter().map(|condition| condition.relation.clone()).collect();
    let legal = decide(&symbols, &relations);
    let mut diagnostics: Vec<Diagnostic> =
        symbols.iter().filter_map(|symbol| no_legal_size(&graph.conditions, &legal, symbol)).collect();
    // Height and width mostly fail together, for one reason.
    diagnostics.dedup_by_key(|diagnostic| diagnostic.span);
    if diagnostics.is_empty() {
        diagnostics = illegal_at(&graph, &legal);
    }
    if diagnostics.is_empty() { Ok(Checked { graph, legal }) } else { Err(diagnostics) }
}

/// The conditions that leave nothing of a symbol: each narrowed what those before it left.
fn no_legal_size(conditions: &[Condition], legal: &Legal, symbol: &Symbol) -> Option<Diagnostic> {
    if !legal.set(symbol.as_str())?.is_empty() {
        return None;
    }
    let mut left = SizeSet::all();
    let mut narrowing: Vec<(&Condition, String)> = Vec::new();
    for condition in conditions {
        let alone = decide(std::slice::from_ref(symbol), std::slice::from_ref(&condition.relation));
        let Some(next) = alone.set(symbol.as_str()).and_then(|set| left.intersect(set)) else { continue };
        if next == left {
            continue;
        }
        left = next;
        let agree = alone.set(symbol.as_str()).map(|set| set.describe(symbol.as_str())).unwrap_or_default();
        if left.is_empty() {
            let message = format!("no `{symbol}` is legal: {}, which asks for {agree}", condition.reason);
            let mut diagnostic = Diagnostic::error(Code::NoLegalSize, condition.span, message);
            for (before, agree) in narrowing.iter().rev().take(3).rev() {
                diagnostic = diagnostic.related(before.span, format!("{}, which asks for {agree}", before.reason));
            }
            return Some(diagnostic.hint("resize with `UpTo(x, y)` where any size is to be legal"));
        }
        narrowing.push((condition, agree));
    }
    None
}

/// The conditions that fail at the sizes of the `at` clause.
fn illegal_at(graph: &Graph, legal: &Legal) -> Vec<Diagnostic> {
    let mut env = Env::new();
    for (symbol, at) in &graph.symbols {
        if let Some(at) = at {
            env.set(symbol.clone(), *at);
        }
    }
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for condition in graph.conditions.iter().filter(|condition| condition.relation.holds(&env) == Some(false)) {
        if diagnostics.iter().any(|known| known.span == Some(condition.span)) {
            continue;
        }
        let sizes: Vec<String> = env.iter().map(|(symbol, n)| format!("{symbol} = {n}")).collect();
        let failed = at_sizes(&condition.relation, &env);
        let message = format!("{}, but at {} {failed}", condition.reason, sizes.join(", "));
        let diagnostic = Diagnostic::error(Code::IllegalAt, condition.span, message);
        let note = format!("legal are {}", legal.describe().join("; "));
        diagnostics.push(diagnostic.label(condition.relation.to_string()).note(note));
    }
    diagnostics
}

fn at_sizes(relation: &Relation, env: &Env) -> String {
    let value = |size: &crate::size::Size| size.eval(env).map_or_else(|| size.to_string(), |n| n.to_string());
    match relation {
        Relation::Equal(a, b) => format!("that is {} against {}", value(a), value(b)),
        Relation::AtLeast(a, least) => format!("that is {}, less than {least}", value(a)),
        Relation::Multiple(a, divisor) => format!("that is {}, no multiple of {divisor}", value(a)),
    }
}

/// A shape at known sizes, or by its symbols.
pub fn shape_at(shape: &[crate::size::Size], legal: &Legal, env: Option<&Env>) -> String {
    let sizes: Option<Vec<String>> =
        env.and_then(|env| shape.iter().map(|size| size.eval(env).map(|n| n.to_string())).collect());
    match sizes {
        Some(sizes) => format!("[{}]", sizes.join(", ")),
        None => crate::size::shape_text(shape, legal),
    }
}

/// Whether every size of a shape is known.
pub fn is_fixed(shape: &[crate::size::Size]) -> bool {
    shape.iter().all(|size| Extent::as_constant(size).is_some())
}
