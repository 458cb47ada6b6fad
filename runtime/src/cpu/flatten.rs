//! `[B, H, W, C]` to `[B, C·H·W]` in the order of a channels-first map.

use super::Task;
use crate::tensor::{Dims, transpose};

/// Flattens a map.
pub(crate) fn run(from: Dims, task: Task, data: &[f32], out: &mut [f32]) {
    let pixels = from.height * from.width;
    task.rows(out, |first, rows| transpose(data, [pixels, from.channels], first * from.channels, rows));
}
