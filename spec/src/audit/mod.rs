//! The audit: what each row, layer and network holds and costs.
//!
//! What no size changes is always there; multiply-accumulates and bytes are of the sizes that the audit is made at.

mod dialects;
mod owners;

pub use dialects::{Dialect, dialects};

use crate::check::Checked;
use crate::cost::node_macs;
use crate::field::{ReceptiveField, receptive_fields};
use crate::graph::{Graph, GraphRow, NodeId, ScopeId};
use crate::lower::row_name;
use crate::size::{Env, Shape};
use crate::source::Span;
use owners::Owners;

/// What is known of a network.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Its inputs.
    pub inputs: Vec<AuditedMap>,
    /// Its rows in the order written, nested ones among them.
    pub rows: Vec<AuditedRow>,
    /// Its top-level layers and blocks.
    pub layers: Vec<AuditedLayer>,
    /// Everything together.
    pub total: Cost,
    /// Bytes of the maps of all root rows in 32-bit floats, each map once.
    pub bytes: Option<u64>,
}

/// Weights and work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Learnable parameters.
    pub parameters: u64,
    /// Elements of running statistics.
    pub buffers: u64,
    /// Multiply-accumulates of one run; none without sizes, or where they leave the range of `i64`.
    pub macs: Option<u64>,
}

/// A map by its name.
#[derive(Clone, Debug)]
pub struct AuditedMap {
    /// Its name; of a nested row `block.row`.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Its shape for every size.
    pub shape: Shape,
    /// Its shape at the sizes of the audit.
    pub at: Option<Vec<u64>>,
    /// Its bytes in 32-bit floats.
    pub bytes: Option<u64>,
    /// What a cell sees of the input along rows and columns; none where that is all of it.
    pub field: Option<[ReceptiveField; 2]>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct AuditedRow {
    /// Its map.
    pub map: AuditedMap,
    /// What makes it, as written.
    pub text: String,
    /// Whether the row declares its shape, which the check has then proved.
    pub declared: bool,
    /// Whether it is a row of a block.
    pub nested: bool,
    /// Of a root row, all that leads to it and to no root row before it; of a nested one, likewise among all rows. A weight
    /// belongs to the first row that uses it.
    pub cost: Cost,
    /// The whole row.
    pub span: Span,
}

/// A layer or block of the network itself.
#[derive(Clone, Debug)]
pub struct AuditedLayer {
    /// Its name.
    pub name: String,
    /// How PyTorch prints it, or a block's name.
    pub text: String,
    /// With what lies inside.
    pub cost: Cost,
}

/// Audits a network, at sizes where they are given: a value of every free size and of the batch.
pub fn audit(checked: &Checked, sizes: Option<&Env>) -> Audit {
    let graph = checked.graph();
    let fields = receptive_fields(graph);
    let map = |name: String, node: NodeId| {
        let shape = graph.node(node).shape.clone();
        let at = sizes.and_then(|env| shape_at(&shape, env));
        let bytes = at.as_deref().and_then(bytes_of);
        AuditedMap { name, node, shape, at, bytes, field: fields[node.0 as usize] }
    };
    let (root, all) = (Owners::new(graph, is_root), Owners::new(graph, |_| true));
    let rows: Vec<AuditedRow> = graph
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| AuditedRow {
            map: map(row_name(graph, row), row.node),
            text: row.text.clone(),
            declared: row.declared,
            nested: !is_root(row),
            cost: if is_root(row) { &root } else { &all }.cost(graph, index, sizes),
            span: row.span,
        })
        .collect();
    let layer = |layer: &crate::graph::LayerNode| AuditedLayer {
        name: layer.name.clone(),
        text: layer.text.clone(),
        cost: path_cost(graph, &layer.path, sizes),
    };
    Audit {
        inputs: graph.inputs.iter().map(|input| map(input.name.clone(), input.node)).collect(),
        bytes: distinct_bytes(&rows),
        rows,
        layers: graph.layers.iter().map(layer).collect(),
        total: path_cost(graph, "", sizes),
    }
}

fn is_root(row: &GraphRow) -> bool {
    row.scope == ScopeId(0)
}

fn path_cost(graph: &Graph, path: &str, sizes: Option<&Env>) -> Cost {
    let within = |layer: &str| layer == path || layer.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    let nodes = graph.nodes().filter(|(_, node)| path.is_empty() || within(&graph.owner(node)));
    Cost {
        parameters: graph.parameters(path),
        buffers: graph.buffers(path),
        macs: macs_at(graph, nodes.map(|(id, _)| id), sizes),
    }
}

/// Multiply-accumulates of some operators; summed as numbers, since a sum of sizes grows with every operator.
fn macs_at(graph: &Graph, nodes: impl IntoIterator<Item = NodeId>, sizes: Option<&Env>) -> Option<u64> {
    let env = sizes?;
    nodes.into_iter().try_fold(0_u64, |total, id| {
        let macs = node_macs(graph, graph.node(id)).eval(env)?;
        total.checked_add(u64::try_from(macs).ok()?)
    })
}

fn shape_at(shape: &Shape, env: &Env) -> Option<Vec<u64>> {
    shape.iter().map(|size| u64::try_from(size.eval(env)?).ok()).collect()
}

fn bytes_of(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(size_of::<f32>() as u64, |product, &size| product.checked_mul(size))
}

fn distinct_bytes(rows: &[AuditedRow]) -> Option<u64> {
    let mut seen = std::collections::BTreeSet::new();
    let own = rows.iter().filter(|row| !row.nested && seen.insert(row.map.node));
    own.map(|row| row.map.bytes).try_fold(0_u64, |total, bytes| total.checked_add(bytes?))
}

#[cfg(test)]
mod tests;
