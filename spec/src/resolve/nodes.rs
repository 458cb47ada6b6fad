//! Operators as nodes: built from arguments, given a shape, given weights.

use super::Resolver;
use super::layers::maps;
use super::parameters::Given;
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{GraphWeight, Node, NodeId, ScopeId};
use crate::ops::arguments::{Arguments, Numerics};
use crate::ops::{self, Op, Operands, Out, Signature};
use crate::size::{Shape, Size};
use crate::source::Span;
use crate::value::Value;

impl Resolver<'_> {
    pub(super) fn build(
        &mut self,
        subject: &str,
        signature: &Signature,
        mut given: Vec<Given>,
        numerics: &Numerics,
        span: Span,
    ) -> Option<Op> {
        let mut diagnostics = Vec::new();
        let mut arguments = Arguments {
            subject: subject.to_owned(),
            span,
            out: None,
            numerics,
            values: Vec::new(),
            diagnostics: &mut diagnostics,
            poisoned: false,
        };
        if let Some(at) = given.iter().position(|(name, ..)| name == "out") {
            let (_, value, place) = given.remove(at);
            match value {
                Value::Poison => arguments.poisoned = true,
                _ if signature.out == Out::None => {
                    let message = format!("{subject} keeps its channels, so `->` has no meaning here");
                    arguments.diagnostics.push(Diagnostic::error(Code::UnknownArgument, place, message));
                    arguments.poisoned = true;
                }
                Value::Int(n) if (1..=1 << 20).contains(&n) => arguments.out = Some(n as usize),
                other => {
                    let message = format!("{subject} has `{other}` output channels, expected 1 to {}", 1 << 20);
                    let mut diagnostic = Diagnostic::error(Code::OutOfRange, place, message);
                    if place.file != span.file {
                        diagnostic = diagnostic.related(span, "declared here");
                    }
                    arguments.diagnostics.push(diagnostic);
                    arguments.poisoned = true;
                }
            }
        }
        arguments.values = given;
        let op = ops::build(signature, &mut arguments);
        for diagnostic in diagnostics {
            self.report(diagnostic);
        }
        op
    }

    /// Adds an operator to the graph: its shape is inferred, its weights are made or shared. The places are where it is
    /// applied, where its layer was declared, and where its arguments were written.
    pub(super) fn add_node(
        &mut self,
        op: Op,
        signature: &Signature,
        operands: Vec<NodeId>,
        names: Option<(String, String)>,
        [span, declared, arguments]: [Span; 3],
        scope: ScopeId,
    ) -> Value {
        let fits = match signature.operands {
            Operands::Exactly(n) => operands.len() == n,
            Operands::AtLeast(n) => operands.len() >= n,
        };
        if !fits {
            let expected = match signature.operands {
                Operands::Exactly(n) => maps(n),
                Operands::AtLeast(n) => format!("at least {}", maps(n)),
            };
            let message = format!("`{}` takes {expected}, found {}", signature.names[0], operands.len());
            self.error(Code::WrongArity, span, message);
            return Value::Poison;
        }
        if self.graph.nodes.len() >= bounds::NODES {
            let message = format!("the network grows past {} operators here", bounds::NODES);
            self.error(Code::TooLarge, span, message);
            return Value::Poison;
        }
        let path = names.as_ref().map_or(0, |(path, checkpoint)| path.len() + checkpoint.len());
        let sizes: usize = operands.iter().flat_map(|&node| &self.graph.node(node).shape).map(Size::weight).sum();
        if !self.spend(1 + operands.len() + sizes + path / bounds::BYTES_A_STEP, span) {
            return Value::Poison;
        }
        let shapes: Vec<Shape> = operands.iter().map(|&node| self.graph.node(node).shape.clone()).collect();
        let Some(shape) = self.infer(&op, signature, &operands, &shapes, span) else { return Value::Poison };
        let weights = op.weights(&shapes);
        let Some(weights) = self.weights(weights, signature, &names, span, declared) else { return Value::Poison };
        let layer = names.map(|(path, _)| path);
        if let Some(path) = &layer {
            self.layer_text(path, op.text(&shapes), declared);
        }
        let node = Node { op: Some(op), inputs: operands, weights, shape, scope, layer, span, arguments };
        self.graph.nodes.push(node);
        Value::Map(NodeId(self.graph.nodes.len() as u32 - 1))
    }

    /// The weights of a layer: made at its first application, shared by the others.
    fn weights(
        &mut self,
        wanted: Vec<ops::OpWeight>,
        signature: &Signature,
        names: &Option<(String, String)>,
        span: Span,
        declared: Span,
    ) -> Option<Vec<u32>> {
        if wanted.is_empty() {
            return Some(Vec::new());
        }
        let Some((path, checkpoint)) = names else {
            let message = format!("`{}` holds weights here, so it needs a name", signature.names[0]);
            let lower = |name: &&&str| name.starts_with(char::is_lowercase);
            let name = signature.names.iter().find(lower).unwrap_or(&signature.names[0]);
            let hint = format!("declare it, `{name} my_layer (…)`, and write `my_layer(…)`");
            self.report(Diagnostic::error(Code::Unnamed, span, message).hint(hint));
            return None;
        };
        if let Some(known) = self.owners.get(path).cloned() {
            for (&id, wanted) in known.iter().zip(&wanted) {
                let weight = &self.graph.weights[id as usize];
                if weight.shape != wanted.shape {
                    let message = format!(
                        "`{path}` shares its weights, but `{}` would be {:?} here and is {:?}",
                        wanted.name, wanted.shape, weight.shape
                    );
                    self.report(
                        Diagnostic::error(Code::OperatorShape, span, message).related(declared, "declared here").hint(
                            "a layer that is applied again shares its weights; declare another one for other channels",
                        ),
                    );
                    return None;
                }
            }
            return Some(known);
        }
        let mut ids = Vec::new();
        for weight in wanted {
            // A weight without a name of its own is the layer.
            let name = match &*weight.name {
                "" => checkpoint.clone(),
                own => format!("{checkpoint}.{own}"),
            };
            let elements = weight.shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
            if elements.is_none_or(|elements| elements > bounds::ELEMENTS) {
                let message = format!("`{name}` would be {:?}, more than {} elements", weight.shape, bounds::ELEMENTS);
                self.error(Code::TooLarge, declared, message);
                return None;
            }
            if let Some((owner, place)) = self.weight_names.get(&name) {
                let message = format!("`{path}` and `{owner}` would both be `{name}` in a checkpoint");
                let diagnostic = Diagnostic::error(Code::WeightName, declared, message);
                let place = *place;
                self.report(
                    diagnostic.related(place, "the other one").hint("give one of them another name with `as \"…\"`"),
                );
                return None;
            }
            self.weight_names.insert(name.clone(), (path.clone(), declared));
            ids.push(self.graph.weights.len() as u32);
            self.graph.weights.push(GraphWeight {
                name,
                owner: path.clone(),
                shape: weight.shape,
                learnable: weight.learnable,
                init: weight.init,
            });
        }
        self.owners.insert(path.clone(), ids.clone());
        Some(ids)
    }
}
