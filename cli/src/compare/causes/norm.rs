//! Norms with other numbers, left out, done twice, or folded wrongly.

use ndarray::{ArrayD, Axis};
use neckar_spec::program::{Convolution, Epilogue, Instr, Norm};

use super::{Hypothesis, Part};
use crate::compare::network::Tensor;
use crate::compare::part::Change;
use crate::compare::step::Step;

/// Epsilons in use: TensorFlow's and YOLO's, PyTorch's, MXNet's, the ViTs', BERT's, none.
const EPSILONS: [f32; 9] = [1e-2, 1e-3, 1e-4, 1e-5, 2e-5, 1e-6, 1e-8, 1e-12, 0.0];

const EPS: &str =
    "`eps` of the norm (PyTorch 1e-5, Keras and YOLO 1e-3); the spec's `eps` or `numerics { bn_eps = … }`";
const STATISTICS: &str = "`model.eval()`, and whether the checkpoint's running mean and variance were loaded";
const FOLDING: &str = "how the norm was folded: w' = w·γ/√(σ² + ε), b' = β + (b − μ)·γ/√(σ² + ε)";
const AFFINE: &str = "`affine` of the norm, and whether γ and β were loaded";

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    if let Instr::L2Normalize { eps: own } = step.instr {
        let other = |eps| eps_way(eps, own, step.with_instr(Instr::L2Normalize { eps }));
        return EPSILONS.into_iter().filter(|eps| *eps != own).map(other).collect();
    }
    if let Instr::LayerNorm { eps: own, .. } | Instr::GroupNorm { eps: own, .. } = step.instr {
        let other = |other| {
            let mut instr = step.instr.clone();
            if let Instr::LayerNorm { eps, .. } | Instr::GroupNorm { eps, .. } = &mut instr {
                *eps = other;
            }
            eps_way(other, own, step.with_instr(instr))
        };
        return EPSILONS.into_iter().filter(|eps| *eps != own).map(other).collect();
    }
    let Some(norm) = step.norm() else { return Vec::new() };
    let with = |norm: Norm| step.with_epilogue(vec![Epilogue::Norm(norm)]);
    let other_eps = |eps| eps_way(eps, norm.eps, with(Norm { eps, ..norm.clone() }));
    let mut ways: Vec<Hypothesis> = EPSILONS.into_iter().filter(|eps| *eps != norm.eps).map(other_eps).collect();

    let [zeros, ones] = [0.0, 1.0].map(|value| move |w: &ArrayD<f32>| w.mapv(|_| value));
    let affine = Affine::of(part, norm);
    let untrained = Change::weight(norm.mean, zeros).and(Change::weight(norm.variance, ones));
    let twice = step.with_epilogue(vec![Epilogue::Norm(norm.clone()), Epilogue::Norm(norm.clone())]);
    let without_root = affine.clone().scaled(|variance, eps| variance + eps);
    let eps_outside = affine.clone().scaled(|variance, eps| variance.sqrt() + eps);
    let batch = affine.clone();
    ways.extend([
        Hypothesis::new("the reference leaves the norm out", FOLDING, Change::step(step.with_epilogue(Vec::new()))),
        Hypothesis::new("the reference applies the norm twice: folded, and once more", FOLDING, Change::step(twice)),
        Hypothesis::new(
            "the reference uses the batch's own statistics: it is in training mode",
            STATISTICS,
            Change::step(step.replaced(move |x| batch.with_statistics_of(x))),
        ),
        Hypothesis::new(
            "the reference's running statistics are those of an untrained norm (mean 0, variance 1)",
            STATISTICS,
            untrained,
        ),
        Hypothesis::new(
            "the reference does not subtract the running mean: it was forgotten in folding the norm",
            FOLDING,
            Change::weight(norm.mean, zeros),
        ),
        Hypothesis::new(
            "the reference takes the running variance for 1",
            STATISTICS,
            Change::weight(norm.variance, ones),
        ),
        Hypothesis::new("the reference leaves the norm's weight γ out", AFFINE, Change::weight(norm.weight, ones)),
        Hypothesis::new("the reference leaves the norm's bias β out", AFFINE, Change::weight(norm.bias, zeros)),
        Hypothesis::new(
            "the reference divides by the variance, not by its root",
            FOLDING,
            Change::step(step.replaced(move |x| without_root.apply(x))),
        ),
        Hypothesis::new(
            "the reference adds eps to the deviation, not to the variance",
            EPS,
            Change::step(step.replaced(move |x| eps_outside.apply(x))),
        ),
    ]);
    ways.extend(unscaled_bias(part, step, &affine));
    ways
}

