//! Why a pass left a step as it was.

use std::fmt::{self, Display};

use crate::program::{Body, Step};

/// A step that a pass is about and left as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unfused {
    /// The pass.
    pub pass: &'static str,
    /// The block, or the architecture, in which the step stands.
    pub block: String,
    /// The row, by its name in the block, that the step makes or leads to.
    pub row: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// Why a pass left a step as it was; maps go by name, in the compiler by the steps that make them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason<M = String> {
    /// The step works on an input, which no step makes.
    Outside,
    /// The map that it works on is made by an instance of a block.
    Block {
        /// The map.
        map: M,
    },
    /// The map is an output of the network or of its block.
    Output {
        /// The map.
        map: M,
    },
    /// The map is a row, and rows are to be kept.
    Kept {
        /// The map.
        map: M,
    },
    /// The map is read more than once, so it has to be stored.
    Shared {
        /// The map.
        map: M,
        /// The maps that are made of it, the first few.
        by: Vec<M>,
        /// How many more times it is read.
        more: usize,
    },
    /// Another operand is not there yet when the map is made.
    MadeLater {
        /// The map.
        map: M,
        /// The other operand.
        other: M,
    },
    /// A resampled map is read by what does not add it.
    NotAdded {
        /// The map.
        map: M,
        /// What is made of it.
        by: M,
    },
    /// A sum of resampled maps alone takes its size from this one.
    GivesSize {
        /// The map.
        map: M,
    },
    /// Of two convolutions that are added neither can be a branch of the other.
    Unlike {
        /// The map of one.
        map: M,
        /// The sum.
        other: M,
    },
}

impl<M> Reason<M> {
    /// The reason as one word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Outside => "outside",
            Reason::Block { .. } => "block",
            Reason::Output { .. } => "output",
            Reason::Kept { .. } => "kept",
            Reason::Shared { .. } => "shared",
            Reason::MadeLater { .. } => "made_later",
            Reason::NotAdded { .. } => "not_added",
            Reason::GivesSize { .. } => "gives_size",
            Reason::Unlike { .. } => "unlike",
        }
    }

    fn named<N>(self, name: impl Fn(M) -> N) -> Reason<N> {
        match self {
            Reason::Outside => Reason::Outside,
            Reason::Block { map } => Reason::Block { map: name(map) },
            Reason::Output { map } => Reason::Output { map: name(map) },
            Reason::Kept { map } => Reason::Kept { map: name(map) },
            Reason::Shared { map, by, more } => {
                Reason::Shared { map: name(map), by: by.into_iter().map(name).collect(), more }
            }
            Reason::MadeLater { map, other } => Reason::MadeLater { map: name(map), other: name(other) },
            Reason::NotAdded { map, by } => Reason::NotAdded { map: name(map), by: name(by) },
            Reason::GivesSize { map } => Reason::GivesSize { map: name(map) },
            Reason::Unlike { map, other } => Reason::Unlike { map: name(map), other: name(other) },
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Outside => f.write_str("it works on an input, which no step makes"),
            Reason::Block { map } => write!(f, "{map} is made by an instance of a block"),
            Reason::Output { map } => write!(f, "{map} is an output"),
            Reason::Kept { map } => write!(f, "{map} is a row that is kept"),
            Reason::Shared { map, by, more: 0 } if by.len() == 1 => write!(f, "{map} is read twice by {}", by[0]),
            Reason::Shared { map, by, more: 0 } => write!(f, "{map} is read by {}", by.join(" and ")),
            Reason::Shared { map, by, more } => write!(f, "{map} is read by {} and {more} more", by.join(", ")),
            Reason::MadeLater { map, other } => write!(f, "{other} is made later than {map}"),
            Reason::NotAdded { map, by } => write!(f, "{map} goes into {by}, which is no plain sum"),
            Reason::GivesSize { map } => write!(f, "the sum takes its size from {map}"),
            Reason::Unlike { map, other } => {
                write!(f, "{map} and what it is added to in {other} do not make one convolution")
            }
        }
    }
}

/// A step that a pass left as it was, by its place in the body before the pass.
pub(super) struct Miss {
    pub step: usize,
    pub reason: Reason<usize>,
}

/// What the steps of a body are called before a pass.
pub(super) struct Names {
    block: String,
    /// For each step the row that it makes or leads to, and whether it makes it.
    rows: Vec<Option<(String, bool)>>,
}

impl Names {
    pub(super) fn of(body: &Body) -> Names {
        let mut next: Option<String> = None;
        let row = |step: &Step| {
            let own = match step {
                Step::Run { row, .. } => row.clone(),
                Step::Call { name, rows, .. } => rows.iter().flatten().next().or(Some(name)).cloned(),
            };
            let makes = own.is_some();
            next = own.or(next.take());
            next.clone().map(|row| (row, makes))
        };
        let mut rows: Vec<_> = body.steps.iter().rev().map(row).collect();
        rows.reverse();
        Names { block: body.name.clone(), rows }
    }

    pub(super) fn explain(&self, pass: &'static str, miss: Miss) -> Unfused {
        let row = self.rows[miss.step].as_ref().map(|(row, _)| row.clone());
        Unfused { pass, block: self.block.clone(), row, reason: miss.reason.named(|step| self.map(step)) }
    }

    fn map(&self, step: usize) -> String {
        match &self.rows[step] {
            Some((row, true)) => format!("`{row}`"),
            Some((row, false)) => format!("a map on the way to `{row}`"),
            None => "a map without a name".to_owned(),
        }
    }
}
