//! What came of matching a checkpoint with a program.

/// More problems than this are only counted in a listing.
const LISTED: usize = 10;

/// What came of matching a checkpoint with a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
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
    /// Tensors whose values are converted to F32.
    pub converted: Vec<Converted>,
    /// What likely lies behind the findings, each in a line.
    pub causes: Vec<String>,
    /// Weights that hold NaN or infinities; known once the values were read.
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

/// A tensor whose values are converted to F32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// Its name.
    pub name: String,
    /// Its type as safetensors names it.
    pub dtype: String,
}

impl Report {
    /// Whether every weight is there, in its shape and a type that is read, and nothing is left over.
    pub fn suits(&self, allow_unused: bool) -> bool {
        self.missing.is_empty()
            && self.misshaped.is_empty()
            && self.unreadable.is_empty()
            && (allow_unused || self.unused.is_empty())
    }

    /// Each problem in a line.
    pub fn problems(&self, allow_unused: bool) -> Vec<String> {
        let Report { missing, unused, misshaped, unreadable, .. } = self;
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
        if !allow_unused {
            problems.extend(unused.iter().map(|Named { name, shape, near }| {
                format!("`{name}` {shape:?} is not used{}", hint(near, "the network has"))
            }));
        }
        problems
    }

    /// The first problems, each in an indented line, then what lies behind them; every line begins with a line break.
    pub fn listing(&self, allow_unused: bool) -> String {
        let problems = self.problems(allow_unused);
        let mut text: String = problems.iter().take(LISTED).map(|problem| format!("\n  {problem}")).collect();
        if problems.len() > LISTED {
            text += &format!("\n  and {} more", problems.len() - LISTED);
        }
        self.causes.iter().for_each(|cause| text += &format!("\n{cause}"));
        text
    }
}
