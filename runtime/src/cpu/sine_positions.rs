//! Sines and cosines of rows and columns, of which a plan holds a table each.

use super::Task;
use crate::tensor::{Dims, MapMut};

/// The positions of a map of some sizes.
#[derive(Debug)]
pub(crate) struct SinePositions {
    dims: Dims,
    /// Half of the channels for each row, and the other half for each column.
    halves: [Vec<f32>; 2],
}

impl SinePositions {
    /// Of a map of some sizes.
    pub(crate) fn new(temperature: f32, dims: Dims) -> SinePositions {
        let quarter = dims.channels / 4;
        let rates: Vec<f64> = (0..quarter).map(|i| f64::from(temperature).powf(-(i as f64 / quarter as f64))).collect();
        let half = |place: usize| {
            let angles = rates.iter().map(move |rate| place as f64 * rate);
            angles.clone().map(f64::sin).chain(angles.map(f64::cos)).map(|x| x as f32).collect::<Vec<f32>>()
        };
        let halves = [dims.height, dims.width].map(|size| (0..size).flat_map(half).collect());
        SinePositions { dims, halves }
    }

    /// Those of an image, channels-last.
    #[cfg(test)]
    pub(crate) fn values(&self) -> Vec<f32> {
        let half = self.dims.channels / 2;
        let cells = (0..self.dims.height).flat_map(|y| (0..self.dims.width).map(move |x| [y, x]));
        cells
            .flat_map(|[y, x]| [&self.halves[0][y * half..][..half], &self.halves[1][x * half..][..half]].concat())
            .collect()
    }

    /// Writes them.
    pub(crate) fn run(&self, task: Task, out: MapMut) {
        let half = self.dims.channels / 2;
        task.rows(out, |first, rows| {
            for (i, row) in rows.rows().enumerate() {
                let [_, y, x] = self.dims.position(first + i);
                let (upper, lower) = row.split_at_mut(half);
                upper.copy_from_slice(&self.halves[0][y * half..][..half]);
                lower.copy_from_slice(&self.halves[1][x * half..][..half]);
            }
        });
    }
}
