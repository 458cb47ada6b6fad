//! The likely cause of a difference: what, done differently, gives the reference's tensor.
//!
//! Nothing is guessed from the size of an error. Each hypothesis is a change of a step, a weight or an input. The steps that
//! lead to a tensor are run again with it, from the reference's own tensors where it holds them, and a cause is named only where
//! what comes of it is the reference's tensor but for rounding.

mod activation;
mod fuse;
mod input;
mod kernel;
mod layout;
mod norm;
mod precision;
mod resample;
mod resize;
mod window;
mod wiring;

use ndarray::ArrayD;
use neckar_spec::program::Slot;

use super::error;
use super::network::Tensor;
use super::part::{Change, Part};
use super::step::Step;

/// More steps than so many are not changed one by one, but all of a kind at once.
const MOST_STEPS: usize = 64;

/// What may be done differently in a reference.
pub struct Hypothesis {
    /// `the reference …`
    pub cause: String,
    /// What to look at in other tools.
    pub look: &'static str,
    /// The difference itself.
    pub change: Change,
}

impl Hypothesis {
    fn new(cause: impl Into<String>, look: &'static str, change: Change) -> Hypothesis {
        Hypothesis { cause: cause.into(), look, change }
    }
}

/// A family of causes: in which ways a step may be done differently.
type Family = fn(&Part, &Step) -> Vec<Hypothesis>;

/// The families, those that are met most first: where several causes give the same tensor, the first is named first.
const FAMILIES: [Family; 9] = [
    resize::hypotheses,
    norm::hypotheses,
    kernel::hypotheses,
    window::hypotheses,
    activation::hypotheses,
    fuse::hypotheses,
    layout::hypotheses,
    wiring::hypotheses,
    precision::hypotheses,
];

/// What explains a difference.
pub struct Cause {
    /// Where: a step, or nothing where it is the tensor itself.
    pub at: Option<String>,
    /// What the reference does.
    pub what: String,
    /// What to look at.
    pub look: &'static str,
    /// What would give the same tensor.
    pub others: Vec<String>,
    /// The reference's tensor as the spec lays it out, where that alone is odd about it.
    pub restored: Option<ArrayD<f32>>,
}

impl Cause {
    fn new(what: impl Into<String>, look: &'static str) -> Cause {
        Cause { at: None, what: what.into(), look, others: Vec::new(), restored: None }
    }

    /// The first of the hypotheses that hold of a step, with the others.
    fn first(called: impl FnOnce() -> String, mut found: impl Iterator<Item = Hypothesis>) -> Option<Cause> {
        let first = found.next()?;
        let others = found.map(|way| way.cause).collect();
        Some(Cause { at: Some(called()), others, ..Cause::new(first.cause, first.look) })
    }
}

/// What explains that a part gives another tensor than the reference; none where nothing known does.
pub fn cause(part: &Part, theirs: &ArrayD<f32>) -> Option<Cause> {
    let own = part.own();
    let rounding = precision::rounding(theirs, part.steps.len());
    if let Some(cause) = precision::numbers(own, theirs).or_else(|| layout::order(own, theirs, rounding)) {
        return Some(cause);
    }
    let before = if own.shape() == theirs.shape() { error(own, theirs) } else { f64::INFINITY };
    // What leaves a tenth of a difference does not explain it, however small it is.
    let allowed = rounding.min(before / 10.0);
    let explains = |made: &Tensor| made.shape() == theirs.shape() && error(made, theirs) <= allowed;
    let fits = |change: &Change| part.with(change).is_some_and(|made| explains(&made));
    let at = |slot: Slot, ways: Vec<Hypothesis>| {
        Cause::first(|| part.network.called(slot), ways.into_iter().filter(|way| fits(&way.change)))
    };

    let singly = if part.steps.len() <= MOST_STEPS { part.steps.as_slice() } else { &[] };
    let mut causes = singly.iter().rev().map(|step| at(step.out, ways(part, step)));
    let inputs = || input::read(part).into_iter().map(|slot| at(slot, input::hypotheses(part, slot)));
    let together = || {
        let (steps, way) = everywhere(part).into_iter().find(|(_, way)| fits(&way.change))?;
        Some(Cause { at: Some(format!("{steps} steps at once")), ..Cause::new(way.cause, way.look) })
    };
    causes
        .find_map(|cause| cause)
        .or_else(|| inputs().find_map(|cause| cause))
        .or_else(together)
        .or_else(|| wiring::another_row(part, theirs, explains))
        .or_else(|| precision::rounded(own, theirs, rounding))
}

/// All ways in which a step may be done differently.
fn ways(part: &Part, step: &Step) -> Vec<Hypothesis> {
    FAMILIES.iter().flat_map(|family| family(part, step)).collect()
}

/// The hypotheses that concern several steps, each for all of them at once, and for how many.
fn everywhere(part: &Part) -> Vec<(usize, Hypothesis)> {
    let mut all: Vec<(usize, Hypothesis)> = Vec::new();
    for way in part.steps.iter().flat_map(|step| ways(part, step)) {
        match all.iter_mut().find(|(_, known)| known.cause == way.cause) {
            Some((count, known)) => {
                *count += 1;
                known.change = std::mem::take(&mut known.change).and(way.change);
            }
            None => all.push((1, way)),
        }
    }
    all.into_iter().filter(|(count, _)| *count > 1).collect()
}
