//! Channels of groups, one of each in turn.

use super::Task;
use crate::tensor::{Map, MapMut};

/// Shuffles the channels of a map.
pub(crate) fn run(groups: usize, task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let cells = data.row(first + i);
            let each = cells.len() / groups;
            for (group, cells) in cells.chunks_exact(each).enumerate() {
                row[group..].iter_mut().step_by(groups).zip(cells).for_each(|(to, from)| *to = *from);
            }
        }
    });
}
