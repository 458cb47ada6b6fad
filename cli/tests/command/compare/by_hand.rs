//! What other tools do and the language cannot say, by its formula.

use ndarray::{Array4, ArrayD, Axis};

/// A 1×1 convolution without a bias.
pub fn pointwise(x: &ArrayD<f32>, w: &ArrayD<f32>) -> ArrayD<f32> {
    let [batch, inputs, height, width] = [0, 1, 2, 3].map(|axis| x.shape()[axis]);
    let cell = |(b, o, i, j)| (0..inputs).map(|c| f64::from(x[[b, c, i, j]]) * f64::from(w[[o, c, 0, 0]])).sum::<f64>();
    Array4::from_shape_fn((batch, w.shape()[0], height, width), |at| cell(at) as f32).into_dyn()
}

/// A 3×3 convolution of stride 1; what lies outside is read where `outside` says.
pub fn conv3(x: &ArrayD<f32>, w: &ArrayD<f32>, bias: &ArrayD<f32>, outside: fn(i64, i64) -> i64) -> ArrayD<f32> {
    let [batch, inputs, height, width] = [0, 1, 2, 3].map(|axis| x.shape()[axis]);
    let place = |at: usize, tap: usize, size: usize| outside((at + tap) as i64 - 1, size as i64) as usize;
    let cell = |(b, o, i, j): (usize, usize, usize, usize)| {
        let mut sum = f64::from(bias[[o]]);
        for (c, tap) in (0..inputs).flat_map(|c| (0..9).map(move |tap| (c, tap))) {
            let value = x[[b, c, place(i, tap / 3, height), place(j, tap % 3, width)]];
            sum += f64::from(value) * f64::from(w[[o, c, tap / 3, tap % 3]]);
        }
        sum as f32
    };
    Array4::from_shape_fn((batch, w.shape()[0], height, width), cell).into_dyn()
}

/// (x − mean)/√(var + 1e-5)·γ + β with the mean and variance of each channel of x.
pub fn batch_normed(x: &ArrayD<f32>, gamma: &ArrayD<f32>, beta: &ArrayD<f32>) -> ArrayD<f32> {
    let mut made = x.clone();
    for (c, mut map) in made.axis_iter_mut(Axis(1)).enumerate() {
        let mean = map.mean().expect("a map has cells");
        let variance = map.mapv(|v| (v - mean).powi(2)).mean().expect("a map has cells");
        map.mapv_inplace(|v| (v - mean) / (variance + 1e-5).sqrt() * gamma[[c]] + beta[[c]]);
    }
    made
}

/// A map of twice the size, linear between the cells around a place along each axis.
pub fn doubled(x: &ArrayD<f32>, place: fn(usize) -> f64) -> ArrayD<f32> {
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| x.shape()[axis]);
    let taps = |i: usize, size: usize| {
        let low = place(i).floor();
        let last = size - 1;
        ((low as usize).min(last), (low as usize + 1).min(last), (place(i) - low) as f32)
    };
    let cell = |(b, c, i, j): (usize, usize, usize, usize)| {
        let ((top, bottom, down), (left, right, over)) = (taps(i, height), taps(j, width));
        let line = |row: usize| x[[b, c, row, left]] * (1.0 - over) + x[[b, c, row, right]] * over;
        line(top) * (1.0 - down) + line(bottom) * down
    };
    Array4::from_shape_fn((batch, channels, 2 * height, 2 * width), cell).into_dyn()
}

/// A map shrunk by a whole factor with a triangle that reaches over one output cell to either side, cut at the borders.
pub fn shrunk(x: &ArrayD<f32>, factor: usize) -> ArrayD<f32> {
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| x.shape()[axis]);
    let shares = |i: usize, size: usize| {
        let share = move |at: usize| {
            let distance = (at as f64 + 0.5) / factor as f64 - (i as f64 + 0.5);
            (1.0 - distance.abs()).max(0.0)
        };
        let sum: f64 = (0..size).map(share).sum();
        (0..size).map(move |at| share(at) / sum).collect::<Vec<f64>>()
    };
    let cell = |(b, c, i, j): (usize, usize, usize, usize)| {
        let (down, over) = (shares(i, height), shares(j, width));
        let line =
            |row: usize| over.iter().enumerate().map(|(j, share)| share * f64::from(x[[b, c, row, j]])).sum::<f64>();
        down.iter().enumerate().map(|(i, share)| share * line(i)).sum::<f64>() as f32
    };
    Array4::from_shape_fn((batch, channels, height / factor, width / factor), cell).into_dyn()
}

/// The greatest of windows of 3×3 at stride 2, one cell of a value around the map.
pub fn pooled(x: &ArrayD<f32>, outside: f32) -> ArrayD<f32> {
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| x.shape()[axis]);
    let value = |b: usize, c: usize, i: usize, j: usize| {
        let inside = (1..=height).contains(&i) && (1..=width).contains(&j);
        if inside { x[[b, c, i - 1, j - 1]] } else { outside }
    };
    let cell = |(b, c, i, j): (usize, usize, usize, usize)| {
        (0..9).map(|tap| value(b, c, 2 * i + tap / 3, 2 * j + tap % 3)).fold(f32::NEG_INFINITY, f32::max)
    };
    Array4::from_shape_fn((batch, channels, height.div_ceil(2), width.div_ceil(2)), cell).into_dyn()
}
