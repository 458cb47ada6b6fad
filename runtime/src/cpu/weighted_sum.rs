//! Σ wₖ·xₖ with normalised weights, one an operand.

use neckar_spec::program::Normalise;

use super::Task;
use super::simd::{Simd, Vectorised};
use crate::plan::View;
use crate::tensor::MapMut;

/// The weights as they are applied.
pub(crate) fn normalised(weights: &[f32], normalise: Normalise, eps: f32) -> Vec<f32> {
    let greatest = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (terms, eps): (Vec<f64>, f64) = match normalise {
        // ln(1 + exp w) without overflow.
        Normalise::Softplus => {
            let softplus = |w: f64| w.max(0.0) + (-w.abs()).exp().ln_1p();
            (weights.iter().map(|&w| softplus(f64::from(w))).collect(), f64::from(eps))
        }
        Normalise::Relu => {
            (weights.iter().map(|&w| if w <= 0.0 { 0.0 } else { f64::from(w) }).collect(), f64::from(eps))
        }
        Normalise::Softmax => (weights.iter().map(|&w| f64::from(w - greatest).exp()).collect(), 0.0),
    };
    let total = terms.iter().sum::<f64>() + eps;
    terms.iter().map(|term| (term / total) as f32).collect()
}

/// Sums maps of equal sizes.
pub(crate) fn run(weights: &[f32], operands: &[View], task: Task, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            task.isa.run(Sum { weights, operands, task, pixel: first + i, row });
        }
    });
}

/// The sum at a pixel. It is plain Rust, but compiled for the instruction set.
struct Sum<'a> {
    weights: &'a [f32],
    operands: &'a [View],
    task: Task<'a>,
    pixel: usize,
    row: &'a mut [f32],
}

impl Vectorised for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Sum { weights, operands, task, pixel, row } = self;
        let map = |k: usize| task.reads.map(operands[k]).row(pixel);
        let mut k = 0;
        // Two or three operands, as pyramids have them, are one pass.
        match weights {
            [u, v] => {
                let (a, b) = (&map(0)[..row.len()], &map(1)[..row.len()]);
                for (i, sum) in row.iter_mut().enumerate() {
                    *sum = u * a[i] + v * b[i];
                }
                k = 2;
            }
            [u, v, w, ..] => {
                let (a, b, c) = (&map(0)[..row.len()], &map(1)[..row.len()], &map(2)[..row.len()]);
                for (i, sum) in row.iter_mut().enumerate() {
                    *sum = u * a[i] + v * b[i] + w * c[i];
                }
                k = 3;
            }
            _ => row.fill(0.0),
        }
        for (k, weight) in weights.iter().enumerate().skip(k) {
            for (sum, &x) in row.iter_mut().zip(map(k)) {
                *sum += weight * x;
            }
        }
    }
}
