//! From a graph to a scene: operators folded into what a drawing shows.
//!
//! A block's instance is one unit, and so is a chain of them (`layer1.0`, `layer1.1`, …), unless they are shown from inside
//! (`instances.rs`), in a frame. Norms and activations vanish into what they follow, resampling and convolutions without a
//! name of their own into arrows.

use std::collections::BTreeMap;

use neckar_spec::check::Checked;
use neckar_spec::graph::{Graph, GraphRow, Node, NodeId, ScopeId};
use neckar_spec::size::Env;

use super::instances::{around, chain_name, lies_in, readers, shown};
use super::roles;
use super::scene::Scene;
use super::words::{Part, operands, part, words};

/// Where a spec gives no sizes, a drawing's figures are of the first legal ones from here on.
const USUAL: i64 = 256;

/// The scene of a network.
pub(super) fn scene(checked: &Checked) -> Scene {
    let sizes = sizes(checked);
    let shapes = shapes(checked.graph(), &sizes);
    let shown = shown(checked.graph(), &shapes, &levels(&shapes));
    let mut folding = Folding::new(&shown.graph, &shown.open, &sizes);
    folding.group();
    folding.find_arrows();
    let mut scene = folding.scene(&shown.captions);
    scene.sizes = free_sizes(checked.graph(), &sizes);
    roles::assign(&mut scene);
    scene
}

/// The sizes of the `at` clause, or usual ones.
fn sizes(checked: &Checked) -> Env {
    if let Some(env) = checked.at() {
        return env;
    }
    let graph = checked.graph();
    let size = |(symbol, at): &(_, Option<i64>)| {
        let legal = |set: &neckar_spec::size::SizeSet| set.iter_from(USUAL).next().or(set.nearest(USUAL).0);
        let legal = checked.legal().set(neckar_spec::size::Symbol::as_str(symbol)).and_then(legal);
        (symbol.clone(), at.or(legal).unwrap_or(USUAL))
    };
    let mut env: Env = graph.symbols.iter().map(size).collect();
    for input in &graph.inputs {
        if let Some(batch) = graph.node(input.node).shape[0].as_symbol() {
            env.set(batch.clone(), 1);
        }
    }
    env
}

fn free_sizes(graph: &Graph, env: &Env) -> String {
    let size = |(symbol, _): &(neckar_spec::size::Symbol, _)| Some(format!("{symbol} = {}", env.get(symbol.as_str())?));
    graph.symbols.iter().filter_map(size).collect::<Vec<_>>().join(", ")
}

/// For each node its sizes without the batch.
fn shapes(graph: &Graph, env: &Env) -> Vec<Vec<i64>> {
    let axes = |node: &Node| node.shape.iter().skip(1).map(|size| size.eval(env).unwrap_or(1).max(1)).collect();
    graph.nodes.iter().map(axes).collect()
}

/// A graph with the groups that its operators fall into.
pub(super) struct Folding<'g> {
    pub graph: &'g Graph,
    /// For each node its sizes without the batch.
    pub shapes: Vec<Vec<i64>>,
    /// For each node the level of its map, 0 the finest; none for a vector.
    pub levels: Vec<Option<usize>>,
    /// For each node what reads its values.
    pub readers: Vec<Vec<NodeId>>,
    /// For each node the outputs that it is.
    pub outputs: Vec<Vec<String>>,
    /// Whether a scope is shown from inside.
    pub open: &'g [bool],
    /// For each node the rows of open scopes that it is, by the depth of the scope.
    pub rows: BTreeMap<NodeId, Vec<(usize, &'g str)>>,
    /// For each node the group that it belongs to, whose other nodes lead to it.
    pub groups: Vec<usize>,
    /// For each group its nodes, in their order.
    pub members: BTreeMap<usize, Vec<NodeId>>,
    /// The words of the groups that are arrows.
    pub arrows: BTreeMap<usize, String>,
}

