//! Resampling by the conventions that the language leaves out, to recognise them in a reference.

use ndarray::{Array4, ArrayD, Ix4};

/// Where an output cell looks.
#[derive(Clone, Copy, Debug)]
pub enum Coordinates {
    /// Linear between cells at i·in/out, as TensorFlow 1 did (ONNX: `asymmetric`).
    Asymmetric,
    /// The nearest of cells at (i + ½)·in/out − ½ (PyTorch: `nearest-exact`).
    HalfPixelNearest,
}

/// `[B, C, H, W]` → `[B, C, rows, columns]`. The scale is that of the sizes where no factor is given.
pub fn resample(x: &ArrayD<f32>, [rows, columns]: [usize; 2], factor: Option<f64>, how: Coordinates) -> ArrayD<f32> {
    let Ok(x) = x.view().into_dimensionality::<Ix4>() else { return x.clone() };
    let (batch, channels, height, width) = x.dim();
    let [down, right] = [axis(height, rows, factor, how), axis(width, columns, factor, how)];
    let cell = |(b, c, i, j): (usize, usize, usize, usize)| {
        let ((top, bottom, y), (left, east, z)) = (down[i], right[j]);
        let at = |row: usize, column: usize| f64::from(x[[b, c, row, column]]);
        let upper = at(top, left) * (1.0 - z) + at(top, east) * z;
        let lower = at(bottom, left) * (1.0 - z) + at(bottom, east) * z;
        (upper * (1.0 - y) + lower * y) as f32
    };
    Array4::from_shape_fn((batch, channels, rows, columns), cell).into_dyn()
}

/// For each output cell the two source cells and the share of the second.
fn axis(from: usize, to: usize, factor: Option<f64>, how: Coordinates) -> Vec<(usize, usize, f64)> {
    let scale = factor.map_or(from as f64 / to as f64, f64::recip);
    let last = from - 1;
    let place = |i: usize| match how {
        Coordinates::Asymmetric => {
            let place = i as f64 * scale;
            let first = (place as usize).min(last);
            (first, (first + 1).min(last), place - first as f64)
        }
        Coordinates::HalfPixelNearest => {
            let nearest = (((i as f64 + 0.5) * scale) as usize).min(last);
            (nearest, nearest, 0.0)
        }
    };
    (0..to).map(place).collect()
}
