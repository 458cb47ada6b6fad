//! (x − mean) / √(var + eps) · γ + β with the statistics of each cell's channels.

use super::map::Map;
use crate::Error;

pub(super) fn run(eps: f32, gamma: &[f32], beta: &[f32], input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let channels = input.dims.channels;
    Map::from_fn(shape, |b, c, y, x| {
        let cells = || (0..channels).map(|i| input.at(b, i, y, x));
        let mean = cells().sum::<f64>() / channels as f64;
        let variance = cells().map(|cell| (cell - mean).powi(2)).sum::<f64>() / channels as f64;
        let normalised = (input.at(b, c, y, x) - mean) / (variance + f64::from(eps)).sqrt();
        normalised * f64::from(gamma[c]) + f64::from(beta[c])
    })
}
