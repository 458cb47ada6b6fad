//! `[B, H, W, C]` to `[B, C·H·W]` in the order of a channels-first map.

use super::Task;
use super::layout::Transpose;
use crate::tensor::Dims;

/// Flattens a map.
pub(crate) fn run(from: Dims, task: Task, data: &[f32], out: &mut [f32]) {
    let pixels = from.height * from.width;
    let matrix = [pixels, from.channels];
    task.rows(out, |first, to| task.isa.run(Transpose { from: data, matrix, first: first * from.channels, to }));
}
