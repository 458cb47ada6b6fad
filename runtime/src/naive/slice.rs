//! Neighbouring cells of an axis.

use neckar_spec::program::{Axis, Slice};

use super::map::Map;
use crate::Error;

pub(super) fn run(slice: Slice, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let start = |axis: Axis| if slice.axis == axis { slice.start } else { 0 };
    let [c0, y0, x0] = [Axis::Channels, Axis::Rows, Axis::Columns].map(start);
    Map::from_fn(shape, |b, c, y, x| input.at(b, c0 + c, y0 + y, x0 + x))
}
