//! The checked graph: every shape inferred, every declared row proved, the legal sizes decided.

use std::collections::BTreeSet;

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

/// The conditions that leave nothing of a symbol: as few as do so together, none of which could be left out.
fn no_legal_size(conditions: &[Condition], legal: &Legal, symbol: &Symbol) -> Option<Diagnostic> {
    if !legal.set(symbol.as_str())?.is_empty() {
        return None;
    }
    let (last, others) = disagreement(conditions, symbol)?;
    let asks = |condition: &Condition| {
        let alone = decide(&[], std::slice::from_ref(&condition.relation));
        format!("{}, which asks for {}", condition.reason, alone.describe().join("; "))
    };
    // Of two the one asks for what is legal without the other; of more that has to be said.
    let without = |left_out: &Condition| {
        let rest = others.iter().chain([&last]).filter(|condition| !std::ptr::eq(**condition, left_out));
        let rest: Vec<Relation> = rest.map(|condition| condition.relation.clone()).collect();
        let legal = decide(&[], &rest).describe().join("; ");
        if others.len() > 1 { format!("without it {legal} would be legal") } else { String::new() }
    };
    let message = format!("no `{symbol}` is legal: {}", asks(last));
    let mut diagnostic = Diagnostic::error(Code::NoLegalSize, last.span, message).label(without(last));
    for condition in &others {
        let parts = [asks(condition), without(condition)];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        diagnostic = diagnostic.related(condition.span, parts.collect::<Vec<_>>().join("; "));
    }
    Some(diagnostic.hint("resize with `UpTo(x, y)` where any size is to be legal"))
}

/// The last and the others of conditions that together leave nothing of a symbol.
fn disagreement<'c>(conditions: &'c [Condition], symbol: &Symbol) -> Option<(&'c Condition, Vec<&'c Condition>)> {
    let mut seen = BTreeSet::new();
    let mut pool: Vec<&Condition> = conditions.iter().filter(|condition| seen.insert(&condition.relation)).collect();
    let mut found: Vec<&Condition> = Vec::new();
    loop {
        let empty_with = |count: usize| {
            let relations: Vec<Relation> =
                found.iter().chain(&pool[..count]).map(|condition| condition.relation.clone()).collect();
            decide(std::slice::from_ref(symbol), &relations).set(symbol.as_str()).is_some_and(SizeSet::is_empty)
        };
        if empty_with(0) {
            break;
        }
        if !empty_with(pool.len()) {
            return None;
        }
        // The shortest beginning that leaves nothing ends with one that is needed.
        let (mut some, mut none) = (0, pool.len());
        while none - some > 1 {
            let middle = some + (none - some) / 2;
            if empty_with(middle) { none = middle } else { some = middle }
        }
        found.push(pool[some]);
        pool.truncate(some);
    }
    let mut found = found.into_iter();
    let last = found.next()?;
    Some((last, found.rev().collect()))
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
        let failed = at_sizes(&condition.relation, &env);
        let message = format!("{}, but at {env} {failed}", condition.reason);
        let diagnostic = Diagnostic::error(Code::IllegalAt, condition.span, message);
        let note = format!("legal are {}", legal.describe().join("; "));
        let diagnostic = diagnostic.label(condition.relation.to_string()).note(note);
        let near = legal.check(&env).err().and_then(|illegal| illegal.suggestion());
        diagnostics
            .push(near.into_iter().fold(diagnostic, |diagnostic, near| diagnostic.hint(format!("write `at {near}`"))));
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
