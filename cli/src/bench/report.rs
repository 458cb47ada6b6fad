//! What a bench found; its JSON is an interface of its own, so nothing of the runtime's types is in it.

use std::collections::BTreeMap;
use std::time::Duration;

use neckar::{PlanDescription, PlannedPart, Role};
use serde::Serialize;

use super::timing::Spread;
use crate::accounts::{Account, RowWork};

/// Of the JSON; raised with every change that is not an addition.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Report {
    pub schema_version: u32,
    pub spec: String,
    pub network: String,
    pub settings: BTreeMap<String, String>,
    /// The inputs' shapes.
    pub inputs: BTreeMap<String, Vec<usize>>,
    pub threads: usize,
    pub numerics: &'static str,
    pub instruction_set: String,
    /// Of all threads together in fused multiply-adds, measured.
    pub peak_gflops: f64,
    /// Timed runs of the whole network.
    pub runs: usize,
    /// Of these runs, in which nothing else was timed.
    #[serde(flatten)]
    pub whole: Work,
    /// Further runs, of which the figures of rows and steps are.
    pub profiled_runs: usize,
    pub start: Start,
    /// Of a session's buffers; the weights are not in it.
    pub session_bytes: usize,
    pub arena_bytes: usize,
    /// Of the weights as the kernels read them.
    pub packed_bytes: usize,
    /// Inputs, rows in the order of the spec, outputs.
    pub rows: Vec<Row>,
    /// What is executed, in order.
    pub steps: Vec<Step>,
}

/// What comes before the first result, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Start {
    /// Reading or drawing the weights.
    pub weights_ms: f64,
    /// Packing them.
    pub pack_ms: f64,
    /// Planning for the shapes, and making the buffers.
    pub plan_ms: f64,
    pub first_run_ms: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An input is laid out.
    Input,
    Row,
    /// A part of a row's work.
    Step,
    /// An output is written.
    Output,
}

#[derive(Debug, Serialize)]
pub struct Row {
    pub kind: Kind,
    pub name: String,
    /// Whether it lies inside a block; what it takes is then also in a row of the network.
    pub nested: bool,
    pub shape: Vec<usize>,
    /// The algorithms of its steps.
    pub algorithms: Vec<&'static str>,
    /// Where its work is done where that is in another row, such as `in P4_td`.
    pub elsewhere: Option<String>,
    /// None where its work is done elsewhere.
    pub figures: Option<Figures>,
}

#[derive(Debug, Serialize)]
pub struct Step {
    pub kind: Kind,
    /// The row, input or output that it is about.
    pub name: String,
    pub instruction: String,
    pub algorithm: &'static str,
    pub operands: Vec<Vec<usize>>,
    pub shape: Vec<usize>,
    pub figures: Figures,
}

/// What a part of the work took.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Of the median of all parts together.
    pub share: f64,
    #[serde(flatten)]
    pub work: Work,
}

/// What work took.
#[derive(Debug, Serialize)]
pub struct Work {
    #[serde(flatten)]
    pub time: Spread,
    pub macs: u64,
    /// 2·MACs, as a direct convolution has them, over the median; none where there are none.
    pub gflops: Option<f64>,
    /// Of the peak.
    pub peak_share: Option<f64>,
    /// Operands and weights read once, results written once.
    pub bytes: u64,
    pub gbytes_per_second: f64,
}

/// A plan and what was measured of it.
#[derive(Debug)]
pub struct Measured<'a> {
    pub plan: &'a PlanDescription,
    /// A time for each part of the plan, for each profiled run.
    pub profiles: &'a [Vec<Duration>],
    pub peak_gflops: f64,
}

impl Measured<'_> {
    /// Of the whole network, which took these times.
    pub fn whole(&self, times: &[Duration]) -> Work {
        let all: Vec<usize> = (0..self.plan.parts.len()).collect();
        self.work(Spread::of(times.iter().copied()), &all)
    }

    /// Inputs, rows in the order of the spec, outputs.
    pub fn rows(&self, accounts: &[Account], shape: impl Fn(&Account) -> Vec<usize>) -> Vec<Row> {
        let row = |account: &Account| {
            let (parts, elsewhere) = match &account.work {
                RowWork::Here(parts) => (parts.as_slice(), None),
                RowWork::Elsewhere(row) => (&[][..], Some(row.clone())),
                RowWork::Nowhere => (&[][..], Some("not run".to_owned())),
            };
            Row {
                kind: Kind::Row,
                name: account.name.to_owned(),
                nested: account.nested,
                shape: shape(account),
                algorithms: self.algorithms(parts),
                figures: elsewhere.is_none().then(|| self.figures(parts)),
                elsewhere,
            }
        };
        self.edges(Kind::Input).chain(accounts.iter().map(row)).chain(self.edges(Kind::Output)).collect()
    }

    /// The inputs or the outputs.
    fn edges(&self, kind: Kind) -> impl Iterator<Item = Row> {
        let parts = self.plan.parts.iter().enumerate();
        parts.filter(move |(_, part)| Kind::of(&part.role) == kind).map(move |(i, part)| Row {
            kind,
            name: part.name().to_owned(),
            nested: false,
            shape: part.shape.clone(),
            algorithms: vec![part.algorithm],
            elsewhere: None,
            figures: Some(self.figures(&[i])),
        })
    }

    /// What is executed, in order.
    pub fn steps(&self) -> Vec<Step> {
        let parts = self.plan.parts.iter().enumerate();
        let step = |(i, part): (usize, &PlannedPart)| Step {
            kind: Kind::of(&part.role),
            name: part.name().to_owned(),
            instruction: part.instruction.clone(),
            algorithm: part.algorithm,
            operands: part.operands.clone(),
            shape: part.shape.clone(),
            figures: self.figures(&[i]),
        };
        parts.map(step).collect()
    }

    /// Each algorithm of some parts once.
    fn algorithms(&self, parts: &[usize]) -> Vec<&'static str> {
        let mut algorithms: Vec<&'static str> = Vec::new();
        for &part in parts {
            let algorithm = self.plan.parts[part].algorithm;
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        algorithms
    }

    /// Of some parts together: in each run they took the sum of their times.
    fn figures(&self, parts: &[usize]) -> Figures {
        let time = Spread::of(self.profiles.iter().map(|times| parts.iter().map(|&part| times[part]).sum()));
        let all = Spread::of(self.profiles.iter().map(|times| times.iter().sum()));
        Figures { share: time.median_ms / all.median_ms, work: self.work(time, parts) }
    }

    fn work(&self, time: Spread, parts: &[usize]) -> Work {
        let parts = || parts.iter().map(|&part| &self.plan.parts[part]);
        let (macs, bytes) = (parts().map(|part| part.macs).sum(), parts().map(|part| part.bytes).sum());
        // A clock may not tick between two small steps.
        let nanos = (time.median_ms * 1e6).max(1.0);
        let gflops = (macs > 0).then(|| 2.0 * macs as f64 / nanos);
        let peak_share = gflops.map(|gflops| gflops / self.peak_gflops);
        Work { time, macs, gflops, peak_share, bytes, gbytes_per_second: bytes as f64 / nanos }
    }
}

impl Kind {
    fn of(role: &Role) -> Kind {
        match role {
            Role::Input(_) => Kind::Input,
            Role::Step { .. } => Kind::Step,
            Role::Output(_) => Kind::Output,
        }
    }
}

impl Report {
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("its keys are strings and a text can always be written to") + "\n"
    }
}
