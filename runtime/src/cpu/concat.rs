//! Operands that are copied into their slices of a map.

use super::Task;
use crate::plan::View;
use crate::tensor::MapMut;

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
