//! Concatenations that are made without a copy, as the steps that make their operands write into their slices.
//!
//! The others of the operands are copied, and the plan says why.

use std::fmt;

use neckar_spec::program::{Axis, Instr};

use super::arena::Lifetime;
use super::{Network, Planned, Value, Work};
use crate::tensor::Dims;

/// The channels of a concatenation that a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The concatenation.
    pub of: Value,
    /// The first channel.
    pub channel: usize,
}

/// An operand that is copied into a concatenation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copied {
    /// The operand.
    pub value: Value,
    /// Where it begins.
    pub channel: usize,
    /// Why it was not written there.
    pub why: Why,
}

/// Why an operand of a concatenation is not written into its slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The concatenation has an epilogue, which changes what others may read.
    Epilogue,
    /// No step makes an input.
    Input,
    /// It stays until the end, and would keep all of the concatenation until then.
    Output,
    /// It is a slice of a concatenation already, or is joined twice.
    Elsewhere,
    /// A step would read one slice of the concatenation while it writes another: a kernel has what it writes to itself, with
    /// all that lies between. The residual blocks of a C2f are such steps.
    Beside,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Epilogue => "the concat has an epilogue",
            Why::Input => "an input",
            Why::Output => "an output",
            Why::Elsewhere => "joined more than once",
            Why::Beside => "a step reads one slice and writes another",
        })
    }
}

/// For each value the slice that it is.
#[derive(Debug)]
pub(super) struct Slices(Vec<Option<Slice>>);

impl Slices {
    /// The slice of what a value lies in, where it lies in another.
    pub(super) fn of(&self, value: Value) -> Option<Slice> {
        let [of, channel] = self.root(value);
        (of != value).then_some(Slice { of, channel })
    }

    /// The value in whose place a value lies, itself or a concatenation, and the channel there that it begins with.
    pub(super) fn root(&self, value: Value) -> [usize; 2] {
        let (mut root, mut first) = (value, 0);
        while let Some(Slice { of, channel }) = self.0[root] {
            (root, first) = (of, first + channel);
        }
        [root, first]
    }

    /// A concatenation is needed from when its first slice is made to when the last is read; slices take no place of their
    /// own.
    pub(super) fn join(&self, lifetimes: &mut [Lifetime]) {
        for value in (0..self.0.len()).filter(|&value| self.0[value].is_some()) {
            let Lifetime { first, last, .. } = lifetimes[value];
            lifetimes[value].last = None;
            let [root, _] = self.root(value);
            lifetimes[root].first = lifetimes[root].first.min(first);
            lifetimes[root].last = lifetimes[root].last.max(last);
        }
    }
}

/// Finds the operands that can be written into their slices, and leaves each concatenation the others to copy, or no step.
pub(super) fn write_into_slices(
    network: &Network,
    mut steps: Vec<Planned>,
    wanted: &[(String, Value)],
    dims: &[Dims],
) -> (Vec<Planned>, Slices) {
    let uses = Uses::new(&steps, dims.len());
    let mut slices = Slices(vec![None; dims.len()]);
    // From the last on, so that a concatenation has its slice of another before its operands get theirs of it.
    for index in (0..steps.len()).rev() {
        let site = &network.sites[steps[index].site];
        let Work::Site { args, addends } = &steps[index].work else { continue };
        if !matches!(site.instr, Instr::Concat { axis: Axis::Channels }) {
            continue;
        }
        let mut copied = Vec::new();
        let mut channel = 0;
        for &value in args {
            let why = if !site.epilogue.is_empty() {
                Some(Why::Epilogue)
            } else if network.inputs.contains(&value) {
                Some(Why::Input)
            } else if wanted.iter().any(|(_, wanted)| *wanted == value) {
                Some(Why::Output)
            } else if slices.of(value).is_some() || args.iter().filter(|&&arg| arg == value).count() > 1 {
                Some(Why::Elsewhere)
            } else if uses.would_meet(&steps, index, value, &slices) {
                Some(Why::Beside)
            } else {
                None
            };
            match why {
                Some(why) => copied.push(Copied { value, channel, why }),
                None => slices.0[value] = Some(Slice { of: steps[index].out, channel }),
            }
            channel += dims[value].channels;
        }
        let addends = addends.clone();
        steps[index].work = Work::Concat { copied, addends };
    }
    steps.retain(|step| !matches!(&step.work, Work::Concat { copied, .. } if copied.is_empty()));
    let apart = |step: &Planned| step.work.reads().iter().all(|&read| slices.root(read)[0] != slices.root(step.out)[0]);
    debug_assert!(steps.iter().all(apart), "no step reads what it writes, or a slice beside it");
    (steps, slices)
}

/// For each value the steps that make or read it.
struct Uses(Vec<Vec<usize>>);

impl Uses {
    fn new(steps: &[Planned], values: usize) -> Uses {
        let mut uses = vec![Vec::new(); values];
        for (index, step) in steps.iter().enumerate() {
            for value in step.work.reads().into_iter().chain([step.out]) {
                uses[value].push(index);
            }
        }
        Uses(uses)
    }

    /// Whether a step would read one slice and write another of what a concatenation lies in, were a value a slice of it.
    fn would_meet(&self, steps: &[Planned], concat: usize, value: Value, slices: &Slices) -> bool {
        let root = |value: Value| slices.root(value)[0];
        let within = root(steps[concat].out);
        self.0[value].iter().filter(|&&index| index != concat).any(|&index| {
            let step = &steps[index];
            let reads = step.work.reads();
            match step.out == value {
                true => reads.iter().any(|&read| root(read) == within),
                // A concatenation that has it as a slice reads it no more.
                false => root(step.out) == within && reads.contains(&value),
            }
        })
    }
}
