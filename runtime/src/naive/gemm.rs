//! `[B, Cin]` times the transpose of `[Cout, Cin]`.

use super::map::Map;
use crate::Error;

pub(super) fn run(weight: &[f32], bias: Option<&[f32]>, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let inputs = input.dims.channels;
    Map::from_fn(shape, |b, c, _, _| {
        let terms = (0..inputs).map(|i| f64::from(weight[c * inputs + i]) * input.at(b, i, 0, 0));
        bias.map_or(0.0, |bias| f64::from(bias[c])) + terms.sum::<f64>()
    })
}
