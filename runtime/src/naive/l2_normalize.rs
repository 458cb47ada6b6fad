//! Each vector along the channels divided by max(its Euclidean norm, eps).

use super::map::Map;
use crate::Error;

pub(super) fn run(eps: f32, input: &Map, shape: &[usize]) -> Result<Map, Error> {
    Map::from_fn(shape, |b, c, y, x| {
        let norm = (0..input.dims.channels).map(|i| input.at(b, i, y, x).powi(2)).sum::<f64>().sqrt();
        let divisor = if norm.is_nan() { norm } else { norm.max(f64::from(eps)) };
        input.at(b, c, y, x) / divisor
    })
}
