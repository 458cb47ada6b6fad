//! The likely cause of a difference: what, done differently at one step, gives the reference's tensor.
//!
//! Nothing is guessed from the size of an error. Each cause is tried: the steps between what agrees and what does not are run
//! again with it, and it is named where the result is the reference's.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{ArrayD, Axis, IxDyn};
use neckar_spec::program::{
    Activation, Epilogue, Instr, Normalise, Pool, PoolKind, ResizeMode, Slot, Step, Target, WeightId,
};

use super::error;
use super::probe::{Changed, Probe};
use super::resample::{Coordinates, resample};

/// Epsilons in use: PyTorch's, YOLO's and EfficientDet's, the ViTs', LayerNorm's of some, none.
const EPSILONS: [f32; 6] = [1e-3, 1e-4, 1e-5, 1e-6, 1e-12, 0.0];

/// A cause explains a difference where what is left of it is at most this part.
const LEFT: f64 = 0.02;

/// What, done differently, gives the tensor `theirs` of `target`; `agreed` are slots whose tensors are the reference's.
pub fn cause(
    probe: &Probe,
    target: Slot,
    theirs: &ArrayD<f32>,
    agreed: &BTreeSet<Slot>,
    tolerance: f64,
) -> Option<String> {
    let own = &probe.tensors[&target];
    if let Some(cause) = layout(own, theirs, tolerance) {
        return Some(cause);
    }
    if own.shape() != theirs.shape() {
        return None;
    }
    let before = error(own, theirs);
    let explains = |made: &ArrayD<f32>| {
        let after = error(made, theirs);
        after.is_finite() && after <= tolerance.max(LEFT * before) && after < before / 4.0
    };
    let steps = leading(probe, target, agreed);
    for &at in steps.iter().rev() {
        let Some(step) = probe.step(at) else { continue };
        let name = called(probe, at);
        for (cause, changed) in changes(probe, &step) {
            if probe.rerun(&steps, target, Some((at, &changed)), None).is_some_and(|made| explains(&made)) {
                return Some(format!("{name}: {cause}"));
            }
        }
        let Some(&Step::Run { out, .. }) = probe.steps().get(at).as_ref() else { continue };
        for (cause, array) in replacements(probe, &step, *out) {
            if probe.rerun(&steps, target, None, Some((*out, &array))).is_some_and(|made| explains(&made)) {
                return Some(format!("{name}: {cause}"));
            }
        }
    }
    for (slot, input) in probe.program.inputs.iter().enumerate() {
        let reads = steps.iter().any(|&at| probe.step(at).is_some_and(|step| step.args.contains(&(slot as Slot))));
        let Some(array) = probe.tensors.get(&(slot as Slot)).filter(|_| reads) else { continue };
        for (cause, array) in pictures(array) {
            if probe.rerun(&steps, target, None, Some((slot as Slot, &array))).is_some_and(|made| explains(&made)) {
                return Some(format!("input `{}`: {cause}", input.name));
            }
        }
    }
    rounding(own, theirs)
}

/// The steps that lead to a slot from what agrees, the inputs and what is not compared before it.
fn leading(probe: &Probe, target: Slot, agreed: &BTreeSet<Slot>) -> BTreeSet<usize> {
    let mut steps = BTreeSet::new();
    let mut open = vec![target];
    while let Some(slot) = open.pop() {
        if slot != target && agreed.contains(&slot) {
            continue;
        }
        let Some(at) = probe.maker(slot) else { continue };
        if steps.insert(at)
            && let Some(step) = probe.step(at)
        {
            open.extend(step.args);
        }
    }
    steps
}

/// A step by its layer's checkpoint name or its row.
fn called(probe: &Probe, at: usize) -> String {
    let Step::Run { instr, row, out, .. } = &probe.steps()[at] else { return String::new() };
    let names = probe.names();
    let name = row.clone().or_else(|| names.into_iter().find(|(_, slot)| slot == out).map(|(name, _)| name));
    match name {
        Some(name) => format!("`{name}`"),
        None => format!("a step ({})", format!("{instr:?}").split([' ', '(', '{']).next().unwrap_or_default()),
    }
}

