//! Kernels and matrices whose axes other tools order otherwise, biases left out, and layers that took one another's weights.

use ndarray::{ArrayD, Axis, IxDyn};
use neckar_spec::program::{Convolution, Instr, WeightId};

use super::{Hypothesis, Part};
use crate::compare::part::Change;
use crate::compare::step::Step;

const ORDER: &str = "the order of the kernel's axes where weights are converted: PyTorch and the spec have [out, in, rows, columns], \
                     TensorFlow [rows, columns, in, out], transposed convolutions [in, out, rows, columns]";
const BIAS: &str = "`bias` of the layer, and whether it was loaded";
const NAMES: &str = "the table of names with which the checkpoint was converted";

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let (weight, bias) = match &step.instr {
        Instr::Conv(Convolution { weight, bias, .. })
        | Instr::TransposedConv { weight, bias, .. }
        | Instr::Gemm { weight, bias, .. } => (*weight, *bias),
        _ => return exchanged(part, step),
    };
    let mut ways = transposed(weight, part.weight(weight).shape());
    if let Some(bias) = bias {
        let zeros = |w: &ArrayD<f32>| ArrayD::zeros(w.raw_dim());
        ways.push(Hypothesis::new("the reference leaves the bias out", BIAS, Change::weight(bias, zeros)));
    }
    ways.extend(exchanged(part, step));
    ways
}

/// A weight as other tools may hold it, where its shape does not tell.
fn transposed(weight: WeightId, shape: &[usize]) -> Vec<Hypothesis> {
    let permuted = |order: &'static [usize]| {
        Change::weight(weight, move |w| w.view().permuted_axes(IxDyn(order)).as_standard_layout().into_owned())
    };
    let mut ways = Vec::new();
    let mut add = |cause: &str, change: Change| ways.push(Hypothesis::new(cause, ORDER, change));
    match *shape {
        [out, inputs, rows, columns] => {
            if rows == columns && rows > 1 {
                add("the reference's kernel is transposed, its rows and columns swapped", permuted(&[0, 1, 3, 2]));
            }
            if out == inputs {
                add(
                    "the reference's kernel is transposed, its input and output channels swapped",
                    permuted(&[1, 0, 2, 3]),
                );
            }
            if rows * columns > 1 {
                let flipped = |w: &ArrayD<f32>| {
                    let mut w = w.clone();
                    w.invert_axis(Axis(2));
                    w.invert_axis(Axis(3));
                    w.as_standard_layout().into_owned()
                };
                add(
                    "the reference's kernel is flipped, a convolution where this is a correlation",
                    Change::weight(weight, flipped),
                );
            }
        }
        [out, inputs] if out == inputs => add("the reference's matrix is transposed", permuted(&[1, 0])),
        _ => {}
    }
    ways
}

/// The weights of other layers whose tensors have the same names and shapes, such as the next level's.
fn exchanged(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let network = part.network;
    let Some(module) = network.module(step) else { return Vec::new() };
    // `L5.conv` is a part of `L5` and takes the norm of the same layer with it.
    let layer =
        module.rsplit_once('.').filter(|(_, part)| part.parse::<usize>().is_err()).map_or(module, |(layer, _)| layer);
    let tensors = |layer: &str| -> Vec<(String, WeightId)> {
        let weights = network.program.weights.iter().zip(0..);
        let inside = weights.filter_map(|(weight, id)| {
            let rest = weight.name.strip_prefix(layer)?.strip_prefix('.')?;
            Some((format!("{rest} {:?}", weight.shape), id))
        });
        inside.collect()
    };
    let own = tensors(layer);
    let first = own.first().map(|(name, _)| name.split(' ').next().unwrap_or_default().to_owned()).unwrap_or_default();
    let layers = network.program.weights.iter().filter_map(|weight| weight.name.strip_suffix(&format!(".{first}")));
    let others = layers.filter(|other| *other != layer).filter_map(|other| {
        let theirs = tensors(other);
        let same = theirs.len() == own.len() && theirs.iter().zip(&own).all(|((a, _), (b, _))| a == b);
        same.then_some((other, theirs))
    });
    let way = |(other, theirs): (&str, Vec<(String, WeightId)>)| {
        let changes = own.iter().zip(theirs).map(|((_, own), (_, theirs))| {
            let theirs = part.weight(theirs).clone();
            Change::weight(*own, move |_| (*theirs).clone())
        });
        let change = changes.fold(Change::default(), Change::and);
        Hypothesis::new(format!("the reference runs `{layer}` with the weights of `{other}`"), NAMES, change)
    };
    others.map(way).collect()
}
