//! Resampling by the rules that the language leaves out, to recognise them in a reference.

use ndarray::{Array4, ArrayD, Ix4};

/// How an output cell comes of the cells around the place where it looks.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Linear between cells at i·in/out, as TensorFlow 1 did (ONNX: `asymmetric`).
    Asymmetric,
    /// The nearest of cells at (i + ½)·in/out − ½ (PyTorch: `nearest-exact`).
    HalfPixelNearest,
    /// The nearest of cells at i·(in − 1)/(out − 1).
    AlignedNearest,
    /// Keys' cubic of parameter −¾ over four cells at (i + ½)·in/out − ½, clamped at the borders (PyTorch: `bicubic`).
    Bicubic,
    /// A triangle as wide as the scale where it shrinks (PyTorch: `antialias=True`).
    Antialiased,
    /// The mean of cells ⌊i·in/out⌋ to ⌈(i + 1)·in/out⌉.
    Area,
}

/// `[B, C, H, W]` → `[B, C, rows, columns]`; other arrays stay as they are.
pub fn resample(x: &ArrayD<f32>, [rows, columns]: [usize; 2], rule: Rule) -> ArrayD<f32> {
    let Ok(x) = x.view().into_dimensionality::<Ix4>() else { return x.clone() };
    let (batch, channels, height, width) = x.dim();
    let taps = |from: usize, to: usize| (0..to).map(|i| rule.taps(i, from, to)).collect::<Vec<_>>();
    let [down, right] = [taps(height, rows), taps(width, columns)];
    let cell = |(b, c, i, j): (usize, usize, usize, usize)| {
        let row = |row: usize| right[j].iter().map(|&(j, share)| share * f64::from(x[[b, c, row, j]])).sum::<f64>();
        down[i].iter().map(|&(i, share)| share * row(i)).sum::<f64>() as f32
    };
    Array4::from_shape_fn((batch, channels, rows, columns), cell).into_dyn()
}

impl Rule {
    /// The source cells of output cell i, each with its share.
    fn taps(self, i: usize, from: usize, to: usize) -> Vec<(usize, f64)> {
        let scale = from as f64 / to as f64;
        let last = from as i64 - 1;
        let clamped = |place: i64| place.clamp(0, last) as usize;
        let centre = (i as f64 + 0.5) * scale - 0.5;
        match self {
            Rule::Asymmetric => {
                let place = i as f64 * scale;
                let first = place.floor() as i64;
                let share = place - place.floor();
                vec![(clamped(first), 1.0 - share), (clamped(first + 1), share)]
            }
            Rule::HalfPixelNearest => vec![(clamped((centre + 0.5).floor() as i64), 1.0)],
            Rule::AlignedNearest => {
                let place = if to == 1 { 0.0 } else { i as f64 * last as f64 / (to as f64 - 1.0) };
                vec![(clamped(place.round() as i64), 1.0)]
            }
            Rule::Bicubic => {
                let first = centre.floor() as i64 - 1;
                (first..first + 4).map(|at| (clamped(at), keys(centre - at as f64))).collect()
            }
            Rule::Antialiased => {
                // Windows end where the map does, and shares are of what is left.
                let reach = scale.max(1.0);
                let centre = centre + 0.5;
                let first = ((centre - reach + 0.5).floor() as i64).max(0);
                let end = ((centre + reach + 0.5).floor() as i64).min(last + 1);
                let shares: Vec<f64> =
                    (first..end).map(|at| (1.0 - ((at as f64 + 0.5 - centre) / reach).abs()).max(0.0)).collect();
                let sum: f64 = shares.iter().sum();
                (first..end).zip(shares).map(|(at, share)| (clamped(at), share / sum)).collect()
            }
            Rule::Area => {
                let (first, end) = (i * from / to, ((i + 1) * from).div_ceil(to));
                (first..end).map(|at| (at, 1.0 / (end - first) as f64)).collect()
            }
        }
    }
}

/// Keys' cubic convolution kernel (IEEE TASSP 29, 1981) with a = −¾.
fn keys(distance: f64) -> f64 {
    const A: f64 = -0.75;
    let x = distance.abs();
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    } else {
        0.0
    }
}
