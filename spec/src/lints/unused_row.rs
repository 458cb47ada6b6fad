//! A row or an input that nothing reads and that is no output.

use std::collections::{BTreeMap, HashMap};

use super::{Context, Finding};
use crate::diagnostics::Code;
use crate::graph::NodeId;
use crate::source::Span;

pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let unread = |node: NodeId| !context.gives(node) && context.readers(node).is_empty();
    // A map may have several names: those of the innermost block come first, and the outermost is the one to take out.
    let mut last: HashMap<NodeId, usize> = HashMap::new();
    for (index, row) in context.graph.rows.iter().enumerate().filter(|(_, row)| unread(row.node)) {
        let known = last.entry(row.node).or_insert(index);
        if row.scope <= context.graph.rows[*known].scope {
            *known = index;
        }
    }
    // What a block gives is for those who use it, and a row is of use where one instance uses it.
    let mut texts: BTreeMap<(Span, &str), bool> = BTreeMap::new();
    for (index, row) in context.root_rows() {
        let offered = context.graph.scope(row.scope).outputs.contains(&row.node);
        let unused = last.get(&row.node) == Some(&index) && !offered;
        *texts.entry((row.span, &row.name)).or_insert(true) &= unused;
    }
    let mut rows: BTreeMap<Span, Vec<&str>> = BTreeMap::new();
    for ((span, name), _) in texts.into_iter().filter(|(_, unused)| *unused) {
        rows.entry(span).or_default().push(name);
    }
    let rows = rows.into_iter().map(|(span, names)| finding(span, "row", &names));
    let inputs = context.graph.inputs.iter().filter(|input| unread(input.node));
    rows.chain(inputs.map(|input| finding(input.span, "input", &[&input.name]))).collect()
}

fn finding(span: Span, what: &str, names: &[&str]) -> Finding {
    let message = match names {
        [name] => format!("{what} `{name}` reaches no output"),
        [a, b, c, others @ ..] if others.len() > 1 => {
            format!("{what}s `{a}`, `{b}`, `{c}` and {} others reach no output", others.len())
        }
        _ => format!("{what}s `{}` reach no output", names.join("`, `")),
    };
    Finding::new(Code::UnusedRow, span, message, names.iter().map(|&name| name.to_owned()))
        .map(|warning| warning.hint("read it in a row, give it as an output, or take it out"))
}
