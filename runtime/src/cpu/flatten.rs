//! `[B, H, W, C]` to `[B, C·H·W]` in the order of a channels-first map.

use super::Task;
use super::layout::Transpose;
use crate::tensor::{Dims, Map, MapMut};

/// Flattens a map.
pub(crate) fn run(from: Dims, task: Task, data: Map, out: MapMut) {
    let matrix = [from.height * from.width, from.channels];
    task.rows(out, |first, rows| {
        for (i, to) in rows.rows().enumerate() {
            let first = (first + i) * from.channels;
            task.isa.run(Transpose { from: data.floats, matrix, pitch: data.pitch, first, to });
        }
    });
}
