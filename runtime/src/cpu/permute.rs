//! Axes in another order: rows of channels are copied whole where the channels stay the channels.

use super::Task;
use crate::tensor::{Dims, Map, MapMut};

/// Copies a map; `dims` are those before and after.
pub(crate) fn run(order: &[usize], [from, to]: [Dims; 2], task: Task, data: Map, out: MapMut) {
    // How far cells of the operand lie apart along its axes, in the order of the language.
    let strides = [from.height * from.width * data.pitch, 1, from.width * data.pitch, data.pitch];
    let mut apart = [0; 4];
    for (stride, &axis) in apart.iter_mut().zip(order) {
        *stride = strides[axis];
    }
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            let start = batch * apart[0] + y * apart[2] + x * apart[3];
            match apart[1] {
                1 => row.copy_from_slice(&data.floats[start..][..row.len()]),
                stride => {
                    let cells = data.floats[start..].iter().step_by(stride);
                    row.iter_mut().zip(cells).for_each(|(to, from)| *to = *from);
                }
            }
        }
    });
}
