//! What came of matching a checkpoint with a program.

use std::fmt;
use std::path::PathBuf;

/// Problems that an error lists before it only counts them.
const LISTED: usize = 10;

/// What came of matching a checkpoint with a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Weights that were set.
    pub applied: Vec<String>,
    /// Weights that the checkpoint lacks.
    pub missing: Vec<Named>,
    /// Tensors that no weight takes.
    pub unused: Vec<Named>,
    /// Tensors that the program says a checkpoint may hold unused.
    pub ignored: Vec<String>,
    /// Tensors of another shape than their weights.
    pub misshaped: Vec<Misshaped>,
    /// Tensors of a type that is not read.
    pub unreadable: Vec<Unreadable>,
    /// Weights that hold NaN or infinities.
    pub warnings: Vec<String>,
}

/// A tensor on one side only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The name on the other side that is most like it.
    pub near: Option<String>,
}

/// A tensor of another shape than its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshaped {
    /// Its name.
    pub name: String,
    /// Its shape in the checkpoint.
    pub found: Vec<usize>,
    /// Its shape in the program.
    pub expected: Vec<usize>,
}

/// A tensor of a type that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub name: String,
    /// Its type as safetensors names it.
    pub dtype: String,
}

/// A checkpoint does not suit a program.
#[derive(Clone, Debug)]
pub struct WeightsError {
    /// The file, if they came from one.
    pub path: Option<PathBuf>,
    /// The program's name.
    pub program: String,
    /// Whether unused tensors are part of it.
    pub unused_refused: bool,
    /// Everything that was found.
    pub report: LoadReport,
}

impl WeightsError {
    /// Each problem in a line.
    pub fn problems(&self) -> Vec<String> {
        let LoadReport { missing, unused, misshaped, unreadable, .. } = &self.report;
        let hint = |near: &Option<String>, side: &str| match near {
            Some(near) => format!("; {side} `{near}`"),
            None => String::new(),
        };
        let mut problems = Vec::new();
        problems.extend(misshaped.iter().map(|Misshaped { name, found, expected }| {
            format!("`{name}` has the shape {found:?}, expected {expected:?}")
        }));
        problems.extend(
            unreadable.iter().map(|Unreadable { name, dtype }| {
                format!("`{name}` is of type {dtype}, expected F32, F64, F16 or BF16")
            }),
        );
        problems.extend(missing.iter().map(|Named { name, shape, near }| {
            format!("`{name}` {shape:?} is missing{}", hint(near, "the checkpoint has"))
        }));
        if self.unused_refused {
            problems.extend(unused.iter().map(|Named { name, shape, near }| {
                format!("`{name}` {shape:?} is not used{}", hint(near, "the program has"))
            }));
        }
        problems
    }
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: the weights do not suit `{}`", path.display(), self.program)?,
            None => write!(f, "the weights do not suit `{}`", self.program)?,
        }
        let problems = self.problems();
        for problem in problems.iter().take(LISTED) {
            write!(f, "\n  {problem}")?;
        }
        if problems.len() > LISTED {
            write!(f, "\n  and {} more", problems.len() - LISTED)?;
        }
        Ok(())
    }
}

impl std::error::Error for WeightsError {}
