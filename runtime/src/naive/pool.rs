//! Pooling in windows, as PyTorch's `max_pool2d` and `avg_pool2d`.

use neckar_spec::program::{Pool, PoolKind};

use super::map::Map;
use crate::Error;

pub(super) fn run(pool: &Pool, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let sizes = [input.dims.height, input.dims.width];
    // The window's cells along an axis, in cells of the map, cut where the padding ends.
    let window = |axis: usize, out: usize| {
        let start = (out * pool.stride[axis]) as i64 - pool.padding[axis] as i64;
        start..(start + pool.kernel[axis] as i64).min((sizes[axis] + pool.padding[axis]) as i64)
    };
    Map::from_fn(shape, |b, c, y, x| {
        let cells: Vec<Option<f64>> = window(0, y)
            .flat_map(|y| window(1, x).map(move |x| (y, x)))
            .map(|(y, x)| input.inside(b, c, y, x))
            .collect();
        let inside = cells.iter().copied().flatten();
        match pool.kind {
            PoolKind::Max => {
                inside.fold(
                    f64::NEG_INFINITY,
                    |most, cell| {
                        if most.is_nan() || cell.is_nan() { f64::NAN } else { most.max(cell) }
                    },
                )
            }
            PoolKind::Average { count_padding } => {
                let count = if count_padding { cells.len() } else { inside.clone().count() };
                inside.sum::<f64>() / count as f64
            }
        }
    })
}
