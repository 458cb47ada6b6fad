//! A weight `[1, N, C]` as tokens `[B, C, N]`.

use super::map::Map;
use crate::Error;

pub(super) fn run(weight: &[f32], shape: &[usize]) -> Result<Map, Error> {
    Map::from_fn(shape, |_, c, token, _| f64::from(weight[token * shape[1] + c]))
}
