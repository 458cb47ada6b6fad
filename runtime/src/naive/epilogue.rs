//! The steps of an epilogue, each over a whole map.

use neckar_spec::program::{Activation, Norm, Resize, Target};

use super::map::Map;
use super::{BodyWeights, resize};
use crate::Error;

pub(super) fn norm(norm: &Norm, weights: &BodyWeights, map: &Map) -> Map {
    let at = |weight: u32, channel: usize| f64::from(weights.get(weight)[channel]);
    let plane = map.dims.height * map.dims.width;
    let normalised = map.data.iter().enumerate().map(|(i, &x)| {
        let c = i / plane % map.dims.channels;
        let deviation = (at(norm.variance, c) + f64::from(norm.eps)).sqrt();
        (x - at(norm.mean, c)) / deviation * at(norm.weight, c) + at(norm.bias, c)
    });
    Map { data: normalised.collect(), ..map.clone() }
}

pub(super) fn activate(activation: Activation, mut map: Map) -> Map {
    for x in &mut map.data {
        *x = match activation {
            Activation::Relu if x.is_nan() => *x,
            Activation::Relu => x.max(0.0),
            Activation::Silu => *x / (1.0 + (-*x).exp()),
            Activation::Sigmoid => 1.0 / (1.0 + (-*x).exp()),
            Activation::Gelu if *x == f64::NEG_INFINITY => 0.0,
            Activation::Gelu => *x / 2.0 * (1.0 + erf(*x * std::f64::consts::FRAC_1_SQRT_2)),
            Activation::HardSigmoid => hard_sigmoid(*x),
            Activation::HardSwish => *x * hard_sigmoid(*x),
        };
    }
    map
}

/// The error function by its series 2/√π · exp(−x²) · Σ 2ⁿ·x²ⁿ⁺¹/(2n + 1)!!, all of whose terms have one sign (Abramowitz and
/// Stegun, 7.1.6).
fn erf(x: f64) -> f64 {
    // Beyond, it differs from ±1 by less than a rounding.
    if x.abs() > 6.0 {
        return x.signum();
    }
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

pub(super) fn scale(factors: &[f32], mut map: Map) -> Map {
    let plane = map.dims.height * map.dims.width;
    for (i, x) in map.data.iter_mut().enumerate() {
        *x *= f64::from(factors[i / plane % map.dims.channels]);
    }
    map
}

fn hard_sigmoid(x: f64) -> f64 {
    if x.is_nan() { x } else { (x / 6.0 + 0.5).clamp(0.0, 1.0) }
}

pub(super) fn scale_all(factor: f32, mut map: Map) -> Map {
    for x in &mut map.data {
        *x *= f64::from(factor);
    }
    map
}

pub(super) fn add(resize: Option<Resize>, addend: &Map, mut map: Map) -> Result<Map, Error> {
    let resized = match resize {
        None => addend.clone(),
        Some(resize) => {
            let mut shape = addend.shape.clone();
            for (axis, size) in shape.iter_mut().enumerate().skip(2) {
                *size = match resize.target {
                    Target::Factor(factor) => *size * factor,
                    Target::Like => map.shape[axis],
                };
            }
            resize::run(resize, addend, &shape)?
        }
    };
    if resized.shape != map.shape {
        return Err(Error::Size(format!(
            "a map of shape {:?} cannot be added to one of shape {:?}",
            resized.shape, map.shape
        )));
    }
    for (x, y) in map.data.iter_mut().zip(resized.data) {
        *x += y;
    }
    Ok(map)
}
