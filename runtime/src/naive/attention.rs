//! softmax(q·kᵀ/√d)·v, a head of d channels after the other.

use super::map::Map;
use super::sum::{Count, Sum};
use crate::Error;
use crate::tensor::Dims;

pub(super) fn run(heads: usize, args: &[Map], shape: &[usize], count: &Count) -> Result<Map, Error> {
    let [queries, keys, values] = args else { unreachable!("an attention has three operands") };
    let tokens = keys.dims.height;
    let (width, value_width) = (queries.dims.channels / heads, values.dims.channels / heads);
    let dims = Dims { channels: heads, width: tokens, ..queries.dims };
    let scores = Map::from_fn(&[dims.batch, heads, dims.height, tokens], |b, head, query, key| {
        let mut sum = Sum::of(None);
        for c in head * width..(head + 1) * width {
            sum.add(keys.at(b, c, key, 0) as f32, queries.at(b, c, query, 0));
        }
        sum.counted(count) / (width as f64).sqrt()
    })?;
    let shares = super::softmax::run(3, &scores)?;
    Map::from_fn(shape, |b, c, query, _| {
        let mut sum = Sum::of(None);
        for key in 0..tokens {
            sum.add(values.at(b, c, key, 0) as f32, shares.at(b, c / value_width, query, key));
        }
        sum.counted(count)
    })
}
