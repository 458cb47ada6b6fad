//! Operands joined along an axis.

use neckar_spec::program::Axis;

use super::map::Map;
use crate::Error;

pub(super) fn run(axis: Axis, args: &[Map], shape: &[usize]) -> Result<Map, Error> {
    let axis = axis.index();
    Map::from_fn(shape, |b, c, y, x| {
        let mut place = [b, c, y, x];
        for map in args {
            if place[axis] < map.shape[axis] {
                let [b, c, y, x] = place;
                return map.at(b, c, y, x);
            }
            place[axis] -= map.shape[axis];
        }
        unreachable!("a concatenation has as many cells as its operands together")
    })
}
