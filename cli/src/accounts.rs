//! Where the work of each row is done: which parts of a plan belong to it.

use std::collections::BTreeMap;

use neckar::PlanDescription;
use neckar_spec::Program;
use neckar_spec::check::Checked;
use neckar_spec::graph::{Graph, GraphRow, NodeId, ScopeId};
use neckar_spec::program::{Slot, Step};

/// A row and where its work is done.
#[derive(Debug)]
pub struct Account<'a> {
    /// The row.
    pub row: &'a GraphRow,
    /// Its full name.
    pub name: &'a str,
    /// Whether it lies inside a block.
    pub nested: bool,
    /// Where its work is done.
    pub work: RowWork,
}

/// Where the work of a row is done.
#[derive(Debug)]
pub enum RowWork {
    /// In these parts of the plan: of a row of the network all that lead to it, of a nested one its own.
    Here(Vec<usize>),
    /// In another row: `is P5`, `in P4_td`.
    Elsewhere(String),
    /// Nowhere: nothing that is computed needs it.
    Nowhere,
}

/// An account of each row, in the order written. The rows of the network share all steps of the plan among them; those
/// inside blocks say how the steps of a block are shared.
pub fn accounts<'a>(checked: &'a Checked, program: &'a Program, plan: &'a PlanDescription) -> Vec<Account<'a>> {
    let graph = checked.graph();
    let owners = Owners::new(program);
    let (mut own, mut whole) = (BTreeMap::<&str, Vec<usize>>::new(), BTreeMap::<&str, Vec<usize>>::new());
    for (i, row) in plan.parts.iter().enumerate().filter_map(|(i, part)| Some((i, part.row()?))) {
        own.entry(row).or_default().push(i);
        if let Some(owner) = owners.of(row) {
            whole.entry(owner).or_default().push(i);
        }
    }
    let account = |row: &'a GraphRow, name: &'a str| {
        let nested = row.scope != ScopeId(0);
        let parts = if nested { &own } else { &whole };
        let work = match parts.get(name) {
            Some(parts) => RowWork::Here(parts.clone()),
            None => {
                let done = |name| if nested { Some(name) } else { owners.of(name) };
                let done = |name| done(name).filter(|name| parts.contains_key(name));
                elsewhere(graph, program, row, done).map_or(RowWork::Nowhere, RowWork::Elsewhere)
            }
        };
        Account { row, name, nested, work }
    };
    // The program's rows are the graph's, with their full names.
    graph.rows.iter().zip(&program.rows).map(|(row, named)| account(row, &named.name)).collect()
}

/// Rows inside blocks, and the rows of the network that they lead to.
#[derive(Debug)]
struct Owners(BTreeMap<String, String>);

impl Owners {
    /// Walks the program in the order in which it runs: what leads to a row of the network is accounted to it.
    fn new(program: &Program) -> Owners {
        let mut walk = Walk { program, open: Vec::new(), owners: BTreeMap::new() };
        walk.body(program.bodies.len() - 1, "", None);
        Owners(walk.owners)
    }

    /// The row of the network that a row by its full name leads to.
    fn of(&self, row: &str) -> Option<&str> {
        self.0.get(row).map(String::as_str)
    }
}

struct Walk<'p> {
    program: &'p Program,
    /// Rows that have led to none of the network's yet.
    open: Vec<String>,
    owners: BTreeMap<String, String>,
}

impl Walk<'_> {
    /// `ends` are the slots of an instance that are rows of the network; none for the network itself.
    fn body(&mut self, body: usize, prefix: &str, ends: Option<&BTreeMap<Slot, String>>) {
        let own = |out: Slot, row: &Option<String>| match ends {
            None => row.clone(),
            Some(ends) => ends.get(&out).cloned(),
        };
        for step in &self.program.bodies[body].steps {
            match step {
                Step::Run { out, row, .. } => {
                    self.open.extend(row.iter().map(|row| format!("{prefix}{row}")));
                    self.close(own(*out, row));
                }
                Step::Call { body, name, outs, rows, .. } => {
                    let body = *body as usize;
                    let inner = &self.program.bodies[body].outputs;
                    let results = inner.iter().zip(outs.iter().zip(rows));
                    let inner_ends: BTreeMap<Slot, String> =
                        results.filter_map(|(&slot, (&out, row))| Some((slot, own(out, row)?))).collect();
                    self.body(body, &format!("{prefix}{name}."), Some(&inner_ends));
                    self.open.extend(rows.iter().flatten().map(|row| format!("{prefix}{row}")));
                    self.close(outs.iter().zip(rows).filter_map(|(&out, row)| own(out, row)).next_back());
                }
            }
        }
    }

    fn close(&mut self, owner: Option<String>) {
        if let Some(owner) = owner {
            // A block that is applied twice names its rows once; the first use keeps them.
            for row in self.open.drain(..) {
                self.owners.entry(row).or_insert_with(|| owner.clone());
            }
        }
    }
}

/// Where the work of a row is done that takes no step of its own: `is P5` for a second name, `in P4_td` where it was
/// fused into the row that reads it, or where the block that makes it is accounted to another row. `done` gives for a
/// row's full name the row that its work stands at.
fn elsewhere<'a>(
    graph: &'a Graph,
    program: &'a Program,
    row: &GraphRow,
    done: impl Fn(&'a str) -> Option<&'a str>,
) -> Option<String> {
    // The program's rows are the graph's, with their full names.
    let rows = || graph.rows.iter().zip(&program.rows);
    let at = |node: NodeId| rows().filter(|(row, _)| row.node == node).find_map(|(_, named)| done(&named.name));
    let makes = |name: &str| rows().any(|(other, named)| named.name == name && other.node == row.node);
    if let Some(name) = at(row.node) {
        return Some(format!("{} {name}", if makes(name) { "is" } else { "in" }));
    }
    if let Some(input) = graph.inputs.iter().find(|input| input.node == row.node) {
        return Some(format!("is {}", input.name));
    }
    let mut node = row.node;
    while let Some((reader, _)) = graph.nodes().skip(node.0 as usize + 1).find(|(_, next)| next.inputs.contains(&node))
    {
        if let Some(name) = at(reader) {
            return Some(format!("in {name}"));
        }
        node = reader;
    }
    None
}
