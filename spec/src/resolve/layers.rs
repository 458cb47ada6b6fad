//! Layers: declared with a name, applied to maps.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::operands::{Operands, Spread};
use super::parameters::Given;
use super::{Frame, Resolver};
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{Condition, LayerNode, NodeId, Scope, ScopeId};
use crate::ops::arguments::Numerics;
use crate::ops::{self, Out, Signature};
use crate::size::{Relation, Size};
use crate::source::Span;
use crate::syntax::ast::{Argument, Kind, LayerRow, Name, Network};
use crate::value::{Record, Value};
use crate::zoo;

/// A declared layer.
#[derive(Debug)]
pub struct LayerDecl {
    /// Its name in its network.
    pub name: String,
    /// Its path from the root, by the spec's own names.
    pub path: String,
    /// Where its name was declared.
    pub span: Span,
    what: What,
    /// Input channels, where they are given.
    input: Option<(i64, Span)>,
    /// Applied one after the other; one unless it repeats.
    members: Vec<Member>,
    repeats: bool,
    numerics: Rc<Numerics>,
}

#[derive(Clone, Debug)]
enum What {
    Operator(&'static Signature),
    Kind(Rc<Kind>),
    Network(Rc<Network>),
}

impl LayerDecl {
    /// Whether all outputs of a block can be handed to it at once.
    pub(super) fn takes_records(&self) -> bool {
        matches!(self.what, What::Network(_))
    }
}

/// One repetition of a layer.
#[derive(Clone, Debug)]
struct Member {
    path: String,
    checkpoint: String,
    arguments: Vec<Given>,
}

/// What is applied: names and arguments of one member, or of a part of a kind.
struct Applied<'a> {
    subject: String,
    path: &'a str,
    checkpoint: &'a str,
    arguments: Vec<Given>,
    numerics: &'a Rc<Numerics>,
    declared: Span,
    /// Where the arguments were written.
    written: Span,
}

