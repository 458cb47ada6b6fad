//! A weight `[1, N, C]` as tokens, the same for each image.

use super::Task;
use crate::tensor::MapMut;

/// Writes the tokens of each image.
pub(crate) fn run(weight: &[f32], task: Task, out: MapMut) {
    let channels = out.channels;
    let tokens = weight.len() / channels;
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            row.copy_from_slice(&weight[(first + i) % tokens * channels..][..channels]);
        }
    });
}
