//! exp(xᵢ) / Σ exp(xⱼ) along an axis.

use super::map::Map;
use crate::Error;

/// `axis` counts from the batch on.
pub(super) fn run(axis: usize, input: &Map) -> Result<Map, Error> {
    let size = input.shape[axis];
    Map::from_fn(&input.shape, |b, c, y, x| {
        let along = |i: usize| match axis {
            1 => input.at(b, i, y, x),
            2 => input.at(b, c, i, x),
            _ => input.at(b, c, y, i),
        };
        let greatest = (0..size).map(along).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..size).map(|i| (along(i) - greatest).exp()).sum();
        (input.at(b, c, y, x) - greatest).exp() / sum
    })
}
