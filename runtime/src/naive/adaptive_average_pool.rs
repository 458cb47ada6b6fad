//! Means over the cells of a grid, as PyTorch's `adaptive_avg_pool2d`.

use super::map::Map;
use crate::Error;

pub(super) fn run(input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let cells = |i: usize, from: usize, to: usize| {
        let (start, end) = ((i * from) as f64 / to as f64, ((i + 1) * from) as f64 / to as f64);
        start.floor() as usize..end.ceil() as usize
    };
    Map::from_fn(shape, |b, c, y, x| {
        let ys = cells(y, input.dims.height, shape[2]);
        let xs = cells(x, input.dims.width, shape[3]);
        let count = (ys.len() * xs.len()) as f64;
        ys.flat_map(|y| xs.clone().map(move |x| (y, x))).map(|(y, x)| input.at(b, c, y, x)).sum::<f64>() / count
    })
}
