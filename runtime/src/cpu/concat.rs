//! Operands joined along the channels.

use super::Task;
use crate::plan::Place;

/// Joins maps of the given places and channels.
pub(crate) fn run(parts: &[(Place, usize)], task: Task, out: &mut [f32]) {
    let channels = task.finish.channels();
    task.rows(out, |first, rows| {
        let mut start = 0;
        for &(place, width) in parts {
            let from = task.reads.get(place)[first * width..].chunks_exact(width);
            for (row, from) in rows.chunks_exact_mut(channels).zip(from) {
                row[start..start + width].copy_from_slice(from);
            }
            start += width;
        }
    });
}
