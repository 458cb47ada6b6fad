//! Cells of several channels spread over rows and columns.

use super::Task;
use crate::tensor::{Dims, Map, MapMut};

/// Spreads a map of sizes `from`.
pub(crate) fn run(factor: usize, from: Dims, task: Task, data: Map, out: MapMut) {
    let to = Dims { height: from.height * factor, width: from.width * factor, ..from };
    let taken = factor * factor;
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            let cells = data.row(from.pixel(batch, y / factor, x / factor));
            let place = y % factor * factor + x % factor;
            row.iter_mut().zip(cells[place..].iter().step_by(taken)).for_each(|(to, from)| *to = *from);
        }
    });
}
