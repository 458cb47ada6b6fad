//! Bodies from scopes: a block's instance becomes a body and a call; equal bodies are shared.

use std::collections::{BTreeSet, HashMap};

use super::explain::{Names, Unfused};
use super::soundness::Soundness;
use super::{Lowering, Pass};
use crate::check::Checked;
use crate::graph::{Graph, GraphRow, NodeId, ScopeId};
use crate::program::{Body, Slot, Step, WeightId};
use crate::size::Shape;

/// The bodies of a graph, those that are called before those that call them, each after the passes. What these leave as it
/// was is added to `unfused`.
pub(super) fn bodies(
    checked: &Checked,
    lowering: Lowering,
    passes: &[(&'static str, Pass)],
    unfused: Option<&mut Vec<Unfused>>,
) -> Vec<Body> {
    let graph = checked.graph();
    let mut builder = Builder {
        graph,
        lowering,
        passes,
        unfused,
        bodies: Vec::new(),
        soundness: cfg!(debug_assertions).then(|| Soundness::new(checked)),
        rows: HashMap::new(),
        users: vec![Vec::new(); graph.nodes.len()],
        rows_of: vec![Vec::new(); graph.nodes.len()],
        given: graph.outputs.iter().map(|output| output.node).collect(),
    };
    for row in &graph.rows {
        builder.rows_of[row.node.0 as usize].push(row.scope);
        builder.rows.entry((row.scope, row.node)).or_insert(&row.name);
    }
    for (id, node) in graph.nodes() {
        for input in &node.inputs {
            builder.users[input.0 as usize].push(id);
        }
    }
    let nodes: Vec<NodeId> = graph.nodes().map(|(id, _)| id).collect();
    builder.body(ScopeId(0), &nodes);
    builder.bodies
}

/// The name of a row from the root: `body.layer1.0.y`.
pub(crate) fn row_name(graph: &Graph, row: &GraphRow) -> String {
    let mut name = row.name.clone();
    let mut scope = graph.scope(row.scope);
    while let Some(parent) = scope.parent {
        name = format!("{}.{name}", scope.name);
        scope = graph.scope(parent);
    }
    name
}

struct Builder<'g> {
    graph: &'g Graph,
    lowering: Lowering,
    passes: &'g [(&'static str, Pass)],
    unfused: Option<&'g mut Vec<Unfused>>,
    bodies: Vec<Body>,
    /// What each pass has to keep, in debug builds.
    soundness: Option<Soundness>,
    rows: HashMap<(ScopeId, NodeId), &'g str>,
    users: Vec<Vec<NodeId>>,
    /// The scopes of the rows that name each node.
    rows_of: Vec<Vec<ScopeId>>,
    /// The outputs of the network.
    given: BTreeSet<NodeId>,
}

/// A body as it is called: its index, and what its inputs, outputs and weights are in the graph.
struct Called {
    body: u32,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
    weights: Vec<u32>,
}

