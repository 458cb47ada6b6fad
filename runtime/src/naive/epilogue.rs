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
        };
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
