//! A bias that a norm subtracts again (Ioffe, Szegedy, "Batch Normalization", 2015, section 3.2).

use std::collections::BTreeMap;

use super::{Context, Finding};
use crate::diagnostics::Code;
use crate::graph::{LayerNode, Node, NodeId};
use crate::ops::Op;
use crate::source::Span;

pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let mut applied: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    for (id, node) in context.graph.nodes() {
        if let Some(layer) = node.layer.as_deref().filter(|_| holds_bias(context, node)) {
            applied.entry(layer).or_default().push(id);
        }
    }
    let cancelled = applied.into_iter().filter(|(_, nodes)| nodes.iter().all(|&node| only_normed(context, node)));
    cancelled.filter_map(|(layer, nodes)| finding(context, layer, nodes[0])).collect()
}

fn holds_bias(context: &Context, node: &Node) -> bool {
    let is_bias = |weight: &u32| context.graph.weights[*weight as usize].name.ends_with(".bias");
    matches!(node.op, Some(Op::Conv(_) | Op::Linear(_) | Op::Up(_))) && node.weights.iter().any(is_bias)
}

fn only_normed(context: &Context, node: NodeId) -> bool {
    let readers = context.readers(node);
    !readers.is_empty() && !context.gives(node) && readers.iter().all(|&reader| is_norm(context.graph.node(reader)))
}

fn is_norm(node: &Node) -> bool {
    matches!(node.op, Some(Op::BatchNorm(_)))
}

/// Found where the bias can be taken out: at the arguments, or where those are another file's, at the declaration of the
/// layer, unless the norm comes from there too.
fn finding(context: &Context, layer: &str, id: NodeId) -> Option<Finding> {
    let root = context.library.root_file();
    let (node, norm) = (context.graph.node(id), context.graph.node(context.readers(id)[0]));
    let declared = declaration(&context.graph.layers, layer)?;
    let (span, hint) = if node.arguments.file == root {
        (node.arguments, "write `bias = false`; the norm adds a bias of its own")
    } else if norm.arguments.file == root {
        (declared, "choose a kind without a bias, as `lateral`, `smooth` and `down` are")
    } else {
        return None;
    };
    let name = context.library.sources.snippet(declared);
    let name = name.split('[').next().unwrap_or(name).trim_end().to_owned();
    let message = format!("the bias of `{name}` is without effect: the norm behind it subtracts it");
    let finding = Finding::new(Code::BiasBeforeNorm, span, message, [name]);
    Some(finding.map(|warning| warning.related(norm.span, "normalised here").hint(hint)))
}

/// Where the layer of a path was declared.
fn declaration(layers: &[LayerNode], path: &str) -> Option<Span> {
    let under = |layer: &&LayerNode| path.strip_prefix(&layer.path).is_some_and(|rest| rest.starts_with('.'));
    match layers.iter().find(|layer| layer.path == path) {
        Some(layer) => layer.span,
        None => declaration(&layers.iter().find(under)?.children, path),
    }
}
