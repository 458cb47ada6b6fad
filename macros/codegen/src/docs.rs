//! What a generated module says about itself.

use neckar_spec::check::{Checked, shape_at};
use neckar_spec::graph::{Graph, GraphRow, NodeId};
use neckar_spec::size::{Env, Size, shape_text};
use neckar_spec::source::{Sources, Span as Place};

/// The lines above a module: what the spec says of itself, its costs, and its rows.
pub fn module(checked: &Checked, macs: &Size, source_name: &str) -> Vec<String> {
    let graph = checked.graph();
    let mut lines: Vec<String> = graph.doc.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(format!("The architecture `{}`.", graph.name));
    }
    lines.push(String::new());
    let settings: Vec<String> = graph.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    lines.push(match settings.is_empty() {
        true => format!("From `{source_name}`."),
        false => format!("From `{source_name}` with `{}`.", settings.join(", ")),
    });
    lines.push(String::new());
    lines.extend(costs(checked, macs));
    lines.push(String::new());
    lines.extend(table(checked));
    lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") }).collect()
}

fn costs(checked: &Checked, macs: &Size) -> Vec<String> {
    let graph = checked.graph();
    let mut costs = vec![format!("{} learnable parameters", grouped(graph.parameters("")))];
    if let Some(macs) = checked.at().and_then(|env| macs.eval(&env)).and_then(|macs| u64::try_from(macs).ok()) {
        costs.push(match at_sizes(graph) {
            sizes if sizes.is_empty() => format!("{} multiply-accumulates for one image", grouped(macs)),
            sizes => format!("{} multiply-accumulates at {sizes}", grouped(macs)),
        });
    }
    let mut lines = vec![format!("{}.", costs.join(", "))];
    let legal = checked.legal().describe_with_examples();
    if !legal.is_empty() {
        lines.extend([String::new(), format!("Legal sizes: {}.", legal.join("; "))]);
    }
    lines
}

/// The maps of the network itself, outputs in bold.
fn table(checked: &Checked) -> Vec<String> {
    let (graph, env) = (checked.graph(), checked.at());
    let sizes = at_sizes(graph);
    let known = env.as_ref().filter(|_| !sizes.is_empty());
    let mut lines = match known {
        Some(_) => vec![format!("| map | made by | shape | at {sizes} |"), "|---|---|---|---|".to_owned()],
        None => vec!["| map | made by | shape |".to_owned(), "|---|---|---|".to_owned()],
    };
    let mut line = |name: String, made_by: String, declared: bool, node: NodeId| {
        let shape = &graph.node(node).shape;
        let inferred = if declared { "" } else { " inferred" };
        let mut line = format!("| {name} | {made_by} | `{}`{inferred} |", shape_text(shape, checked.legal()));
        if let Some(env) = known {
            line += &format!(" `{}` |", at(checked, shape, env));
        }
        lines.push(line);
    };
    for input in &graph.inputs {
        line(format!("`{}`", input.name), "input".to_owned(), true, input.node);
    }
    for row in root_rows(graph) {
        let is_output = graph.outputs.iter().any(|output| output.node == row.node);
        let name = if is_output { format!("**`{}`**", row.name) } else { format!("`{}`", row.name) };
        line(name, code(&row.text), row.declared, row.node);
    }
    for output in &graph.outputs {
        if root_rows(graph).any(|row| row.name == output.full_name()) {
            continue;
        }
        let row = root_rows(graph).find(|row| row.node == output.node);
        let made_by = row.map_or_else(|| "output".to_owned(), |row| code(&row.name));
        let declared = row.is_some_and(|row| row.declared);
        line(format!("**`{}`**", output.full_name()), made_by, declared, output.node);
    }
    lines
}

fn at(checked: &Checked, shape: &[Size], env: &Env) -> String {
    shape_at(shape, checked.legal(), Some(env))
}

/// The rows of the architecture itself, not of its blocks.
fn root_rows(graph: &Graph) -> impl Iterator<Item = &GraphRow> {
    graph.rows.iter().filter(|row| graph.scope(row.scope).parent.is_none())
}

/// `H = 64, W = 128`; empty where a free size has no value.
fn at_sizes(graph: &Graph) -> String {
    let sizes = graph.symbols.iter().map(|(symbol, at)| at.map(|at| format!("{symbol} = {at}")));
    sizes.collect::<Option<Vec<String>>>().unwrap_or_default().join(", ")
}

/// Code in a cell of a table, where `|` ends the cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// `653_312`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
}

/// `necks/lite.arch:12`, where it was declared.
pub fn place(sources: &Sources, place: Option<Place>) -> String {
    let Some(place) = place else { return String::new() };
    let source = sources.get(place.file);
    format!(", `{}:{}`", source.name, source.line_column(place.start).0)
}
