//! (x − mean) / √(var + eps) · γ + β with the statistics of each pixel's channels.

use super::Task;
use super::epilogue::Affine;
use super::simd::{BLOCK, Simd, Vectorised};
use crate::tensor::{Map, MapMut};

/// Normalises a map.
pub(crate) fn run(eps: f32, affine: &Affine, task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            task.isa.run(Row { eps, affine, from: data.row(first + i), to: row });
        }
    });
}

/// The channels of a pixel. It is plain Rust, but compiled for the instruction set.
struct Row<'a> {
    eps: f32,
    affine: &'a Affine,
    from: &'a [f32],
    to: &'a mut [f32],
}

impl Vectorised for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Row { eps, affine, from, to } = self;
        let count = from.len() as f32;
        let mean = sum(from, |x| x) / count;
        let variance = sum(from, |x| (x - mean) * (x - mean)) / count;
        let factor = 1.0 / (variance + eps).sqrt();
        let (scale, shift) = (&affine.scale[..to.len()], &affine.shift[..to.len()]);
        let from = &from[..to.len()];
        for k in 0..to.len() {
            to[k] = (from[k] - mean) * factor * scale[k] + shift[k];
        }
    }
}

/// Σ f(x), sixteen sums side by side.
#[inline(always)]
fn sum(floats: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (blocks, rest) = floats.as_chunks::<BLOCK>();
    let mut sums = [0.0; BLOCK];
    for block in blocks {
        for k in 0..BLOCK {
            sums[k] += f(block[k]);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|&x| f(x)).sum::<f32>()
}
