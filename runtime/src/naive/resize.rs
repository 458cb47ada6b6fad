//! Resampling, as PyTorch's `interpolate` without antialiasing.

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
