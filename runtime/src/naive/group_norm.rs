//! (x − mean) / √(var + eps) · γ + β with the statistics of an image's groups of channels, over all cells.

use super::map::Map;
use crate::Error;

pub(super) fn run(
    groups: usize,
    eps: f32,
    gamma: &[f32],
    beta: &[f32],
    input: &Map,
    shape: &[usize],
) -> Result<Map, Error> {
    // A group's channels lie one behind the other.
    let group = input.dims.channels / groups * input.dims.height * input.dims.width;
    let statistics = input.data.chunks(group).map(|cells| {
        let mean = cells.iter().sum::<f64>() / group as f64;
        let variance = cells.iter().map(|cell| (cell - mean).powi(2)).sum::<f64>() / group as f64;
        (mean, (variance + f64::from(eps)).sqrt())
    });
    let statistics: Vec<(f64, f64)> = statistics.collect();
    Map::from_fn(shape, |b, c, y, x| {
        let (mean, deviation) = statistics[b * groups + c / (input.dims.channels / groups)];
        (input.at(b, c, y, x) - mean) / deviation * f64::from(gamma[c]) + f64::from(beta[c])
    })
}
