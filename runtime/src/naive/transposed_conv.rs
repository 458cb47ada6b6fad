//! Transposed convolution whose stride is its kernel: a cell of the output comes from one pixel of the input.

use super::map::Map;
use crate::Error;

pub(super) fn run(
    channels: usize,
    stride: usize,
    weight: &[f32],
    bias: Option<&[f32]>,
    input: &Map,
    shape: &[usize],
) -> Result<Map, Error> {
    Map::from_fn(shape, |b, c, y, x| {
        let mut sum = bias.map_or(0.0, |bias| f64::from(bias[c]));
        for i in 0..input.dims.channels {
            let w = weight[((i * channels + c) * stride + y % stride) * stride + x % stride];
            sum += f64::from(w) * input.at(b, i, y / stride, x / stride);
        }
        sum
    })
}
