//! Cells of several channels spread over rows and columns, as PyTorch's `pixel_shuffle`.

use super::map::Map;
use crate::Error;

pub(super) fn run(factor: usize, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    Map::from_fn(shape, |b, c, y, x| {
        let place = y % factor * factor + x % factor;
        input.at(b, c * factor * factor + place, y / factor, x / factor)
    })
}
