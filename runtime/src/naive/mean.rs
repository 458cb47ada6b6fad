//! The mean along an axis.

use neckar_spec::program::Axis;

use super::map::Map;
use crate::Error;

pub(super) fn run(axis: Axis, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let count = input.shape[axis.index()];
    Map::from_fn(shape, |b, c, y, x| {
        let cell = |i: usize| match axis {
            Axis::Channels => input.at(b, i, y, x),
            Axis::Rows => input.at(b, c, i, x),
            Axis::Columns => input.at(b, c, y, i),
        };
        (0..count).map(cell).sum::<f64>() / count as f64
    })
}
