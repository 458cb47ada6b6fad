//! Channels of groups, one of each in turn, as PyTorch's `channel_shuffle`.

use super::map::Map;
use crate::Error;

pub(super) fn run(groups: usize, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let each = shape[1] / groups;
    Map::from_fn(shape, |b, c, y, x| input.at(b, c % groups * each + c / groups, y, x))
}
