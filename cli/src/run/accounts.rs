//! Which row of the network itself each part of a run belongs to.

use std::collections::BTreeMap;

use neckar_spec::Program;
use neckar_spec::graph::{Graph, GraphRow, NodeId};
use neckar_spec::program::{Slot, Step};

/// Rows inside blocks, and the rows of the network that they lead to.
#[derive(Debug)]
pub struct Accounts {
    owners: BTreeMap<String, String>,
}

impl Accounts {
    /// Walks the program in the order in which it runs: what leads to a row of the network is accounted to it.
    pub fn new(program: &Program) -> Accounts {
        let mut walk = Walk { program, open: Vec::new(), owners: BTreeMap::new() };
        walk.body(program.bodies.len() - 1, "", None);
        Accounts { owners: walk.owners }
    }

    /// The row of the network that a row by its full name leads to.
    pub fn owner(&self, row: &str) -> Option<&str> {
        self.owners.get(row).map(String::as_str)
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
/// fused into the row that reads it, or where the block that makes it is accounted to another row. `timed` gives for a
/// row's full name the row that its time stands at.
pub fn elsewhere<'a>(
    graph: &'a Graph,
    program: &'a Program,
    row: &GraphRow,
    timed: impl Fn(&'a str) -> Option<&'a str>,
) -> Option<String> {
    // The program's rows are the graph's, with their full names.
    let rows = || graph.rows.iter().zip(&program.rows);
    let at = |node: NodeId| rows().filter(|(row, _)| row.node == node).find_map(|(_, named)| timed(&named.name));
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
