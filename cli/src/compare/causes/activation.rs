//! Activations that are others, left out, added, or in another place.

use ndarray::ArrayD;
use neckar_spec::program::{Activation, Epilogue, Instr};

use super::{Hypothesis, Part};
use crate::compare::part::Change;
use crate::compare::step::Step;

const WHICH: &str = "the activation of the layer (`nn.ReLU`, `nn.SiLU`, …) and its arguments";
const PLACE: &str = "the order of convolution, norm, activation and addition in `forward`";

type Function = fn(f64) -> f64;

/// Activations in use.
const FUNCTIONS: [(&str, Function); 13] = [
    ("ReLU", |x| x.max(0.0)),
    ("SiLU", |x| x * sigmoid(x)),
    ("sigmoid", sigmoid),
    ("LeakyReLU of slope 0.01", |x| x.max(0.01 * x)),
    ("LeakyReLU of slope 0.1", |x| x.max(0.1 * x)),
    ("ReLU6", |x| x.clamp(0.0, 6.0)),
    ("Hardswish", |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
    ("Hardsigmoid", |x| (x / 6.0 + 0.5).clamp(0.0, 1.0)),
    ("Mish", |x| x * x.exp().ln_1p().tanh()),
    ("tanh", f64::tanh),
    ("GELU", |x| 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2))),
    ("GELU in its tanh form", |x| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044715 * x * x * x)).tanh())),
    ("ELU", |x| if x > 0.0 { x } else { x.exp_m1() }),
];

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let own = match (&step.instr, step.epilogue.as_slice()) {
        (Instr::Elementwise, [Epilogue::Activation(own)]) => *own,
        (Instr::Conv(_) | Instr::TransposedConv { .. } | Instr::Gemm { .. } | Instr::WeightedSum { .. }, [])
        | (Instr::Elementwise, [Epilogue::Norm(_) | Epilogue::LayerScale { .. } | Epilogue::Add { .. }, ..])
        | (Instr::LayerNorm { .. } | Instr::GroupNorm { .. }, []) => return added(step),
        _ => return Vec::new(),
    };
    let spec = name(own);
    let mut ways = vec![Hypothesis::new(
        format!("the reference leaves {spec} out"),
        PLACE,
        Change::step(step.with_epilogue(Vec::new())),
    )];
    for (other, function) in FUNCTIONS.into_iter().filter(|(other, _)| *other != spec) {
        let cause = format!("the reference applies {other}, the spec {spec}");
        ways.push(Hypothesis::new(cause, WHICH, Change::step(step.replaced(move |x| each(x, function)))));
    }
    ways.extend(moved(part, step, own));
    ways
}

/// An activation that the spec does not have.
fn added(step: &Step) -> Vec<Hypothesis> {
    let way = |(name, function): (&str, Function)| {
        let change = Change::step(step.clone().after(move |y| each(y, function)));
        Hypothesis::new(format!("the reference applies {name} to it, the spec nothing"), PLACE, change)
    };
    FUNCTIONS.map(way).into()
}

/// The activation before the norm or the addition that it follows.
fn moved(part: &Part, step: &Step, own: Activation) -> Vec<Hypothesis> {
    let Some(before) = part.maker(step.args[0]) else { return Vec::new() };
    let activated = |arg| Step::new(Instr::Elementwise, vec![Epilogue::Activation(own)], vec![arg], before.out);
    match (before.epilogue.as_slice(), before.args.as_slice()) {
        ([Epilogue::Norm(_)], &[x]) => {
            let norm = step.with_epilogue(before.epilogue.clone());
            let cause = format!("the reference applies {} before the norm, not after it", name(own));
            vec![Hypothesis::new(cause, PLACE, Change::steps([activated(x), norm]))]
        }
        ([Epilogue::Add { .. }], &[a, b]) => {
            let way = |(first, second)| {
                let sum = Step { args: vec![before.out, second], ..step.with_epilogue(before.epilogue.clone()) };
                let cause = format!("the reference applies {} before the addition, not after it", name(own));
                Hypothesis::new(cause, PLACE, Change::steps([activated(first), sum]))
            };
            [(a, b), (b, a)].map(way).into()
        }
        _ => Vec::new(),
    }
}

fn name(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => "ReLU",
        Activation::Silu => "SiLU",
        Activation::Sigmoid => "sigmoid",
        Activation::Gelu => "GELU",
        Activation::HardSigmoid => "Hardsigmoid",
        Activation::HardSwish => "Hardswish",
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The error function within 1.5e-7 (Abramowitz and Stegun, 7.1.26).
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let sum = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let polynomial = sum.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    (1.0 - polynomial * (-x * x).exp()).copysign(x)
}

fn each(x: &ArrayD<f32>, function: Function) -> ArrayD<f32> {
    x.mapv(|v| function(f64::from(v)) as f32)
}
