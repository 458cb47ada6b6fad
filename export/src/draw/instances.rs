//! Which instances are shown from inside, and how often.
//!
//! An instance that gives maps at several levels, a backbone or a neck, is shown from inside. Of a chain of them those that
//! follow each other and are alike are shown once: the first stands for all, reads what it reads itself, and what reads the
//! last reads it.

use std::collections::{BTreeMap, BTreeSet};

use neckar_spec::graph::{Graph, Node, NodeId, ScopeId};

use super::words::operands;

/// A network as it is shown.
pub(super) struct Shown {
    /// Its graph, without the nodes and rows of instances that others stand for.
    pub graph: Graph,
    /// Whether a scope is shown from inside.
    pub open: Vec<bool>,
    /// What is written at the open ones: `fpn: Fpn`, `cells: BiFpnCell × 3`.
    pub captions: BTreeMap<ScopeId, String>,
}

/// A network with each run of like open instances as one; of each node its sizes without the batch, and its level.
pub(super) fn shown(graph: &Graph, shapes: &[Vec<i64>], levels: &[Option<usize>]) -> Shown {
    let instances = Instances { graph, shapes, readers: readers(graph), open: Vec::new() };
    let instances = Instances { open: instances.open(levels), ..instances };
    let mut shown = Condensed {
        nodes: (0..graph.nodes.len() as u32).map(NodeId).collect(),
        hidden: vec![false; graph.scopes.len()],
        runs: BTreeMap::new(),
    };
    let mut first: BTreeMap<ScopeId, ScopeId> = BTreeMap::new();
    // A scope stands behind the one that it lies in and behind those that it reads.
    for scope in (1..graph.scopes.len()).map(|i| ScopeId(i as u32)) {
        if graph.scope(scope).parent.is_some_and(|parent| shown.hidden[parent.0 as usize]) {
            shown.hidden[scope.0 as usize] = true;
        } else if instances.open[scope.0 as usize] {
            let before = first.keys().copied().find(|&before| instances.repeats(before, scope));
            let standing = before.map_or(scope, |before| first[&before]);
            first.insert(scope, standing);
            *shown.runs.entry(standing).or_insert(0) += 1;
            if standing != scope {
                shown.hidden[scope.0 as usize] = true;
                for (node, shows) in instances.nodes(scope).zip(instances.nodes(standing)) {
                    shown.nodes[node.0 as usize] = shows;
                }
            }
        }
    }
    let captions = shown.runs.iter().map(|(&scope, &times)| (scope, instances.caption(scope, times))).collect();
    Shown { graph: shown.graph(graph), open: instances.open, captions }
}

/// A scope and those that it lies in.
pub(super) fn around(graph: &Graph, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
    std::iter::successors(Some(scope), |&scope| graph.scope(scope).parent)
}

/// Whether a node is an instance's, or of an instance in it.
pub(super) fn lies_in(graph: &Graph, node: NodeId, scope: ScopeId) -> bool {
    around(graph, graph.node(node).scope).any(|around| around == scope)
}

/// For each node what reads its values.
pub(super) fn readers(graph: &Graph) -> Vec<Vec<NodeId>> {
    let mut readers = vec![Vec::new(); graph.nodes.len()];
    for (id, node) in graph.nodes() {
        for operand in operands(node) {
            readers[operand.0 as usize].push(id);
        }
    }
    readers
}

/// `layer1.2` as `layer1` and 2.
pub(super) fn chain_name(name: &str) -> Option<(&str, usize)> {
    let (base, number) = name.rsplit_once('.')?;
    Some((base, number.parse().ok()?))
}

/// What stands for what.
struct Condensed {
    /// For each node the one that shows it.
    nodes: Vec<NodeId>,
    /// Whether another scope stands for a scope.
    hidden: Vec<bool>,
    /// For each instance that is shown from inside how many it stands for.
    runs: BTreeMap<ScopeId, usize>,
}

impl Condensed {
    fn graph(&self, graph: &Graph) -> Graph {
        let shown = |id: NodeId| self.nodes[id.0 as usize] == id;
        let mut numbers = vec![NodeId(0); graph.nodes.len()];
        let mut nodes: Vec<Node> = Vec::new();
        for (id, node) in graph.nodes().filter(|(id, _)| shown(*id)) {
            numbers[id.0 as usize] = NodeId(nodes.len() as u32);
            nodes.push(node.clone());
        }
        // What stands for a node may lie in a chain, and have another one stand for itself.
        let number = |mut id: NodeId| {
            while !shown(id) {
                id = self.nodes[id.0 as usize];
            }
            numbers[id.0 as usize]
        };
        let mut condensed = Graph { nodes, ..graph.clone() };
        condensed.rows.retain(|row| !self.hidden[row.scope.0 as usize]);
        let operands = condensed.nodes.iter_mut().flat_map(|node| &mut node.inputs);
        let given = condensed.scopes.iter_mut().flat_map(|scope| &mut scope.outputs);
        let inputs = condensed.inputs.iter_mut().map(|input| &mut input.node);
        let outputs = condensed.outputs.iter_mut().map(|output| &mut output.node);
        let rows = condensed.rows.iter_mut().map(|row| &mut row.node);
        for node in operands.chain(given).chain(inputs).chain(outputs).chain(rows) {
            *node = number(*node);
        }
        condensed
    }
}

