//! The graph: every operator of a network with its shape, in an order in which it can run.
//!
//! The graph is flat; a block's instance is a [`Scope`] that its nodes name, so that lowering can make it a body again.

use crate::ops::Op;
use crate::program::{Init, Preprocessing};
use crate::size::{Relation, Shape, Symbol};
use crate::source::Span;
use crate::syntax::ast::Allow;

/// A node's index in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A scope's index in [`Graph::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u32);

/// A network, resolved.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The architecture's name.
    pub name: String,
    /// What its `///` lines say.
    pub doc: String,
    /// The parameters it was made with.
    pub settings: Vec<(String, String)>,
    /// Its free sizes besides the batch, and their values in the `at` clause.
    pub symbols: Vec<(Symbol, Option<i64>)>,
    /// The operators.
    pub nodes: Vec<Node>,
    /// The network itself, then every instance of a block.
    pub scopes: Vec<Scope>,
    /// The tensors of a checkpoint.
    pub weights: Vec<GraphWeight>,
    /// The layers of the root; each holds its own.
    pub layers: Vec<LayerNode>,
    /// The inputs.
    pub inputs: Vec<GraphInput>,
    /// The outputs; a member of a list is named `list.member`.
    pub outputs: Vec<GraphOutput>,
    /// The rows that make a map.
    pub rows: Vec<GraphRow>,
    /// What must hold of the free sizes.
    pub conditions: Vec<Condition>,
    /// Names that a checkpoint may hold unused.
    pub ignored: Vec<String>,
    /// How many [steps](crate::bounds::STEPS) it took to build.
    pub steps: usize,
    /// Layers that were declared and that no row applies: each with the place of its name.
    pub unapplied: Vec<(String, Span)>,
    /// What the bodies that were resolved allow, in the order of their places.
    pub allows: Vec<Allow>,
    /// Expectations of the root, evaluated.
    pub expectations: Vec<Expectation>,
}

impl Graph {
    /// The node of an id that this graph gave.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Every node with its id.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, node)| (NodeId(i as u32), node))
    }

    /// The path of what an operator belongs to: its own layer, or the instance of a block that it stands in; empty for one of
    /// the network itself.
    pub fn owner(&self, node: &Node) -> String {
        let parent = |id: &ScopeId| self.scope(*id).parent;
        let scopes: Vec<&str> = std::iter::successors(Some(node.scope), parent)
            .map(|id| self.scope(id).name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        let instance = || scopes.iter().rev().copied().collect::<Vec<_>>().join(".");
        node.layer.clone().unwrap_or_else(instance)
    }

    /// The scope of an id that this graph gave.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// Learnable parameters of the layers whose path is, or lies under, the given one; of all for an empty path.
    pub fn parameters(&self, path: &str) -> u64 {
        self.elements(path, true)
    }

    /// Elements of running statistics, likewise.
    pub fn buffers(&self, path: &str) -> u64 {
        self.elements(path, false)
    }

    fn elements(&self, path: &str, learnable: bool) -> u64 {
        let within = |owner: &str| {
            path.is_empty() || owner == path || owner.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
        };
        self.weights
            .iter()
            .filter(|weight| weight.learnable == learnable && within(&weight.owner))
            .map(GraphWeight::elements)
            .sum()
    }
}

/// An operator, or an input.
#[derive(Clone, Debug)]
pub struct Node {
    /// The operator; none for an input.
    pub op: Option<Op>,
    /// Its operands.
    pub inputs: Vec<NodeId>,
    /// Its weights, as indices into [`Graph::weights`].
    pub weights: Vec<u32>,
    /// Its result.
    pub shape: Shape,
    /// The instance that it belongs to.
    pub scope: ScopeId,
    /// The layer that it applies, where it has a name.
    pub layer: Option<String>,
    /// Where it was written.
    pub span: Span,
    /// Where its arguments were written: in the declaration of a layer, in a part of a kind, or where it stands.
    pub arguments: Span,
}

/// An instance of a block or an architecture.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The instance that it lies in; none for the network itself.
    pub parent: Option<ScopeId>,
    /// Its name in its parent; empty for the network itself.
    pub name: String,
    /// What stands before the checkpoint names of its weights; empty or ending in a period.
    pub checkpoint: String,
    /// The block or architecture.
    pub network: String,
    /// What it gives; empty for the network itself, whose outputs are the graph's.
    pub outputs: Vec<NodeId>,
}

/// A tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphWeight {
    /// Its name in checkpoints.
    pub name: String,
    /// The path of the layer that owns it, by the spec's own names.
    pub owner: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub learnable: bool,
    /// What it holds at first.
    pub init: Init,
}

impl GraphWeight {
    /// How many numbers it holds.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&n| n as u64).product()
    }
}

/// A layer as the spec nests it.
#[derive(Clone, Debug, Default)]
pub struct LayerNode {
    /// Its name in its parent.
    pub name: String,
    /// Its path from the root.
    pub path: String,
    /// How PyTorch prints it, or a block's name.
    pub text: String,
    /// The layers inside.
    pub children: Vec<LayerNode>,
    /// Where it was declared.
    pub span: Option<Span>,
}

/// An input of the network.
#[derive(Clone, Debug)]
pub struct GraphInput {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// How a picture becomes it.
    pub image: Option<Preprocessing>,
    /// Where its name was written.
    pub span: Span,
}

/// An output of the network.
#[derive(Clone, Debug)]
pub struct GraphOutput {
    /// The list it belongs to.
    pub list: Option<String>,
    /// Its name, in its list where it is in one.
    pub name: String,
    /// What it gives.
    pub node: NodeId,
    /// Where its name was written.
    pub span: Span,
}

impl GraphOutput {
    /// `name`, or `list.name`.
    pub fn full_name(&self) -> String {
        match &self.list {
            Some(list) => format!("{list}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A row that makes a map.
#[derive(Clone, Debug)]
pub struct GraphRow {
    /// Its name in its scope.
    pub name: String,
    /// The scope.
    pub scope: ScopeId,
    /// The map.
    pub node: NodeId,
    /// What makes it, as written.
    pub text: String,
    /// Whether its shape is declared.
    pub declared: bool,
    /// The whole row, or of an `output` row the item.
    pub span: Span,
}

/// What must hold of the free sizes, and why.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must hold.
    pub relation: Relation,
    /// Where it comes from.
    pub span: Span,
    /// Why it must hold, as the head of a sentence: "`U5` and `P4` are added".
    pub reason: String,
}

/// An expectation with its verdict.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// As written.
    pub text: String,
    /// What was found.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
    /// Where it was written.
    pub span: Span,
}
