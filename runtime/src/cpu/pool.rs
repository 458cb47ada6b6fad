//! Pooling in windows. Cells outside the map count for nothing, unless padding counts in the divisor of a mean.

use neckar_spec::program::{Pool, PoolKind};

use super::Task;
use super::simd::{Simd, Vectorised};
use crate::tensor::{Dims, Map, MapMut};

/// Pools a map.
pub(crate) fn run(pool: &Pool, [from, to]: [Dims; 2], task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            let [ys, xs] = [(0, y, from.height), (1, x, from.width)]
                .map(|(axis, at, size)| span(at * pool.stride[axis], pool.kernel[axis], pool.padding[axis], size));
            let cells = ys.cells.clone().flat_map(|y| xs.cells.clone().map(move |x| (y, x)));
            let cells = cells.map(|(y, x)| data.row(from.pixel(batch, y, x)));
            let inside = ys.cells.len() * xs.cells.len();
            let count = match pool.kind {
                PoolKind::Max => None,
                PoolKind::Average { count_padding } => Some(if count_padding { ys.padded * xs.padded } else { inside }),
            };
            task.isa.run(Cell { cells, count, row });
        }
    });
}

/// A result: the mean of so many cells, or the greatest. It is plain Rust, but compiled for the instruction set.
struct Cell<'a, C> {
    cells: C,
    count: Option<usize>,
    row: &'a mut [f32],
}

impl<'a, C: Iterator<Item = &'a [f32]>> Vectorised for Cell<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        match self.count {
            None => greatest(self.cells, self.row),
            Some(count) => mean(self.cells, count, self.row),
        }
    }
}

/// A window along one axis.
struct Span {
    /// Its cells inside of the map.
    cells: std::ops::Range<usize>,
    /// Its cells inside of the padded map: as PyTorch, a window that hangs over the padding counts less.
    padded: usize,
}

fn span(start: usize, kernel: usize, padding: usize, size: usize) -> Span {
    let end = (start + kernel).min(size + 2 * padding);
    let [first, last] = [start, end].map(|cell| cell.saturating_sub(padding).min(size));
    Span { cells: first..last, padded: end - start }
}

#[inline(always)]
fn greatest<'a>(cells: impl Iterator<Item = &'a [f32]>, row: &mut [f32]) {
    row.fill(f32::NEG_INFINITY);
    for cell in cells {
        for (most, &x) in row.iter_mut().zip(cell) {
            // A NaN, once met, stays: it is not less or equal, and nothing replaces it.
            *most = if x <= *most || most.is_nan() { *most } else { x };
        }
    }
}

#[inline(always)]
fn mean<'a>(cells: impl Iterator<Item = &'a [f32]>, count: usize, row: &mut [f32]) {
    row.fill(0.0);
    for cell in cells {
        for (sum, &x) in row.iter_mut().zip(cell) {
            *sum += x;
        }
    }
    let factor = 1.0 / count as f32;
    for sum in row {
        *sum *= factor;
    }
}
