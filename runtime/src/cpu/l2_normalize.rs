//! Each vector along the channels divided by max(its Euclidean norm, eps).

use super::Task;
use crate::tensor::{Map, MapMut};

/// Normalises a map.
pub(crate) fn run(eps: f32, task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let from = data.row(first + i);
            // In f64 no square of a float overflows or vanishes.
            let square: f64 = from.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let norm = square.sqrt() as f32;
            // Written so that a NaN norm stays NaN.
            let divisor = if norm < eps { eps } else { norm };
            for (result, &x) in row.iter_mut().zip(from) {
                *result = x / divisor;
            }
        }
    });
}
