//! The mean over the channels of each cell.

use super::Task;
use crate::tensor::{Map, MapMut};

/// Means over all channels, summed in f64.
pub(crate) fn run(task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let total: f64 = data.row(first + i).iter().map(|&x| f64::from(x)).sum();
            row[0] = (total / data.channels as f64) as f32;
        }
    });
}