/// Ways in which a step may have been done differently.
fn changes(probe: &Probe, step: &Changed) -> Vec<(String, Changed)> {
    let mut changes: Vec<(String, Changed)> = Vec::new();
    let with = |instr: Instr| Changed { instr, ..step.clone() };
    let weights = |weights: Vec<(WeightId, ArrayD<f32>)>| Changed { weights, ..step.clone() };
    match &step.instr {
        Instr::Resize(resize) => {
            for mode in [ResizeMode::Nearest, ResizeMode::Bilinear, ResizeMode::AlignCorners] {
                let mut other = *resize;
                other.mode = mode;
                let cause =
                    format!("the reference resizes by {}, the spec by {}", mode_name(mode), mode_name(resize.mode));
                changes.push((cause, with(Instr::Resize(other))));
            }
        }
        Instr::Conv(conv) => {
            let kernel = probe.weight(conv.weight);
            for (cause, other) in kernels(&kernel, conv.groups) {
                changes.push((cause, weights(vec![(conv.weight, other)])));
            }
            if let Some(bias) = conv.bias {
                let none = ArrayD::zeros(probe.weight(bias).raw_dim());
                changes.push(("the reference leaves the bias out".into(), weights(vec![(bias, none)])));
            }
        }
        Instr::TransposedConv { weight, .. } => {
            for (cause, other) in kernels(&probe.weight(*weight), 1) {
                changes.push((cause, weights(vec![(*weight, other)])));
            }
        }
        Instr::Gemm { weight, bias, .. } => {
            let matrix = probe.weight(*weight);
            if matrix.shape()[0] == matrix.shape()[1] {
                let cause = "the reference's matrix is transposed".to_owned();
                changes.push((cause, weights(vec![(*weight, standard(matrix.t().to_owned()))])));
            }
            if let Some(bias) = bias {
                let none = ArrayD::zeros(probe.weight(*bias).raw_dim());
                changes.push(("the reference leaves the bias out".into(), weights(vec![(*bias, none)])));
            }
        }
        Instr::Pool(pool) => {
            let kinds = [
                (PoolKind::Max, "takes the greatest value of a window"),
                (PoolKind::Average { count_padding: true }, "averages and counts the padding"),
                (PoolKind::Average { count_padding: false }, "averages and does not count the padding"),
            ];
            for (kind, what) in kinds {
                changes.push((format!("the reference {what}"), with(Instr::Pool(Pool { kind, ..pool.clone() }))));
            }
        }
        Instr::WeightedSum { weight, normalise, eps } => {
            let mut reversed = probe.weight(*weight);
            reversed.invert_axis(Axis(0));
            let cause = "the reference gives the weights to the operands in the opposite order".to_owned();
            changes.push((cause, weights(vec![(*weight, standard(reversed))])));
            for other in [Normalise::Softplus, Normalise::Relu, Normalise::Softmax] {
                let cause = format!("the reference normalises its weights by {other:?}, the spec by {normalise:?}");
                changes.push((cause, with(Instr::WeightedSum { weight: *weight, normalise: other, eps: *eps })));
            }
        }
        Instr::L2Normalize { .. } => {
            for eps in EPSILONS {
                changes.push((format!("the reference's eps is {eps:e}"), with(Instr::L2Normalize { eps })));
            }
        }
        Instr::Concat => {
            let args = step.args.iter().rev().copied().collect();
            let cause = "the reference joins the maps in the opposite order".to_owned();
            changes.push((cause, Changed { args, ..step.clone() }));
        }
        Instr::Flatten | Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } | Instr::Elementwise => {}
    }
    for (at, post) in step.epilogue.iter().enumerate() {
        let mut other = |cause: String, post: Option<Epilogue>| {
            let mut epilogue = step.epilogue.clone();
            epilogue.splice(at..=at, post);
            changes.push((cause, Changed { epilogue, ..step.clone() }));
        };
        match post {
            Epilogue::Norm(norm) => {
                other("the reference leaves the norm out; was it folded into the convolution?".into(), None);
                for eps in EPSILONS {
                    let cause = format!("the reference's eps is {eps:e}, the spec's {:e}", norm.eps);
                    other(cause, Some(Epilogue::Norm(neckar_spec::program::Norm { eps, ..norm.clone() })));
                }
            }
            Epilogue::Activation(own) => {
                other(format!("the reference leaves {own:?} out"), None);
                for activation in [Activation::Relu, Activation::Silu, Activation::Sigmoid] {
                    let cause = format!("the reference applies {activation:?}, the spec {own:?}");
                    other(cause, Some(Epilogue::Activation(activation)));
                }
            }
            Epilogue::Add { .. } => {}
        }
    }
    changes
}

/// Kernels as other tools may hold them.
fn kernels(kernel: &ArrayD<f32>, groups: usize) -> Vec<(String, ArrayD<f32>)> {
    let mut others = Vec::new();
    let &[out, inputs, rows, columns] = kernel.shape() else { return others };
    if rows == columns && rows > 1 {
        let cause = "the reference's kernel is transposed, its rows and columns swapped".to_owned();
        others.push((cause, standard(kernel.clone().permuted_axes(IxDyn(&[0, 1, 3, 2])))));
    }
    if rows * columns > 1 {
        let mut flipped = kernel.clone();
        flipped.invert_axis(Axis(2));
        flipped.invert_axis(Axis(3));
        let cause = "the reference's kernel is flipped, a convolution where this is a correlation".to_owned();
        others.push((cause, standard(flipped)));
    }
    if out == inputs && groups == 1 {
        let cause = "the reference's kernel is transposed, its input and output channels swapped".to_owned();
        others.push((cause, standard(kernel.clone().permuted_axes(IxDyn(&[1, 0, 2, 3])))));
    }
    others
}

