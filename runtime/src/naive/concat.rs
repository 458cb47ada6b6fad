//! Operands joined along the channels.

use super::map::Map;
use crate::Error;

pub(super) fn run(args: &[Map], shape: &[usize]) -> Result<Map, Error> {
    Map::from_fn(shape, |b, c, y, x| {
        let mut channel = c;
        for map in args {
            if channel < map.dims.channels {
                return map.at(b, channel, y, x);
            }
            channel -= map.dims.channels;
        }
        unreachable!("a concatenation has as many channels as its operands together")
    })
}
