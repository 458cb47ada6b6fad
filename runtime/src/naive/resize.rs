//! Resampling, as PyTorch's `interpolate`.

use neckar_spec::program::{Resize, ResizeMode, Target};

use super::map::Map;
use crate::Error;

pub(super) fn run(resize: Resize, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    let from = [input.dims.height, input.dims.width];
    let to = crate::tensor::Dims::checked(shape)?;
    let to = [to.height, to.width];
    match resize.mode {
        ResizeMode::Nearest => {
            Map::from_fn(shape, |b, c, y, x| input.at(b, c, y * from[0] / to[0], x * from[1] / to[1]))
        }
        ResizeMode::Bilinear | ResizeMode::AlignCorners => Map::from_fn(shape, |b, c, y, x| {
            let (ys, xs) = (taps(resize, y, from[0], to[0]), taps(resize, x, from[1], to[1]));
            ys.iter().map(|&(y, v)| xs.iter().map(|&(x, w)| v * w * input.at(b, c, y, x)).sum::<f64>()).sum()
        }),
        ResizeMode::Bicubic | ResizeMode::BicubicAntialiased => Map::from_fn(shape, |b, c, y, x| {
            let (ys, xs) = (cubic(resize, y, from[0], to[0]), cubic(resize, x, from[1], to[1]));
            ys.iter().map(|&(y, v)| xs.iter().map(|&(x, w)| v * w * input.at(b, c, y, x)).sum::<f64>()).sum()
        }),
    }
}

/// Shares that are 0 but for rounding, whose cells are not read.
const NOTHING: f64 = 1e-12;

/// The cells that cell i of a cubic resize is made of, each with its share.
fn cubic(resize: Resize, i: usize, from: usize, to: usize) -> Vec<(usize, f64)> {
    let scale = match resize.target {
        Target::Factor(factor) => 1.0 / factor as f64,
        Target::Like => from as f64 / to as f64,
    };
    let place = (i as f64 + 0.5) * scale - 0.5;
    if resize.mode == ResizeMode::Bicubic {
        let first = place.floor() as i64 - 1;
        let cell = |at: i64| (at.clamp(0, from as i64 - 1) as usize, keys(-0.75, place - at as f64));
        return (first..first + 4).map(cell).collect();
    }
    let wide = scale.max(1.0);
    let shares: Vec<f64> = (0..from).map(|at| keys(-0.5, (place - at as f64) / wide)).collect();
    let total: f64 = shares.iter().sum();
    shares
        .into_iter()
        .enumerate()
        .filter(|(_, share)| share.abs() > NOTHING)
        .map(|(at, share)| (at, share / total))
        .collect()
}

/// Keys' cubic convolution kernel (IEEE TASSP 29, 1981, equation 15 with its parameter free).
fn keys(a: f64, distance: f64) -> f64 {
    let x = distance.abs();
    if x <= 1.0 {
        (a + 2.0) * x.powi(3) - (a + 3.0) * x.powi(2) + 1.0
    } else if x < 2.0 {
        a * (x.powi(3) - 5.0 * x.powi(2) + 8.0 * x - 4.0)
    } else {
        0.0
    }
}

/// The two cells that cell i of a linear resize lies between, each with its share.
fn taps(resize: Resize, i: usize, from: usize, to: usize) -> [(usize, f64); 2] {
    let i = i as f64;
    let place = match resize {
        Resize { mode: ResizeMode::AlignCorners, .. } if to == 1 => 0.0,
        Resize { mode: ResizeMode::AlignCorners, .. } => i * (from as f64 - 1.0) / (to as f64 - 1.0),
        Resize { target: Target::Factor(factor), .. } => (i + 0.5) / factor as f64 - 0.5,
        Resize { target: Target::Like, .. } => (i + 0.5) * from as f64 / to as f64 - 0.5,
    };
    let place = place.max(0.0);
    // Beyond the centre of the last cell both are this cell and share it, as in PyTorch: an infinity there stays one.
    let low = place.floor().min(from as f64 - 1.0);
    let share = place - low;
    [(low as usize, 1.0 - share), ((low as usize + 1).min(from - 1), share)]
}
