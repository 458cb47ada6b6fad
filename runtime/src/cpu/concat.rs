//! Operands that are copied into their slices of a map, of its channels or of its rows or columns.

use neckar_spec::program::Axis;

use super::Task;
use crate::plan::View;
use crate::tensor::{Dims, MapMut};

/// Copies maps to the channels from the given ones on.
pub(crate) fn run(parts: &[(View, usize)], task: Task, out: MapMut) {
    task.rows(out, |first, rows| {
        for &(view, channel) in parts {
            let from = task.reads.map(view);
            for (i, row) in rows.rows().enumerate() {
                row[channel..][..view.channels].copy_from_slice(from.row(first + i));
            }
        }
    });
}

/// Copies maps one behind the other along rows or columns.
pub(crate) fn join(operands: &[(View, Dims)], axis: Axis, to: Dims, task: Task, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, mut y, mut x] = to.position(first + i);
            for (view, dims) in operands {
                let (at, size) = if axis == Axis::Rows { (&mut y, dims.height) } else { (&mut x, dims.width) };
                if *at < size {
                    row.copy_from_slice(task.reads.map(*view).row(dims.pixel(batch, y, x)));
                    break;
                }
                *at -= size;
            }
        }
    });
}