impl Resolver<'_> {
    /// `lateral L5, L4: -> 128 (gamma = 0.9) as "…"`.
    pub(super) fn declare(&mut self, row: &LayerRow, frame: &mut Frame) {
        let kind = &row.kind.node;
        let library = self.library;
        let what = if let Some(kind) = library.kind(frame.file, kind) {
            What::Kind(kind.clone())
        } else if let Some(network) = library.network(frame.file, kind) {
            What::Network(network.clone())
        } else if let Some(signature) = ops::signature(kind) {
            What::Operator(signature)
        } else {
            let operators = ops::signatures().flat_map(|signature| signature.names).copied();
            let known: Vec<&str> = library.names(frame.file).into_iter().chain(operators).collect();
            let message = format!("no operator, layer kind or block is called `{kind}`");
            let diagnostic = Diagnostic::error(Code::UnknownKind, row.kind.span, message);
            let second = &row.names[0].base.node;
            let applied = ops::signature(second).is_some() || matches!(frame.lookup(second), Some(Value::Layer(_)));
            self.report(match zoo::holder(kind) {
                _ if applied => diagnostic.hint(format!("a row is written `{kind} = {second}(…)`")),
                Some(spec) => {
                    diagnostic.hint(format!("the zoo has it: write `use zoo::{spec}` at the top of the file"))
                }
                None => diagnostic.near(kind, known),
            });
            for name in &row.names {
                self.bind_name(name, Value::Poison, frame);
            }
            return;
        };
        for name in &row.names {
            let layer = self.layer(row, name, what.clone(), frame);
            let value = layer.map_or(Value::Poison, |layer| Value::Layer(Rc::new(layer)));
            self.bind_name(name, value, frame);
        }
    }

    fn layer(&mut self, row: &LayerRow, name: &Name, what: What, frame: &mut Frame) -> Option<LayerDecl> {
        let full = self.full_name(name, frame)?;
        let rounds = match &row.repeat {
            Some(repeat) => {
                let rounds = self.whole(repeat, frame)?;
                if !(1..=bounds::ROUNDS).contains(&rounds) {
                    let message = format!("`{full}` repeats {rounds} times, expected 1 to {}", bounds::ROUNDS);
                    self.error(Code::OutOfRange, repeat.span, message);
                    return None;
                }
                rounds
            }
            None => 1,
        };
        let repeats = row.repeat.is_some();
        let input = match &row.input {
            Some(expr) => Some((self.whole(expr, frame)?, expr.span)),
            None => None,
        };
        let path = format!("{}{full}", frame.path);
        let mut members = Vec::new();
        for index in 0..rounds {
            if !self.spend(1 + path.len() / bounds::BYTES_A_STEP, name.span) {
                return None;
            }
            if repeats {
                frame.locals.push(BTreeMap::from([("index".into(), Value::Int(index))]));
            }
            let checkpoint = match &row.checkpoint {
                Some(template) => self.template(template, frame),
                None if repeats => Some(format!("{full}.{index}")),
                None => Some(full.clone()),
            };
            let mut arguments = self.arguments(&row.arguments, frame);
            if let Some(out) = &row.out {
                arguments.push(("out".into(), self.evaluate(out, frame), out.span));
            }
            if repeats {
                frame.locals.pop();
            }
            members.push(Member {
                path: if repeats { format!("{path}.{index}") } else { path.clone() },
                checkpoint: format!("{}{}", frame.checkpoint, checkpoint?),
                arguments,
            });
        }
        self.declared.entry(name.span).or_insert_with(|| full.clone());
        let numerics = frame.numerics.clone();
        Some(LayerDecl { name: full, path, span: name.span, what, input, members, repeats, numerics })
    }

    fn arguments(&mut self, arguments: &[Argument], frame: &mut Frame) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        for argument in arguments {
            match &argument.name {
                Some(name) => {
                    if !self.spend(given.len() / bounds::NAMES_A_STEP, name.span) {
                        break;
                    }
                    if given.iter().any(|(known, ..)| *known == name.node) {
                        let message = format!("`{}` is given twice", name.node);
                        self.error(Code::Duplicate, name.span, message);
                        continue;
                    }
                    let value = self.evaluate(&argument.value, frame);
                    given.push((name.node.clone(), value, name.span.to(argument.value.span)));
                }
                None => {
                    let diagnostic = Diagnostic::error(
                        Code::UnknownArgument,
                        argument.value.span,
                        "an argument of a layer needs a name",
                    );
                    self.report(diagnostic.hint("write `(name = value)`"));
                }
            }
        }
        given
    }

    /// A declared layer applied to maps.
    pub(super) fn apply_layer(
        &mut self,
        layer: &LayerDecl,
        operands: Vec<NodeId>,
        span: Span,
        frame: &mut Frame,
    ) -> Value {
        self.used.insert(layer.span);
        if let Some((expected, place)) = layer.input {
            let operand = operands.first().copied();
            let found = operand.and_then(|node| Some((node, self.graph.node(node).shape.get(1)?.clone())));
            match found.map(|(node, size)| (node, size.as_constant(), size)) {
                Some((node, Some(found), _)) if found != expected => {
                    let message = format!("`{}` takes {expected} channels, found {found}", layer.name);
                    let source = self.graph.node(node);
                    let (made, shape) = (source.span, self.shape_text(&source.shape));
                    self.report(
                        Diagnostic::error(Code::OperatorShape, span, message)
                            .related(place, "declared here")
                            .related(made, format!("{shape} comes from here"))
                            .hint(format!("leave `{expected}` out to take the channels that come")),
                    );
                    return Value::Poison;
                }
                // A map of free sizes was flattened: only those are legal that give as many elements.
                Some((node, None, size)) => {
                    let reason = format!("`{}` takes {expected} elements of {}", layer.name, self.node_name(node));
                    let relation = Relation::Equal(size, Size::constant(expected));
                    self.graph.conditions.push(Condition { relation, span, reason });
                    self.graph.nodes[node.0 as usize].shape[1] = Size::constant(expected);
                }
                _ => {}
            }
        }
        if layer.repeats {
            self.layer_text(&layer.path, "Sequential".into(), layer.span);
        }
        let mut operands = operands;
        let mut value = Value::Poison;
        for (round, member) in layer.members.iter().enumerate() {
            if round > 0 {
                // What a repetition gives, the next takes, in the same order.
                let mut given = Operands::of(Spread::Records);
                self.spread(value, span, &mut given, frame);
                let Some(given) = given.all() else { return Value::Poison };
                operands = given;
            }
            let applied = Applied {
                subject: format!("`{}`", layer.name),
                path: &member.path,
                checkpoint: &member.checkpoint,
                arguments: member.arguments.clone(),
                numerics: &layer.numerics,
                declared: layer.span,
                written: layer.span,
            };
            let copied: usize = member.arguments.iter().map(|(_, value, _)| 1 + value.weight()).sum();
            if !self.spend(1 + copied, span) {
                return Value::Poison;
            }
            value = match &layer.what {
                What::Operator(signature) => self.apply_named(applied, signature, operands.clone(), span, frame.scope),
                What::Kind(kind) => self.apply_kind(applied, kind, operands.clone(), span, frame.scope),
                What::Network(network) => self.instantiate(applied, network, operands.clone(), span, frame.scope),
            };
        }
        value
    }

    /// Reports what is wrong with the arguments of a layer that cannot be applied, since its operand failed.
    pub(super) fn check_arguments(&mut self, layer: &LayerDecl, frame: &Frame) {
        let subject = format!("`{}`", layer.name);
        for member in &layer.members {
            let arguments = member.arguments.clone();
            match &layer.what {
                What::Operator(signature) => {
                    self.build(&subject, signature, arguments, &layer.numerics, layer.span);
                }
                What::Kind(kind) => {
                    let mut inner = self.kind_frame(kind, frame.scope, &layer.numerics);
                    self.bind_kind(kind, &mut inner, arguments, layer.span);
                }
                What::Network(network) => {
                    let mut inner = self.frame(network, frame.scope, Some(Vec::new()));
                    self.bind_parameters(network, &mut inner, arguments, layer.span);
                }
            }
        }
    }

    /// The parts of a kind, one after the other.
    fn apply_kind(
        &mut self,
        applied: Applied,
        kind: &Rc<Kind>,
        operands: Vec<NodeId>,
        span: Span,
        scope: ScopeId,
    ) -> Value {
        if !self.descend(span) {
            return Value::Poison;
        }
        let mut frame = self.kind_frame(kind, scope, applied.numerics);
        self.bind_kind(kind, &mut frame, applied.arguments, applied.declared);
        if kind.parts.len() > 1 {
            self.layer_text(applied.path, kind.name.node.clone(), applied.declared);
        }
        let mut operands = operands;
        let mut value = Value::Poison;
        for (position, part) in kind.parts.iter().enumerate() {
            let below = match &part.name {
                Some(name) => format!(".{}", name.node),
                None if kind.parts.len() == 1 => String::new(),
                None => format!(".{position}"),
            };
            let (path, checkpoint) = (format!("{}{below}", applied.path), format!("{}{below}", applied.checkpoint));
            let mut arguments = self.arguments(&part.arguments, &mut frame);
            if let Some(out) = &part.out {
                arguments.push(("out".into(), self.evaluate(out, &mut frame), out.span));
            }
            let subject = match &part.name {
                Some(name) => format!("{} (its `{}`)", applied.subject, name.node),
                None => applied.subject.clone(),
            };
            let part_applied = Applied {
                subject,
                path: &path,
                checkpoint: &checkpoint,
                arguments,
                numerics: applied.numerics,
                declared: applied.declared,
                written: part.span,
            };
            let name = &part.kind.node;
            value = if let Some(inner) = self.library.kind(frame.file, name).cloned() {
                self.apply_kind(part_applied, &inner, operands, span, scope)
            } else if let Some(signature) = ops::signature(name) {
                self.apply_named(part_applied, signature, operands, span, scope)
            } else {
                let operators = ops::signatures().flat_map(|signature| signature.names).copied();
                let message = format!("no operator or layer kind is called `{name}`");
                self.report(Diagnostic::error(Code::UnknownKind, part.kind.span, message).near(name, operators));
                Value::Poison
            };
            let Value::Map(node) = value else { break };
            operands = vec![node];
        }
        self.depth -= 1;
        value
    }

    fn kind_frame(&mut self, kind: &Kind, scope: ScopeId, numerics: &Rc<Numerics>) -> Frame {
        Frame {
            scope,
            file: kind.name.span.file,
            path: String::new(),
            checkpoint: String::new(),
            numerics: numerics.clone(),
            names: Default::default(),
            locals: Vec::new(),
            operands: None,
            applied: kind.name.span,
            at: Default::default(),
            outputs: Vec::new(),
            output_names: Default::default(),
            output_values: Vec::new(),
            expectations: Vec::new(),
        }
    }

    /// One level deeper, unless that is too deep.
    fn descend(&mut self, span: Span) -> bool {
        if self.depth >= bounds::DEPTH {
            let message = format!("blocks nest more than {} deep here", bounds::DEPTH);
            let hint = "a block or kind that applies itself never ends";
            self.report(Diagnostic::error(Code::Recursion, span, message).hint(hint));
            return false;
        }
        self.depth += 1;
        true
    }

    /// A block or architecture with its operands.
    fn instantiate(
        &mut self,
        applied: Applied,
        network: &Rc<Network>,
        operands: Vec<NodeId>,
        span: Span,
        parent: ScopeId,
    ) -> Value {
        if !self.descend(span) || !self.spend(bounds::STEPS_APIECE + applied.path.len() / bounds::BYTES_A_STEP, span) {
            return Value::Poison;
        }
        let parent_path = self.scope_path(parent);
        let name = applied.path.strip_prefix(&parent_path).unwrap_or(applied.path).to_owned();
        let checkpoint = format!("{}.", applied.checkpoint);
        self.graph.scopes.push(Scope {
            parent: Some(parent),
            name: name.clone(),
            checkpoint: checkpoint.clone(),
            network: network.name.node.clone(),
            ..Scope::default()
        });
        let scope = ScopeId(self.graph.scopes.len() as u32 - 1);
        self.layer_text(applied.path, network.name.node.clone(), applied.declared);
        let given = operands.len();
        let mut frame = self.frame(network, scope, Some(operands));
        frame.applied = span;
        frame.path = format!("{}.", applied.path);
        frame.checkpoint = checkpoint;
        let before = self.diagnostics.len();
        self.bind_parameters(network, &mut frame, applied.arguments, applied.declared);
        bounds::with_stack(|| self.rows(&network.rows, &mut frame));
        self.depth -= 1;
        self.applied_here(before, &applied.subject, span);
        let unused = frame.operands.as_ref().map_or(0, |operands| operands.len());
        if unused > 0 {
            let message = format!("{} takes {}, found {given}", applied.subject, maps(given - unused));
            let place = network.name.span;
            self.report(Diagnostic::error(Code::WrongArity, span, message).related(place, "defined here"));
            return Value::Poison;
        }
        let given = frame.output_values.iter().filter_map(|(_, value)| match value {
            Value::Map(node) => Some(*node),
            _ => None,
        });
        self.graph.scopes[scope.0 as usize].outputs = given.collect();
        let rows = frame.names.into_iter().filter(|(_, (value, _))| matches!(value, Value::Map(_) | Value::Record(_)));
        let rows = rows.map(|(name, (value, _))| (name, value)).collect();
        match frame.output_values.as_slice() {
            [] => {
                if self.diagnostics.len() == before {
                    let message = format!("`{}` has no output", network.name.node);
                    let hint = "name what the block gives: `output y`";
                    self.report(Diagnostic::error(Code::NoOutput, network.name.span, message).hint(hint));
                }
                Value::Poison
            }
            [(_, only)] => only.clone(),
            _ => Value::Record(Rc::new(Record { name, outputs: frame.output_values, rows })),
        }
    }

    /// Says of faults inside an instance which instance it is.
    fn applied_here(&mut self, before: usize, subject: &str, span: Span) {
        const CHAIN: usize = 4;
        for diagnostic in &mut self.diagnostics[before..] {
            let known = diagnostic.related.iter().any(|(place, _)| *place == span);
            if diagnostic.span != Some(span) && !known && diagnostic.related.len() < CHAIN {
                diagnostic.related.push((span, format!("in {subject}, applied here")));
            }
        }
    }

    fn scope_path(&self, scope: ScopeId) -> String {
        let mut names = Vec::new();
        let mut at = Some(scope);
        while let Some(id) = at {
            let scope = self.graph.scope(id);
            if scope.parent.is_some() {
                names.push(scope.name.as_str());
            }
            at = scope.parent;
        }
        names.iter().rev().map(|name| format!("{name}.")).collect()
    }

    /// An operator applied where it stands: `max_pool(x, kernel = 3)`.
    pub(super) fn apply_operator(
        &mut self,
        span: Span,
        signature: &'static Signature,
        arguments: &[Argument],
        piped: Option<(Value, Span)>,
        frame: &mut Frame,
    ) -> Value {
        let (positional, named): (Vec<_>, Vec<_>) =
            arguments.iter().cloned().partition(|argument| argument.name.is_none());
        let mut operands = Operands::of(Spread::Lists);
        if let Some((value, span)) = piped {
            self.spread(value, span, &mut operands, frame);
        }
        for argument in &positional {
            let value = self.evaluate(&argument.value, frame);
            self.spread(value, argument.value.span, &mut operands, frame);
        }
        let given = self.arguments(&named, frame);
        match operands.all() {
            Some(operands) => self.apply_built(span, signature, given, operands, frame),
            None => Value::Poison,
        }
    }

    pub(super) fn apply_built(
        &mut self,
        span: Span,
        signature: &'static Signature,
        arguments: Vec<Given>,
        operands: Vec<NodeId>,
        frame: &mut Frame,
    ) -> Value {
        let numerics = frame.numerics.clone();
        let subject = format!("`{}`", signature.names[0]);
        if signature.out == Out::Required {
            let message = format!("{subject} holds weights, so it needs a name before it can be applied");
            let hint = format!("declare it, `{} my_layer: -> 64`, and write `my_layer(…)`", signature.names[0]);
            self.report(Diagnostic::error(Code::Unnamed, span, message).hint(hint));
            return Value::Poison;
        }
        match self.build(&subject, signature, arguments, &numerics, span) {
            Some(op) => self.add_node(op, signature, operands, None, [span; 3], frame.scope),
            None => Value::Poison,
        }
    }

    fn apply_named(
        &mut self,
        applied: Applied,
        signature: &'static Signature,
        operands: Vec<NodeId>,
        span: Span,
        scope: ScopeId,
    ) -> Value {
        let numerics = applied.numerics.clone();
        let built = self.build(&applied.subject, signature, applied.arguments, &numerics, applied.declared);
        let Some(op) = built else { return Value::Poison };
        let names = Some((applied.path.to_owned(), applied.checkpoint.to_owned()));
        self.add_node(op, signature, operands, names, [span, applied.declared, applied.written], scope)
    }

    pub(super) fn layer_text(&mut self, path: &str, text: String, span: Span) {
        if !self.layer_paths.contains(path) {
            self.layer_paths.insert(path.to_owned());
            self.layer_texts.push((path.to_owned(), text, span));
        }
    }
}

/// `1 map`, `2 maps`.
pub(super) fn maps(n: usize) -> String {
    if n == 1 { "1 map".into() } else { format!("{n} maps") }
}

/// Layers by their paths, nested.
pub(super) fn nest(texts: Vec<(String, String, Span)>) -> Vec<LayerNode> {
    let mut root = LayerNode::default();
    // Where each layer stands among the children of the one that holds it.
    let mut places: HashMap<String, usize> = HashMap::new();
    for (path, text, span) in texts {
        let mut at = &mut root;
        let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
        for end in ends {
            let place = *places.entry(path[..end].to_owned()).or_insert_with(|| {
                let name = path[..end].rsplit('.').next().unwrap_or_default().to_owned();
                at.children.push(LayerNode { name, path: path[..end].to_owned(), ..LayerNode::default() });
                at.children.len() - 1
            });
            at = &mut at.children[place];
        }
        at.text = text;
        at.span = Some(span);
    }
    root.children
}
