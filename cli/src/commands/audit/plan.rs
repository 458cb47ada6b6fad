//! What the runtime executes at the sizes of the audit.

use std::sync::Arc;

use neckar::{Model, Numerics, Options, PlanDescription, PlannedPart, Role, Weights};
use neckar_spec::Program;
use neckar_spec::lower;
use serde::Serialize;

use crate::commands::check::grouped;
use crate::failure::Failure;
use crate::sheet::{Sheet, Style, shortened};

/// Characters of an instruction that are shown.
const TEXT: usize = 40;

#[derive(Debug, Serialize)]
pub struct Plan {
    pub numerics: &'static str,
    /// The inputs that are laid out, the steps, the outputs that are written, in order; not those that steps read and write
    /// in the caller's arrays.
    pub parts: Vec<Part>,
    /// What could have been part of another step and is not.
    pub unfused: Vec<Unfused>,
    pub arena_bytes: usize,
    /// Of a thread, where one runs the network.
    pub workspace_bytes: usize,
}

#[derive(Debug, Serialize)]
pub struct Part {
    pub kind: &'static str,
    /// The row, input or output that it is about.
    pub name: String,
    /// 0 for inputs, steps from 1 on, outputs one after the last.
    pub time: usize,
    pub instruction: String,
    pub algorithm: &'static str,
    /// Of the first operand and of the result: `NHWC` inside, `NCHW` in the caller's arrays.
    pub layouts: [String; 2],
    pub operands: Vec<Vec<usize>>,
    pub shape: Vec<usize>,
    /// In the arena; none in the caller's arrays.
    pub place: Option<Place>,
    pub macs: u64,
    pub moved_bytes: u64,
}

#[derive(Debug, Serialize)]
pub struct Unfused {
    pub pass: &'static str,
    /// The block or architecture that the row stands in.
    pub block: String,
    /// The row, by its name in the block, that the step makes or leads to.
    pub row: Option<String>,
    /// One word of a closed set.
    pub reason: &'static str,
    /// The reason as a sentence, with the maps that it is about.
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct Place {
    pub offset: usize,
    pub bytes: usize,
    /// The time at which the map is needed last.
    pub until: usize,
}

impl Plan {
    /// For inputs of the given shapes and one thread. Kernels are chosen with packed weights at hand, so some are drawn.
    pub fn new(
        program: Program,
        unfused: &[lower::Unfused],
        inputs: &[(&str, &[usize])],
        numerics: Numerics,
    ) -> Result<Plan, Failure> {
        let weights = Weights::init(&program, 0);
        let options = Options { threads: 1, numerics, ..Options::default() };
        let PlanDescription { parts, arena_bytes, workspace_bytes, .. } =
            Model::new(Arc::new(program), &weights, options)?.session(inputs, None)?.plan();
        let numerics = match numerics {
            Numerics::Fast => "fast",
            Numerics::Exact => "exact",
        };
        let parts = parts.iter().map(Part::from).collect();
        let unfused = unfused.iter().map(Unfused::from).collect();
        Ok(Plan { numerics, parts, unfused, arena_bytes, workspace_bytes })
    }

    /// A line a part, what all of them take, and a line for what is a part of its own though a pass is about it.
    pub fn write(&self, style: Style) -> String {
        let header = ["time", "row", "does", "by", "layout", "shape", "at byte", "bytes", "until"];
        let mut sheet = Sheet::new(&header, 6..9);
        for part in &self.parts {
            let name = match part.kind {
                "step" => part.name.clone(),
                kind => format!("{kind} {}", part.name),
            };
            let mut cells = vec![part.time.to_string(), name, shortened(&part.instruction, TEXT)];
            let [from, to] = &part.layouts;
            let layout = if from == to { to.clone() } else { format!("{from} → {to}") };
            cells.extend([part.algorithm.to_owned(), layout, format!("{:?}", part.shape)]);
            cells.extend(part.place.iter().flat_map(|place| {
                [grouped(place.offset as u64), grouped(place.bytes as u64), place.until.to_string()]
            }));
            cells.resize(header.len(), String::new());
            sheet.rows.push(cells);
        }
        let unfused = self.unfused(style);
        format!(
            "{}\nplan in `{}` numerics: {} bytes of arena, {} of a thread's workspace\n{}{unfused}",
            sheet.render(style),
            self.numerics,
            grouped(self.arena_bytes as u64),
            grouped(self.workspace_bytes as u64),
            if unfused.is_empty() { "" } else { "\n" }
        )
    }

    fn unfused(&self, style: Style) -> String {
        let mut sheet = Sheet::new(&["not fused", "in", "by the pass", "since"], 0..0);
        for Unfused { pass, block, row, text, .. } in &self.unfused {
            sheet.rows.push(vec![row.clone().unwrap_or_default(), block.clone(), (*pass).to_owned(), text.clone()]);
        }
        sheet.render(style)
    }
}

impl From<&lower::Unfused> for Unfused {
    fn from(lower::Unfused { pass, block, row, reason }: &lower::Unfused) -> Unfused {
        Unfused { pass, block: block.clone(), row: row.clone(), reason: reason.word(), text: reason.to_string() }
    }
}

impl From<&PlannedPart> for Part {
    fn from(part: &PlannedPart) -> Part {
        Part {
            kind: match part.role {
                Role::Input(_) => "input",
                Role::Step { .. } => "step",
                Role::Output(_) => "output",
            },
            name: part.name().to_owned(),
            time: part.time,
            instruction: part.instruction.clone(),
            algorithm: part.algorithm,
            layouts: part.layouts.map(|layout| layout.to_string()),
            operands: part.operands.clone(),
            shape: part.shape.clone(),
            place: part.place.map(|place| Place { offset: place.offset, bytes: place.bytes, until: place.until }),
            macs: part.macs,
            moved_bytes: part.bytes,
        }
    }
}
