//! What a run gave and took, as tables.

use std::time::Duration;

use neckar::{Outputs, PlanDescription};
use neckar_spec::Program;
use neckar_spec::check::{Checked, shape_at};

use super::inputs::Inputs;
use crate::accounts::{RowWork, accounts};
use crate::sheet::{Sheet, Style, shortened};

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
    pub profile: Profile<'a>,
}

/// The parts of a plan and their times.
#[derive(Clone, Copy)]
pub struct Profile<'a> {
    pub plan: &'a PlanDescription,
    pub times: &'a [Duration],
}

impl Rows<'_> {
    /// A line an input and a row: name, what makes it, its shape and its time, those inside blocks when asked for.
    pub fn table(&self, nested: bool) -> String {
        let sizes = self.inputs.sizes(self.program);
        let mut sheet = Sheet::new(&["row", "is made by", "shape", "time"], 3..4);
        for (name, array) in &self.inputs.arrays {
            sheet.rows.push(vec![name.clone(), "input".into(), format!("{:?}", array.shape()), String::new()]);
        }
        let accounts = accounts(self.checked, self.program, self.profile.plan);
        for account in accounts.iter().filter(|account| nested || !account.nested) {
            let time = match &account.work {
                RowWork::Here(parts) => milliseconds(parts.iter().map(|&part| self.profile.times[part]).sum()),
                RowWork::Elsewhere(row) => row.clone(),
                RowWork::Nowhere => "not run".to_owned(),
            };
            let shape = &self.checked.graph().node(account.row.node).shape;
            sheet.rows.push(vec![
                account.name.to_owned(),
                shortened(&account.row.text, TEXT),
                shape_at(shape, self.checked.legal(), Some(&sizes)),
                time,
            ]);
        }
        sheet.render(Style::Terminal)
    }
}

/// A line an output: name, shape, and the range and mean of its values.
pub fn outputs(outputs: &Outputs) -> String {
    let mut sheet = Sheet::new(&["output", "shape", "least", "mean", "greatest"], 2..5);
    for (name, array) in outputs.iter() {
        // A NaN stays visible, which `f32::min` would leave out.
        let pick = |pick: fn(f32, f32) -> bool| {
            array.iter().copied().reduce(|best, x| if x.is_nan() || pick(x, best) { x } else { best })
        };
        let mean = array.iter().map(|&x| f64::from(x)).sum::<f64>() / array.len() as f64;
        let figure = |x: f64| format!("{x:.4}");
        sheet.rows.push(vec![
            name.to_owned(),
            format!("{:?}", array.shape()),
            figure(pick(|x, best| x < best).map_or(f64::NAN, f64::from)),
            figure(mean),
            figure(pick(|x, best| x > best).map_or(f64::NAN, f64::from)),
        ]);
    }
    format!("\n{}", sheet.render(Style::Terminal))
}

impl Profile<'_> {
    /// The parts of a run in the order in which they ran.
    pub fn steps(&self) -> String {
        let mut sheet = Sheet::new(&["part", "does", "time"], 2..3);
        for (part, &time) in self.plan.parts.iter().zip(self.times) {
            let does = format!("{} {:?} -> {:?}", part.instruction, part.operands[0], part.shape);
            sheet.rows.push(vec![part.name().to_owned(), does, milliseconds(time)]);
        }
        format!("\n{}", sheet.render(Style::Terminal))
    }

    /// `a run takes 91.205 ms, of which inputs and outputs 0.421 ms; 25.1 MiB of buffers`.
    pub fn figures(&self, peak_bytes: usize) -> String {
        let edges = self.plan.parts.iter().zip(self.times).filter(|(part, _)| part.row().is_none());
        let edges = edges.map(|(_, time)| time).sum();
        let mebibytes = peak_bytes as f64 / f64::from(1 << 20);
        format!(
            "a run takes {}, of which inputs and outputs {}; {mebibytes:.1} MiB of buffers",
            milliseconds(self.times.iter().sum()),
            milliseconds(edges)
        )
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}
