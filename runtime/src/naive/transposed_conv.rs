//! Transposed convolution whose stride is its kernel: a cell of the output comes from one pixel of the input.

use neckar_spec::program::WeightId;

use super::BodyWeights;
use super::map::Map;
use super::sum::Sum;
use crate::Error;

pub(super) fn run(
    channels: usize,
    stride: usize,
    weight: WeightId,
    bias: Option<WeightId>,
    weights: &BodyWeights,
    input: &Map,
    shape: &[usize],
) -> Result<Map, Error> {
    let weight = weights.get(weight);
    let bias = bias.map(|bias| weights.get(bias));
    Map::from_fn(shape, |b, c, y, x| {
        let mut sum = Sum::of(bias.map(|bias| bias[c]));
        for i in 0..input.dims.channels {
            let w = weight[((i * channels + c) * stride + y % stride) * stride + x % stride];
            sum.add(w, input.at(b, i, y / stride, x / stride));
        }
        sum.counted(weights.count)
    })
}