impl Builder<'_> {
    /// The ancestor of a scope that lies directly in another; none where the scope is that other one.
    fn child(&self, of: ScopeId, mut scope: ScopeId) -> Option<ScopeId> {
        let mut child = None;
        while scope != of {
            child = Some(scope);
            scope = self.graph.scope(scope).parent?;
        }
        child
    }

    /// The body of a scope. `nodes` are those of the scope and of the instances in it, in order.
    fn body(&mut self, scope: ScopeId, nodes: &[NodeId]) -> Called {
        let graph = self.graph;
        let within: BTreeSet<NodeId> = nodes.iter().copied().collect();
        let root = scope == ScopeId(0);
        let mut body = Body {
            name: graph.scope(scope).network.clone(),
            inputs: 0,
            slots: 0,
            weights: 0,
            steps: Vec::new(),
            outputs: Vec::new(),
        };
        let mut slots: HashMap<NodeId, Slot> = HashMap::new();
        let mut weights: Vec<u32> = if root { (0..graph.weights.len() as u32).collect() } else { Vec::new() };
        let mut places: HashMap<u32, WeightId> = HashMap::new();
        let inputs = self.inputs(root, nodes, &within);
        for input in &inputs {
            slots.insert(*input, body.slots);
            body.slots += 1;
        }
        body.inputs = body.slots;
        let mut local = |weight: u32| -> WeightId {
            if root {
                return weight;
            }
            *places.entry(weight).or_insert_with(|| {
                weights.push(weight);
                weights.len() as WeightId - 1
            })
        };
        let mut at = 0;
        while at < nodes.len() {
            let node = graph.node(nodes[at]);
            let Some(child) = self.child(scope, node.scope) else {
                if let Some(op) = &node.op {
                    let ids: Vec<WeightId> = node.weights.iter().map(|&weight| local(weight)).collect();
                    let (instr, epilogue) = op.lower(&ids, node.inputs.len(), &node.shape);
                    let args = node.inputs.iter().map(|input| slots[input]).collect();
                    let row = self.rows.get(&(scope, nodes[at])).map(|&row| row.to_owned());
                    body.steps.push(Step::Run { instr, args, epilogue, out: body.slots, row });
                    slots.insert(nodes[at], body.slots);
                    body.slots += 1;
                }
                at += 1;
                continue;
            };
            let end = nodes[at..].iter().position(|&node| self.child(scope, graph.node(node).scope) != Some(child));
            let end = end.map_or(nodes.len(), |length| at + length);
            let called = self.body(child, &nodes[at..end]);
            let outs = (body.slots..).take(called.outputs.len()).collect();
            body.slots += called.outputs.len() as u32;
            for (&output, slot) in called.outputs.iter().zip::<&Vec<Slot>>(&outs) {
                slots.insert(output, *slot);
            }
            let row = |node: &NodeId| self.rows.get(&(scope, *node)).map(|&row| row.to_owned());
            body.steps.push(Step::Call {
                body: called.body,
                name: graph.scope(child).name.clone(),
                args: called.inputs.iter().map(|input| slots[input]).collect(),
                weights: called.weights.iter().map(|&weight| local(weight)).collect(),
                rows: called.outputs.iter().map(row).collect(),
                outs,
            });
            at = end;
        }
        let outputs: Vec<NodeId> =
            if root { graph.outputs.iter().map(|output| output.node).collect() } else { self.outputs(nodes, &within) };
        body.outputs = outputs.iter().map(|output| slots[output]).collect();
        body.weights = weights.len() as u32;
        self.run_passes(&mut body, &slots);
        Called { body: self.share(body), inputs, outputs, weights }
    }

    fn run_passes(&mut self, body: &mut Body, slots: &HashMap<NodeId, Slot>) {
        for (name, pass) in self.passes {
            let names = self.unfused.is_some().then(|| Names::of(body));
            let misses = pass(body, self.lowering);
            if let (Some(unfused), Some(names)) = (&mut self.unfused, names) {
                unfused.extend(misses.into_iter().map(|miss| names.explain(name, miss)));
            }
            if let Some(soundness) = &self.soundness {
                let shapes: HashMap<Slot, &Shape> =
                    slots.iter().map(|(&node, &slot)| (slot, &self.graph.node(node).shape)).collect();
                let sound = soundness.check(&self.bodies, body, |slot| shapes[&slot]);
                assert_eq!(sound, Ok(()), "`{}` after the pass `{name}`", body.name);
            }
        }
    }

    /// The index of a body, which is added unless there is an equal one.
    fn share(&mut self, body: Body) -> u32 {
        let known = self.bodies.iter().position(|known| *known == body);
        let index = known.unwrap_or_else(|| {
            if let Some(soundness) = &mut self.soundness {
                let sound = soundness.add(&self.bodies, &body);
                assert_eq!(sound, Ok(()), "`{}` is not valid", body.name);
            }
            self.bodies.push(body);
            self.bodies.len() - 1
        });
        index as u32
    }

    /// What a body reads from outside: of the root its inputs in their order, else in the order of first use.
    fn inputs(&self, root: bool, nodes: &[NodeId], within: &BTreeSet<NodeId>) -> Vec<NodeId> {
        if root {
            return self.graph.inputs.iter().map(|input| input.node).collect();
        }
        let mut inputs = Vec::new();
        for input in nodes.iter().flat_map(|&node| &self.graph.node(node).inputs) {
            if !within.contains(input) && !inputs.contains(input) {
                inputs.push(*input);
            }
        }
        inputs
    }

    /// What of a body is read outside.
    fn outputs(&self, nodes: &[NodeId], within: &BTreeSet<NodeId>) -> Vec<NodeId> {
        let scopes: BTreeSet<ScopeId> = nodes.iter().map(|&node| self.graph.node(node).scope).collect();
        let outside = |node: &NodeId| {
            let read = self.users[node.0 as usize].iter().any(|user| !within.contains(user));
            let row = || self.rows_of[node.0 as usize].iter().any(|scope| !scopes.contains(scope));
            read || self.given.contains(node) || (self.lowering.keep_rows && row())
        };
        nodes.iter().copied().filter(outside).collect()
    }
}
