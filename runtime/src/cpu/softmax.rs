//! exp(x) / Σ exp(x) along the channels of each pixel.

use super::Task;
use super::simd::{Simd, Vectorised, exponentials};
use crate::tensor::{Map, MapMut};

/// The shares of a map's channels.
pub(crate) fn run(task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            row.copy_from_slice(data.row(first + i));
            task.isa.run(Row(row));
        }
    });
}

/// The channels of a pixel, in their place.
struct Row<'a>(&'a mut [f32]);

impl Vectorised for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Row(row) = self;
        let factor = 1.0 / exponentials(simd, row, 1.0);
        row.iter_mut().for_each(|x| *x *= factor);
    }
}
