//! Σ wₖ·xₖ with normalised weights, one an operand.

use neckar_spec::program::Normalise;

use super::Task;
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
            row.fill(0.0);
            for (&view, &weight) in operands.iter().zip(weights) {
                for (sum, &x) in row.iter_mut().zip(task.reads.map(view).row(first + i)) {
                    *sum += weight * x;
                }
            }
        }
    });
}
