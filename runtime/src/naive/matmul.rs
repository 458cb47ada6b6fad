//! `[B, M, K]` times `[B, K, N]`.

use super::map::Map;
use super::sum::{Count, Sum};
use crate::Error;

pub(super) fn run(args: &[Map], shape: &[usize], count: &Count) -> Result<Map, Error> {
    let [left, right] = args else { unreachable!("a product has two operands") };
    Map::from_fn(shape, |b, m, n, _| {
        let mut sum = Sum::of(None);
        (0..right.dims.channels).for_each(|k| sum.add(left.at(b, m, k, 0) as f32, right.at(b, k, n, 0)));
        sum.counted(count)
    })
}
