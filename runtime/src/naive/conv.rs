//! Convolution: the sum over the channels of the group and the taps of the kernel, zeros outside of the map; these are
//! multiplied like the others.

use neckar_spec::program::Convolution;

use super::BodyWeights;
use super::map::Map;
use super::sum::Sum;
use crate::Error;

pub(super) fn run(conv: &Convolution, weights: &BodyWeights, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let weight = weights.get(conv.weight);
    let bias = conv.bias.map(|bias| weights.get(bias));
    let inputs = input.dims.channels / conv.groups;
    let outputs = conv.channels / conv.groups;
    let [rows, columns] = conv.kernel;
    let place = |axis: usize, out: usize, tap: usize| {
        (out * conv.stride[axis] + tap * conv.dilation[axis]) as i64 - conv.padding[axis] as i64
    };
    Map::from_fn(shape, |b, c, y, x| {
        let mut sum = Sum::of(bias.map(|bias| bias[c]));
        for i in 0..inputs {
            for ky in 0..rows {
                for kx in 0..columns {
                    let w = weight[((c * inputs + i) * rows + ky) * columns + kx];
                    let channel = c / outputs * inputs + i;
                    let cell = input.inside(b, channel, place(0, y, ky), place(1, x, kx));
                    sum.add(w, cell.unwrap_or(0.0));
                }
            }
        }
        sum.counted(weights.count)
    })
}
