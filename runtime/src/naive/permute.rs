//! Axes in another order.

use super::map::Map;
use crate::Error;

pub(super) fn run(order: &[usize], input: &Map, shape: &[usize]) -> Result<Map, Error> {
    Map::from_fn(shape, |b, c, y, x| {
        let mut place = [0; 4];
        for (&axis, at) in order.iter().zip([b, c, y, x]) {
            place[axis] = at;
        }
        let [b, c, y, x] = place;
        input.at(b, c, y, x)
    })
}