fn eps_way(eps: f32, own: f32, step: Step) -> Hypothesis {
    Hypothesis::new(format!("the reference's eps is {eps:e}, the spec's {own:e}"), EPS, Change::step(step))
}

/// The bias of the layer before, put behind the folded norm as it was.
fn unscaled_bias(part: &Part, step: &Step, affine: &Affine) -> Option<Hypothesis> {
    let bias = match part.maker(step.args[0])?.instr {
        Instr::Conv(Convolution { bias, .. }) | Instr::Gemm { bias, .. } | Instr::TransposedConv { bias, .. } => bias?,
        _ => return None,
    };
    let bias = part.weight(bias).clone();
    let scale = affine.clone();
    let unscaled = move |y: &ArrayD<f32>| {
        each_channel(y, |channel, v| v + f64::from(bias[channel]) * (1.0 - scale.scale(channel)))
    };
    let cause = "the reference does not scale the bias of the layer before: it was forgotten in folding the norm";
    Some(Hypothesis::new(cause, FOLDING, Change::step(step.clone().after(unscaled))))
}

/// The numbers of a norm.
#[derive(Clone)]
struct Affine {
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    eps: f64,
    /// What of variance and eps is divided by.
    deviation: fn(f64, f64) -> f64,
}

impl Affine {
    fn of(part: &Part, norm: &Norm) -> Affine {
        let [weight, bias, mean, variance] =
            [norm.weight, norm.bias, norm.mean, norm.variance].map(|id| part.weight(id).clone());
        let deviation = |variance: f64, eps: f64| (variance + eps).sqrt();
        Affine { weight, bias, mean, variance, eps: f64::from(norm.eps), deviation }
    }

    fn scaled(self, deviation: fn(f64, f64) -> f64) -> Affine {
        Affine { deviation, ..self }
    }

    fn scale(&self, channel: usize) -> f64 {
        f64::from(self.weight[channel]) / (self.deviation)(f64::from(self.variance[channel]), self.eps)
    }

    fn apply(&self, x: &ArrayD<f32>) -> ArrayD<f32> {
        let moved = |c: usize, v: f64| (v - f64::from(self.mean[c])) * self.scale(c) + f64::from(self.bias[c]);
        each_channel(x, moved)
    }

    /// With mean and variance of the array itself, as in training.
    fn with_statistics_of(&self, x: &ArrayD<f32>) -> ArrayD<f32> {
        let statistics = x.axis_iter(Axis(1)).map(|map| {
            let count = map.len() as f64;
            let mean = map.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
            (mean, map.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count)
        });
        let statistics: Vec<(f64, f64)> = statistics.collect();
        each_channel(x, |c, v| {
            let (mean, variance) = statistics[c];
            let scale = f64::from(self.weight[c]) / (variance + self.eps).sqrt();
            (v - mean) * scale + f64::from(self.bias[c])
        })
    }
}

/// `[B, C, …]` with something made of each number and its channel.
fn each_channel(x: &ArrayD<f32>, cell: impl Fn(usize, f64) -> f64) -> ArrayD<f32> {
    let mut made = x.clone();
    for (channel, mut map) in made.axis_iter_mut(Axis(1)).enumerate() {
        map.mapv_inplace(|v| cell(channel, f64::from(v)) as f32);
    }
    made
}
