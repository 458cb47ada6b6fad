//! Σ wₖ·xₖ with normalised weights.

use neckar_spec::program::Normalise;

use super::map::Map;
use crate::Error;

pub(super) fn run(weight: &[f32], normalise: Normalise, eps: f32, args: &[Map], shape: &[usize]) -> Result<Map, Error> {
    let eps = if normalise == Normalise::Softmax { 0.0 } else { f64::from(eps) };
    let greatest = weight.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let term = |w: f32| match normalise {
        // PyTorch's softplus, which is the identity above 20; there the two differ by 2e-9.
        Normalise::Softplus if w > 20.0 => f64::from(w),
        Normalise::Softplus => f64::from(w).exp().ln_1p(),
        Normalise::Relu => f64::from(w).max(0.0),
        Normalise::Softmax => (f64::from(w) - f64::from(greatest)).exp(),
    };
    let total = weight.iter().map(|&w| term(w)).sum::<f64>() + eps;
    Map::from_fn(shape, |b, c, y, x| {
        weight.iter().zip(args).map(|(&w, map)| term(w) / total * map.at(b, c, y, x)).sum()
    })
}
