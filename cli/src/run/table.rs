//! What a run gave and took, as tables.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use ndarray::ArrayD;
use neckar::{Outputs, StepTime};
use neckar_spec::Program;
use neckar_spec::check::{Checked, shape_at};
use neckar_spec::graph::ScopeId;
use neckar_spec::size::Env;

use super::accounts::{Accounts, elsewhere};
use super::inputs::Inputs;

/// Characters of a row's text that are shown.
const TEXT: usize = 56;

/// The rows of a run.
pub struct Rows<'a> {
    /// The spec.
    pub checked: &'a Checked,
    /// What was run.
    pub program: &'a Program,
    /// What it was run on.
    pub inputs: &'a Inputs,
    /// What took how long.
    pub times: &'a [StepTime],
}

impl Rows<'_> {
    /// A line an input and a row: name, what makes it, its shape and its time, those inside blocks when asked for.
    pub fn table(&self, nested: bool) -> String {
        let graph = self.checked.graph();
        let sizes = self.sizes();
        let accounts = Accounts::new(self.program);
        let (own, whole) = self.sums(&accounts);
        let mut table = new(["row", "is made by", "shape", "time"]);
        for (name, array) in &self.inputs.arrays {
            table.add_row([name.clone(), "input".into(), format!("{:?}", array.shape()), String::new()]);
        }
        // The program's rows are the graph's, with their full names.
        for (row, named) in graph.rows.iter().zip(&self.program.rows) {
            let root = row.scope == ScopeId(0);
            if !root && !nested {
                continue;
            }
            let times = if root { &whole } else { &own };
            let time = match times.get(named.name.as_str()) {
                Some(&time) => milliseconds(time),
                None => {
                    let timed = |name| if root { accounts.owner(name) } else { Some(name) };
                    let timed = |name| timed(name).filter(|name| times.contains_key(name));
                    elsewhere(graph, self.program, row, timed).unwrap_or_else(|| "not run".to_owned())
                }
            };
            table.add_row([
                named.name.clone(),
                shortened(&row.text),
                shape_at(&graph.node(row.node).shape, self.checked.legal(), Some(&sizes)),
                time,
            ]);
        }
        finished(table, 1)
    }

    /// The time of each row's own steps, and of all that leads to each row of the network.
    fn sums<'a>(&'a self, accounts: &'a Accounts) -> (BTreeMap<&'a str, Duration>, BTreeMap<&'a str, Duration>) {
        let (mut own, mut whole) = (BTreeMap::new(), BTreeMap::new());
        for step in self.times {
            let Some(row) = step.row.as_deref() else { continue };
            let time = Duration::from_nanos(step.nanos);
            *own.entry(row).or_default() += time;
            if let Some(owner) = accounts.owner(row) {
                *whole.entry(owner).or_default() += time;
            }
        }
        (own, whole)
    }

    /// The sizes that axes of the inputs show as they are.
    fn sizes(&self) -> Env {
        let mut sizes = Env::new();
        for input in &self.program.inputs {
            let shape = self.inputs.get(&input.name).map(ArrayD::shape).unwrap_or_default();
            for (size, &n) in input.shape.iter().zip(shape) {
                if let (Some(symbol), Ok(n)) = (size.as_symbol(), i64::try_from(n)) {
                    sizes.set(symbol, n);
                }
            }
        }
        sizes
    }
}

/// A line an output: name, shape, and the range and mean of its values.
pub fn outputs(outputs: &Outputs) -> String {
    let mut table = new(["output", "shape", "least", "mean", "greatest"]);
    for (name, array) in outputs.iter() {
        // A NaN stays visible, which `f32::min` would leave out.
        let pick = |pick: fn(f32, f32) -> bool| {
            array.iter().copied().reduce(|best, x| if x.is_nan() || pick(x, best) { x } else { best })
        };
        let mean = array.iter().map(|&x| f64::from(x)).sum::<f64>() / array.len() as f64;
        let figure = |x: f64| format!("{x:.4}");
        table.add_row([
            name.to_owned(),
            format!("{:?}", array.shape()),
            figure(pick(|x, best| x < best).map_or(f64::NAN, f64::from)),
            figure(mean),
            figure(pick(|x, best| x > best).map_or(f64::NAN, f64::from)),
        ]);
    }
    format!("\n{}", finished(table, 3))
}

/// The parts of a run in the order in which they ran.
pub fn steps(times: &[StepTime]) -> String {
    let mut table = new(["step of row", "does", "time"]);
    for step in times {
        let time = milliseconds(Duration::from_nanos(step.nanos));
        table.add_row([step.row.clone().unwrap_or_default(), step.what.clone(), time]);
    }
    format!("\n{}", finished(table, 1))
}

/// `a run takes 91.205 ms, of which inputs and outputs 0.421 ms; 25.1 MiB of buffers`.
pub fn figures(times: &[StepTime], peak_bytes: usize) -> String {
    let sum = |steps: &mut dyn Iterator<Item = &StepTime>| Duration::from_nanos(steps.map(|step| step.nanos).sum());
    let edges = sum(&mut times.iter().filter(|step| step.row.is_none()));
    let mebibytes = peak_bytes as f64 / f64::from(1 << 20);
    format!(
        "a run takes {}, of which inputs and outputs {}; {mebibytes:.1} MiB of buffers",
        milliseconds(sum(&mut times.iter())),
        milliseconds(edges)
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

/// A row's text on one line, its end left out where it is long.
fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn new<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(comfy_table::LineStyle::none()));
    table.set_header(header);
    table
}

/// The table as text, its last columns aligned to the right.
fn finished(mut table: Table, right: usize) -> String {
    let columns = table.column_count();
    for column in table.column_iter_mut().skip(columns - right) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt() + "\n"
}