impl<'g> Folding<'g> {
    fn new(graph: &'g Graph, open: &'g [bool], env: &Env) -> Folding<'g> {
        let shapes = shapes(graph, env);
        let mut outputs = vec![Vec::new(); shapes.len()];
        for output in &graph.outputs {
            outputs[output.node.0 as usize].push(output.full_name());
        }
        let mut rows: BTreeMap<NodeId, Vec<(usize, &str)>> = BTreeMap::new();
        // What an instance calls something that it is given is no name for it.
        let own = |row: &&GraphRow| open[row.scope.0 as usize] && lies_in(graph, row.node, row.scope);
        for row in graph.rows.iter().filter(own) {
            rows.entry(row.node).or_default().push((around(graph, row.scope).count(), row.name.as_str()));
        }
        Folding {
            graph,
            levels: levels(&shapes),
            shapes,
            readers: readers(graph),
            outputs,
            open,
            rows,
            groups: Vec::new(),
            members: BTreeMap::new(),
            arrows: BTreeMap::new(),
        }
    }

    /// The innermost open scope around a node, and the closed one in it.
    pub(super) fn home(&self, node: NodeId) -> (ScopeId, Option<ScopeId>) {
        let mut closed = None;
        for scope in around(self.graph, self.graph.node(node).scope) {
            if self.open[scope.0 as usize] {
                return (scope, closed);
            }
            closed = Some(scope);
        }
        (ScopeId(0), closed)
    }

    /// The only reader of a node that is nothing else.
    fn only_reader(&self, node: NodeId) -> Option<NodeId> {
        let index = node.0 as usize;
        match self.readers[index].as_slice() {
            [reader] if self.outputs[index].is_empty() => Some(*reader),
            _ => None,
        }
    }

    /// Puts every node into a group.
    fn group(&mut self) {
        let mut blocks: BTreeMap<ScopeId, usize> = BTreeMap::new();
        for (id, _) in self.graph.nodes() {
            let index = id.0 as usize;
            let joined = match self.home(id) {
                (_, Some(closed)) => {
                    let known = blocks.get(&closed).copied().or_else(|| self.chained(closed, id));
                    blocks.insert(closed, known.unwrap_or(index));
                    known
                }
                (home, None) => self.followed(id, home),
            };
            self.groups.push(joined.unwrap_or(index));
            if part(self.graph.node(id)) != Part::Arrow {
                self.absorb_sums(id);
            }
        }
        for (i, group) in self.groups.iter().enumerate() {
            self.members.entry(*group).or_default().push(NodeId(i as u32));
        }
    }

    /// The group of the instance before in a chain, for the first node of an instance that reads nothing else.
    fn chained(&self, scope: ScopeId, first: NodeId) -> Option<usize> {
        let (own, number) = chain_name(&self.graph.scope(scope).name)?;
        let read = operands(self.graph.node(first));
        let before = read.first()?;
        let (_, earlier) = self.home(*before);
        let earlier = earlier?;
        if read.iter().any(|node| !lies_in(self.graph, *node, earlier)) {
            return None;
        }
        let other = self.graph.scope(earlier);
        let same = other.network == self.graph.scope(scope).network && other.parent == self.graph.scope(scope).parent;
        let follows = chain_name(&other.name).is_some_and(|(name, before)| name == own && before + 1 == number);
        // An instance's nodes stand in a row.
        let inside = |node: &NodeId| lies_in(self.graph, *node, earlier);
        let back = (0..=before.0).rev().map(NodeId).take_while(inside);
        let mut all = back.chain((before.0 + 1..first.0).map(NodeId).take_while(inside));
        let alone = all.all(|node| {
            let readers = &self.readers[node.0 as usize];
            self.outputs[node.0 as usize].is_empty()
                && readers
                    .iter()
                    .all(|&reader| lies_in(self.graph, reader, scope) || lies_in(self.graph, reader, earlier))
        });
        (same && follows && alone).then(|| self.groups[before.0 as usize])
    }

    /// The group that a norm, an activation or a later part of a layer goes into.
    fn followed(&self, id: NodeId, home: ScopeId) -> Option<usize> {
        let node = self.graph.node(id);
        let &before = node.inputs.first()?;
        let source = self.graph.node(before);
        // A vector is flattened without a change of its values; a map's rows and columns are worth a box.
        let keeps_rank = source.shape.len() == node.shape.len() || self.levels[before.0 as usize].is_none();
        let first = NodeId(self.groups[before.0 as usize] as u32);
        let fits = match part(node) {
            Part::Follower => keeps_rank,
            Part::Layer => {
                let [start, own] = [first, id].map(|id| self.graph.node(id));
                self.layer(id, home).is_some_and(|layer| self.layer(first, home) == Some(layer))
                    && start.layer != own.layer
            }
            Part::Arrow | Part::Fuse(_) => false,
        };
        let follows = source.op.is_some() && self.home(before).0 == home && !self.is_arrow(before);
        (fits && follows && self.only_reader(before).is_some()).then_some(first.0 as usize)
    }

    fn is_arrow(&self, id: NodeId) -> bool {
        self.home(id).1.is_none() && part(self.graph.node(id)) == Part::Arrow
    }

    /// A sum of sums, or a concatenation of concatenations, is one.
    fn absorb_sums(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        let (home, closed) = self.home(id);
        if closed.is_some() || !matches!(part(node), Part::Fuse(_)) {
            return;
        }
        for &before in &node.inputs {
            let same = part(self.graph.node(before)) == part(node) && self.home(before) == (home, None);
            if same && self.only_reader(before).is_some() && !self.is_named(before, 1) {
                let (from, to) = (self.groups[before.0 as usize], self.groups[id.0 as usize]);
                self.groups.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
            }
        }
    }

    /// The row that names a group: of its last node rather than of one before, of the outermost network first.
    pub(super) fn row(&self, members: &[NodeId]) -> Option<&'g str> {
        let rows = members.iter().rev().find_map(|member| self.rows.get(member))?;
        rows.iter().min_by_key(|(depth, _)| *depth).map(|(_, name)| *name)
    }

    /// Whether a row of an instance at most so deep is a node: in a frame, a row alone makes nothing a box.
    fn is_named(&self, node: NodeId, depth: usize) -> bool {
        self.rows.get(&node).is_some_and(|rows| rows.iter().any(|row| row.0 <= depth))
    }

    /// Finds the groups that are drawn as arrows: resampling, and convolutions without a box of their own on their way into a
    /// fusion.
    fn find_arrows(&mut self) {
        let mut arrows = BTreeMap::new();
        for (group, members) in &self.members {
            let (Some(&first), Some(&last)) = (members.first(), members.last()) else { continue };
            let node = self.graph.node(first);
            let read = self.outputs[last.0 as usize].is_empty() && !self.readers[last.0 as usize].is_empty();
            let maps = self.levels[first.0 as usize].is_some() && !node.inputs.is_empty();
            if read && maps && (self.is_arrow(first) || self.leads_into_fusion(members)) {
                arrows.insert(*group, group_words(self.graph, members));
            }
        }
        self.arrows = arrows;
    }

    /// Whether a layer is read by a fusion alone, perhaps by way of layers and resampling that change its size.
    fn leads_into_fusion(&self, members: &[NodeId]) -> bool {
        let (first, last) = (members[0], members[members.len() - 1]);
        let (home, closed) = self.home(first);
        if closed.is_some() || part(self.graph.node(first)) != Part::Layer {
            return false;
        }
        let mut reader = self.only_reader(last);
        while let Some(on) = reader.filter(|&on| self.is_arrow(on)) {
            reader = self.only_reader(on);
        }
        let Some(reader) = reader.filter(|&reader| self.home(reader).1.is_none()) else { return false };
        // What a frame gives to the outside is worth a box if it has a row.
        let depth = if self.home(reader).0 == home { 1 } else { usize::MAX };
        if members.iter().any(|&member| self.is_named(member, depth)) {
            return false;
        }
        let onward = &self.members[&self.groups[reader.0 as usize]];
        match part(self.graph.node(reader)) {
            Part::Fuse(_) => true,
            Part::Layer => {
                let resizes =
                    onward.last().is_some_and(|on| self.levels[on.0 as usize] != self.levels[last.0 as usize]);
                onward[0] == reader && resizes && self.leads_into_fusion(onward)
            }
            Part::Follower | Part::Arrow => false,
        }
    }
}

/// What a group's layers do, in words.
pub(super) fn group_words(graph: &Graph, members: &[NodeId]) -> String {
    let (first, others) = members.split_first().expect("a group has a first node");
    let later = others.iter().map(|&member| graph.node(member)).filter(|node| part(node) == Part::Layer);
    let parts: Vec<String> = std::iter::once(graph.node(*first)).chain(later).map(words).collect();
    parts.join(", ")
}

/// For each shape the level of its map: halvings from the largest map, those that do not occur left out. A map of one cell
/// is a vector.
fn levels(shapes: &[Vec<i64>]) -> Vec<Option<usize>> {
    let cells = |shape: &Vec<i64>| match shape.as_slice() {
        [_, rows, columns] if rows * columns > 1 => Some((*rows as f64 * *columns as f64).log2() / 2.0),
        _ => None,
    };
    let largest = shapes.iter().filter_map(cells).fold(0.0, f64::max);
    let halvings = |shape| cells(shape).map(|cells| (largest - cells).round() as usize);
    let mut occurring: Vec<usize> = shapes.iter().filter_map(halvings).collect();
    occurring.sort_unstable();
    occurring.dedup();
    shapes.iter().map(|shape| occurring.binary_search(&halvings(shape)?).ok()).collect()
}
