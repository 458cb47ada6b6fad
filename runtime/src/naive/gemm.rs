//! `[B, Cin]` times the transpose of `[Cout, Cin]`, for each cell.

use neckar_spec::program::WeightId;

use super::BodyWeights;
use super::map::Map;
use super::sum::Sum;
use crate::Error;

pub(super) fn run(
    weight: WeightId,
    bias: Option<WeightId>,
    weights: &BodyWeights,
    input: &Map,
    shape: &[usize],
) -> Result<Map, Error> {
    let weight = weights.get(weight);
    let bias = bias.map(|bias| weights.get(bias));
    let inputs = input.dims.channels;
    Map::from_fn(shape, |b, c, y, x| {
        let mut sum = Sum::of(bias.map(|bias| bias[c]));
        (0..inputs).for_each(|i| sum.add(weight[c * inputs + i], input.at(b, i, y, x)));
        sum.counted(weights.count)
    })
}
