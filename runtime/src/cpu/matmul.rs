//! `[B, M, K]` times `[B, K, N]`: each of N rows is the sum of K rows of M floats, each times a float.

use super::Task;
use super::simd::{Simd, Vectorised};
use crate::plan::View;
use crate::tensor::{Dims, Map, MapMut};

/// Multiplies maps; `to` are the sizes of the result.
pub(crate) fn run(right: View, to: Dims, task: Task, left: Map, out: MapMut) {
    let right = task.reads.map(right);
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let image = (first + i) / to.height;
            task.isa.run(Row { left, first: image * right.channels, factors: right.row(first + i), to: row });
        }
    });
}

/// A row of the result. It is plain Rust, but compiled for the instruction set.
struct Row<'a> {
    left: Map<'a>,
    /// The first of the rows that are added.
    first: usize,
    factors: &'a [f32],
    to: &'a mut [f32],
}

impl Vectorised for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Row { left, first, factors, to } = self;
        to.fill(0.0);
        for (k, &factor) in factors.iter().enumerate() {
            let from = &left.row(first + k)[..to.len()];
            for m in 0..to.len() {
                to[m] += factor * from[m];
            }
        }
    }
}
