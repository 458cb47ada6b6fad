//! Means over whole maps and over the cells of a fixed grid.

use super::Task;
use crate::tensor::{Dims, Map, MapMut};

/// Rows whose sums are formed in f32 before they join the mean in f64: with at most so many terms the error stays at a
/// few units in the last place, however large the map.
const TERMS: usize = 64;

/// Adaptive average pooling: cell i of n averages rows ⌊iH/n⌋ to ⌈(i+1)H/n⌉. A mean over all is the case of one cell.
pub(crate) fn run([from, to]: [Dims; 2], task: Task, data: Map, out: MapMut) {
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            let ys = y * from.height / to.height..((y + 1) * from.height).div_ceil(to.height);
            let xs = x * from.width / to.width..((x + 1) * from.width).div_ceil(to.width);
            let count = (ys.len() * xs.len()) as f64;
            // Blocks of channels, so that the sums stay in registers and nothing is allocated.
            for (block, means) in row.chunks_mut(TERMS).enumerate() {
                let mut totals = [0.0_f64; TERMS];
                let mut sums = [0.0_f32; TERMS];
                let mut terms = 0;
                for y in ys.clone() {
                    for x in xs.clone() {
                        let cell = &data.row(from.pixel(batch, y, x))[block * TERMS..][..means.len()];
                        for (sum, &x) in sums.iter_mut().zip(cell) {
                            *sum += x;
                        }
                        terms += 1;
                        if terms % TERMS == 0 {
                            drain(&mut sums, &mut totals);
                        }
                    }
                }
                drain(&mut sums, &mut totals);
                for (mean, total) in means.iter_mut().zip(totals) {
                    *mean = (total / count) as f32;
                }
            }
        }
    });
}

fn drain(sums: &mut [f32; TERMS], totals: &mut [f64; TERMS]) {
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total += f64::from(std::mem::take(sum));
    }
}
