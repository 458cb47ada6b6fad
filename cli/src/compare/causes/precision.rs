//! Numbers of fewer bits, and numbers that are none.

use half::{bf16, f16};
use ndarray::ArrayD;

use super::{Cause, Hypothesis, Part};
use crate::compare::error;
use crate::compare::part::Change;
use crate::compare::step::Step;

const LOOK: &str = "`.half()`, `autocast` and the type of the checkpoint";
const NUMBERS: &str =
    "overflow in fp16, a division by zero, an input that is not a number, a tensor kept before it was made";

type Round = fn(f32) -> f32;

/// Types of fewer bits: name, rounding, and half the distance of 1 to the next number.
const TYPES: [(&str, Round, f64); 2] =
    [("fp16", |v| f16::from_f32(v).to_f32(), 1.0 / 2048.0), ("bf16", |v| bf16::from_f32(v).to_f32(), 1.0 / 256.0)];

/// How far a step in fp32 may be off for the order of its sums alone, relative and by Euclidean norms.
const ROUNDING: f64 = 1e-6;

/// How far a reference may be off for rounding alone after so many steps. A tensor in fewer bits was computed in them at worst.
pub fn rounding(theirs: &ArrayD<f32>, steps: usize) -> f64 {
    match TYPES.iter().find(|(_, round, _)| is_exact(theirs, *round)) {
        Some((_, _, unit)) => 4.0 * unit,
        None => (ROUNDING * (2 + steps) as f64).min(10.0 * ROUNDING),
    }
}

/// Weights that are stored in fewer bits.
pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let weights = step.weights();
    let rounds = |round: Round| weights.iter().any(|id| part.weight(*id).iter().any(|&v| round(v) != v));
    let way = |(name, round, _): (&str, Round, f64)| {
        let change = |id: &u32| Change::weight(*id, move |w| w.mapv(round));
        let change = weights.iter().map(change).fold(Change::default(), Change::and);
        Hypothesis::new(format!("the reference's weights are rounded to {name}"), LOOK, change)
    };
    TYPES.into_iter().filter(|(_, round, _)| rounds(*round)).map(way).collect()
}

/// Whether the reference's tensor holds no numbers to compare.
pub fn numbers(own: &ArrayD<f32>, theirs: &ArrayD<f32>) -> Option<Cause> {
    let odd = theirs.iter().filter(|v| !v.is_finite()).count();
    if odd > 0 && own.iter().all(|v| v.is_finite()) {
        let what = format!("the reference holds NaN or infinity in {odd} of {} numbers", theirs.len());
        return Some(Cause::new(what, NUMBERS));
    }
    let zero = |array: &ArrayD<f32>| array.iter().all(|&v| v == 0.0);
    (zero(theirs) && !zero(own)).then(|| Cause::new("the reference holds zeros alone", NUMBERS))
}

/// Whether the reference is off for its fewer bits alone.
pub fn rounded(own: &ArrayD<f32>, theirs: &ArrayD<f32>, rounding: f64) -> Option<Cause> {
    let (name, ..) = TYPES.into_iter().find(|(_, round, _)| is_exact(theirs, *round) && !is_exact(own, *round))?;
    let what = format!("every number of the reference is one of {name}: it was computed or stored in {name}");
    (own.shape() == theirs.shape() && error(own, theirs) <= rounding).then(|| Cause::new(what, LOOK))
}

fn is_exact(array: &ArrayD<f32>, round: Round) -> bool {
    array.iter().all(|&v| v.to_bits() == round(v).to_bits())
}
