//! Neighbouring cells of an axis, copied.

use neckar_spec::program::{Axis, Slice};

use super::Task;
use crate::tensor::{Dims, Map, MapMut};

/// Copies a slice; `dims` are those of the whole and of the slice.
pub(crate) fn run(slice: Slice, [from, to]: [Dims; 2], task: Task, data: Map, out: MapMut) {
    let start = |axis: Axis| if slice.axis == axis { slice.start } else { 0 };
    let [channel, top, left] = [Axis::Channels, Axis::Rows, Axis::Columns].map(start);
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            row.copy_from_slice(&data.row(from.pixel(batch, top + y, left + x))[channel..][..row.len()]);
        }
    });
}