struct Instances<'a> {
    graph: &'a Graph,
    shapes: &'a [Vec<i64>],
    readers: Vec<Vec<NodeId>>,
    open: Vec<bool>,
}

impl Instances<'_> {
    /// Whether a scope is shown from inside: it gives maps at several levels, or another of its chain does.
    fn open(&self, levels: &[Option<usize>]) -> Vec<bool> {
        let mut given = vec![BTreeSet::new(); self.graph.scopes.len()];
        for (id, node) in self.graph.nodes() {
            let Some(level) = levels[id.0 as usize] else { continue };
            for scope in around(self.graph, node.scope).filter(|&scope| self.is_read_outside(id, &[scope])) {
                given[scope.0 as usize].insert(level);
            }
        }
        let scopes = || self.graph.scopes.iter().enumerate();
        let chain = |scope: usize| {
            let scope = &self.graph.scopes[scope];
            (scope.parent, chain_name(&scope.name).map_or(scope.name.as_str(), |(base, _)| base))
        };
        let several: BTreeSet<_> = scopes().filter(|(i, _)| given[*i].len() > 1).map(|(i, _)| chain(i)).collect();
        let mut open: Vec<bool> = Vec::new();
        for (i, scope) in scopes() {
            open.push(scope.parent.is_none_or(|parent| open[parent.0 as usize] && several.contains(&chain(i))));
        }
        open
    }

    /// Whether something outside of instances reads a node in one of them.
    fn is_read_outside(&self, node: NodeId, scopes: &[ScopeId]) -> bool {
        let inside = |&reader: &NodeId| scopes.iter().any(|&scope| lies_in(self.graph, reader, scope));
        self.graph.outputs.iter().any(|output| output.node == node) || !self.readers[node.0 as usize].iter().all(inside)
    }

    fn nodes(&self, scope: ScopeId) -> impl Iterator<Item = NodeId> {
        self.graph.nodes().map(|(id, _)| id).filter(move |&id| lies_in(self.graph, id, scope))
    }

    /// Whether an instance is the next of another's chain and does the same to what that one gives, and to nothing else that
    /// the other does not read too; nothing else may read the other.
    fn repeats(&self, before: ScopeId, scope: ScopeId) -> bool {
        let [one, next] = [before, scope].map(|scope| self.graph.scope(scope));
        let (Some((base, number)), Some((own, behind))) = (chain_name(&one.name), chain_name(&next.name)) else {
            return false;
        };
        if (one.parent, &one.network, base, number + 1) != (next.parent, &next.network, own, behind) {
            return false;
        }
        let [given, nodes]: [Vec<NodeId>; 2] = [before, scope].map(|scope| self.nodes(scope).collect());
        let same_operand = |(a, b): (&NodeId, &NodeId)| match (given.binary_search(a), nodes.binary_search(b)) {
            (Ok(a), Ok(b)) => a == b,
            (Err(_), Err(_)) => a == b || given.binary_search(b).is_ok(),
            _ => false,
        };
        let alike = |(&a, &b): (&NodeId, &NodeId)| {
            let [x, y] = [a, b].map(|id| self.graph.node(id));
            x.op == y.op
                && self.shapes[a.0 as usize] == self.shapes[b.0 as usize]
                && self.place(a, before) == self.place(b, scope)
                && x.inputs.len() == y.inputs.len()
                && x.inputs.iter().zip(&y.inputs).all(same_operand)
        };
        given.len() == nodes.len()
            && given.iter().zip(&nodes).all(alike)
            && !given.iter().any(|&node| self.is_read_outside(node, &[before, scope]))
    }

    /// The instances inside an instance that a node lies in, and its layer's name there.
    fn place(&self, node: NodeId, scope: ScopeId) -> (Vec<&str>, Option<&str>) {
        let node = self.graph.node(node);
        let names = |scope: ScopeId| around(self.graph, scope).map(|scope| self.graph.scope(scope).name.as_str());
        let inside = names(node.scope).count() - names(scope).count();
        // An operator without a layer has its own name alone.
        let path: usize = names(scope).filter(|name| !name.is_empty()).map(|name| name.len() + 1).sum();
        let layer = node.layer.as_deref().map(|layer| layer.get(path..).unwrap_or(layer));
        (names(node.scope).take(inside).collect(), layer)
    }

    /// What is written at an instance that stands for so many.
    fn caption(&self, scope: ScopeId, times: usize) -> String {
        let own = self.graph.scope(scope);
        let network = if times > 1 { format!("{} × {times}", own.network) } else { own.network.clone() };
        let Some((base, number)) = chain_name(&own.name) else { return format!("{}: {network}", own.name) };
        let others = self.graph.scopes.iter().filter(|other| other.parent == own.parent);
        let numbers: BTreeSet<usize> = others
            .filter_map(|other| chain_name(&other.name))
            .filter(|name| name.0 == base)
            .map(|name| name.1)
            .collect();
        match times {
            _ if numbers.len() == times => format!("{base}: {network}"),
            1 => format!("{}: {network}", own.name),
            _ => format!("{} to {}: {network}", own.name, number + times - 1),
        }
    }
}
