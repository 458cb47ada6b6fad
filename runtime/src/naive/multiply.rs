//! Products cell by cell; the second operand is repeated along axes where its size is 1.

use super::map::Map;
use crate::Error;

pub(super) fn run(first: &Map, gate: &Map, shape: &[usize]) -> Result<Map, Error> {
    let within = |at: usize, size: usize| if size == 1 { 0 } else { at };
    let dims = gate.dims;
    let suits = |axis: usize| gate.shape[axis] == 1 || gate.shape[axis] == shape[axis];
    if gate.shape.len() != shape.len() || !(0..shape.len()).all(suits) {
        return Err(Error::Size(format!("a map of shape {:?} does not gate one of shape {shape:?}", gate.shape)));
    }
    Map::from_fn(shape, |b, c, y, x| {
        let [b2, c2] = [within(b, dims.batch), within(c, dims.channels)];
        first.at(b, c, y, x) * gate.at(b2, c2, within(y, dims.height), within(x, dims.width))
    })
}