/// What a step may give by rules that no instruction knows.
fn replacements(probe: &Probe, step: &Changed, out: Slot) -> Vec<(String, ArrayD<f32>)> {
    let operand = |at: usize| step.args.get(at).and_then(|slot| probe.tensors.get(slot));
    let (Some(x), Some(own)) = (operand(0), probe.tensors.get(&out)) else { return Vec::new() };
    match (&step.instr, step.epilogue.as_slice()) {
        (Instr::Resize(resize), []) if x.ndim() == 4 => {
            let factor = match resize.target {
                Target::Factor(factor) => Some(factor as f64),
                Target::Like => None,
            };
            let size = [own.shape()[2], own.shape()[3]];
            let all = [
                (Coordinates::Asymmetric, "bilinear with coordinates from the corner (asymmetric), not half-pixel"),
                (Coordinates::HalfPixelNearest, "nearest with half-pixel centres (PyTorch's nearest-exact)"),
            ];
            let made = |(how, what): (Coordinates, &str)| {
                (format!("the reference resizes {what}"), resample(x, size, factor, how))
            };
            all.map(made).into()
        }
        (Instr::Elementwise, [Epilogue::Norm(norm)]) if x.ndim() >= 2 => {
            let [gamma, beta] = [norm.weight, norm.bias].map(|id| probe.weight(id));
            let cause = "the reference uses the batch's own statistics: is it in training mode (`model.eval()`)?";
            vec![(cause.to_owned(), batch_norm(x, &gamma, &beta, norm.eps))]
        }
        _ => Vec::new(),
    }
}

/// (x − mean)/√(var + eps)·γ + β with the statistics of x itself.
fn batch_norm(x: &ArrayD<f32>, gamma: &ArrayD<f32>, beta: &ArrayD<f32>, eps: f32) -> ArrayD<f32> {
    let mut result = x.clone();
    for (channel, mut map) in result.axis_iter_mut(Axis(1)).enumerate() {
        let count = map.len() as f64;
        let mean = map.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let variance = map.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
        let scale = f64::from(gamma[[channel]]) / (variance + f64::from(eps)).sqrt();
        map.mapv_inplace(|v| ((f64::from(v) - mean) * scale + f64::from(beta[[channel]])) as f32);
    }
    result
}

/// What may have been done to a picture before it became an input.
fn pictures(input: &ArrayD<f32>) -> Vec<(String, ArrayD<f32>)> {
    let mut others = vec![
        ("the reference's is 255 times as large".to_owned(), input.mapv(|v| v * 255.0)),
        ("the reference's is divided by 255".to_owned(), input.mapv(|v| v / 255.0)),
    ];
    if input.ndim() == 4 && input.shape()[1] == 3 {
        let mut swapped = input.clone();
        swapped.invert_axis(Axis(1));
        others.push(("the reference's colours are in the opposite order (BGR, RGB)".to_owned(), standard(swapped)));
    }
    others
}

/// The same numbers with the axes in another order.
fn layout(own: &ArrayD<f32>, theirs: &ArrayD<f32>, tolerance: f64) -> Option<String> {
    let orders: BTreeMap<&str, &[usize]> = BTreeMap::from([
        ("the reference is channels-last ([B, H, W, C])", [0, 2, 3, 1].as_slice()),
        ("the reference's rows and columns are swapped ([B, C, W, H])", [0, 1, 3, 2].as_slice()),
        ("the reference has channels before the batch ([C, B, H, W])", [1, 0, 2, 3].as_slice()),
    ]);
    if own.ndim() != 4 || theirs.ndim() != 4 {
        return None;
    }
    let fits = |order: &[usize]| {
        let other = standard(own.clone().permuted_axes(IxDyn(order)));
        other.shape() == theirs.shape() && error(&other, theirs) <= tolerance
    };
    orders.into_iter().find(|(_, order)| fits(order)).map(|(cause, _)| cause.to_owned())
}

/// Numbers of which each is one of fewer bits.
fn rounding(own: &ArrayD<f32>, theirs: &ArrayD<f32>) -> Option<String> {
    let exact = |round: fn(f32) -> f32| theirs.iter().all(|&v| v.to_bits() == round(v).to_bits());
    let different = |round: fn(f32) -> f32| own.iter().any(|&v| v.to_bits() != round(v).to_bits());
    let fits = |round: fn(f32) -> f32| exact(round) && different(round);
    if fits(|v| half::f16::from_f32(v).to_f32()) {
        return Some("every number of the reference is a half float: it was computed or stored in fp16".into());
    }
    if fits(|v| half::bf16::from_f32(v).to_f32()) {
        return Some("every number of the reference is a bfloat16: it was computed or stored in bf16".into());
    }
    None
}

fn mode_name(mode: ResizeMode) -> &'static str {
    match mode {
        ResizeMode::Nearest => "nearest",
        ResizeMode::Bilinear => "bilinear (half-pixel)",
        ResizeMode::AlignCorners => "bilinear with aligned corners",
    }
}

/// The array in standard layout.
fn standard(array: ArrayD<f32>) -> ArrayD<f32> {
    array.as_standard_layout().into_owned()
}
