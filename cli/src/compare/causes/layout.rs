//! The same numbers in another order.

use ndarray::{ArrayD, IxDyn};
use neckar_spec::program::Instr;

use super::{Cause, Hypothesis, Part};
use crate::compare::error;
use crate::compare::part::Change;
use crate::compare::step::Step;

const AXES: &str =
    "the order of axes when the tensor is kept: `permute(0, 3, 1, 2)` brings [B, H, W, C] to [B, C, H, W]";
const VIEW: &str = "`view` and `reshape`, which keep numbers in their places, where `permute` or `transpose` is meant";
const FLATTEN: &str = "the order in which the map is flattened: the spec's matrix is of a channels-first map (C·H·W)";

/// Orders of the axes of `[B, C, H, W]` that have a name.
const NAMED: [(&[usize], &str); 4] = [
    (&[0, 2, 3, 1], "the reference is channels-last ([B, H, W, C])"),
    (&[0, 1, 3, 2], "the reference's rows and columns are swapped ([B, C, W, H])"),
    (&[1, 0, 2, 3], "the reference has channels before the batch ([C, B, H, W])"),
    (&[2, 3, 0, 1], "the reference has the sizes first ([H, W, B, C])"),
];

/// Whether the reference's tensor is the spec's with its axes in another order.
pub fn order(own: &ArrayD<f32>, theirs: &ArrayD<f32>, rounding: f64) -> Option<Cause> {
    if own.len() != theirs.len() {
        return None;
    }
    let shaped = |array: &ArrayD<f32>, shape: &[usize]| {
        ArrayD::from_shape_vec(IxDyn(shape), array.iter().copied().collect()).ok()
    };
    let close = |other: &ArrayD<f32>| other.shape() == theirs.shape() && error(other, theirs) <= rounding;
    if own.shape() != theirs.shape()
        && let Some(restored) = shaped(theirs, own.shape())
        && error(own, &restored) <= rounding
    {
        let what = format!("the reference has the same numbers in the shape {:?}", theirs.shape());
        return Some(Cause { restored: Some(restored), ..Cause::new(what, VIEW) });
    }
    if own.ndim() != 4 {
        return None;
    }
    let different = own.shape() != theirs.shape() || error(own, theirs) > rounding;
    let named = NAMED.iter().find(|(axes, _)| different && close(&permuted(own, axes)));
    if let Some((axes, what)) = named {
        let restored = permuted(theirs, &inverse(axes));
        return Some(Cause { restored: Some(restored), ..Cause::new(*what, AXES) });
    }
    // [B, H, W, C] taken for [B, C, H, W], or the reverse: the numbers stay where they are.
    let last = permuted(own, &[0, 2, 3, 1]);
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| own.shape()[axis]);
    let first = shaped(own, &[batch, height, width, channels]).map(|x| permuted(&x, &[0, 3, 1, 2]));
    let reread = shaped(&last, own.shape()).into_iter().chain(first).any(|made| close(&made));
    reread.then(|| {
        Cause::new(
            "the reference reads a channels-last tensor as channels-first, or the reverse, and scrambles it",
            VIEW,
        )
    })
}

/// A map flattened in another order.
pub fn hypotheses(_: &Part, step: &Step) -> Vec<Hypothesis> {
    if step.instr != Instr::Flatten {
        return Vec::new();
    }
    let last = step.clone().before(|x| if x.ndim() == 4 { permuted(x, &[0, 2, 3, 1]) } else { x.clone() });
    let cause = "the reference flattens a channels-last map, rows and columns before channels";
    vec![Hypothesis::new(cause, FLATTEN, Change::step(last))]
}

fn permuted(x: &ArrayD<f32>, axes: &[usize]) -> ArrayD<f32> {
    x.view().permuted_axes(IxDyn(axes)).as_standard_layout().into_owned()
}

fn inverse(axes: &[usize]) -> Vec<usize> {
    (0..axes.len()).map(|axis| axes.iter().position(|own| *own == axis).unwrap_or(axis)).collect()
}
