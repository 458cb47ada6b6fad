//! Each cell the sum of the cells around its source, times a kernel of its own (arXiv 1905.02188, equation 2).

use super::map::Map;
use crate::Error;

pub(super) fn run(kernel: usize, factor: usize, input: &Map, kernels: &Map, shape: &[usize]) -> Result<Map, Error> {
    let reach = (kernel / 2) as isize;
    let (height, width) = (input.dims.height as isize, input.dims.width as isize);
    Map::from_fn(shape, |b, c, y, x| {
        let mut sum = 0.0;
        for ky in -reach..=reach {
            for kx in -reach..=reach {
                let (row, column) = ((y / factor) as isize + ky, (x / factor) as isize + kx);
                if (0..height).contains(&row) && (0..width).contains(&column) {
                    let tap = (ky + reach) as usize * kernel + (kx + reach) as usize;
                    sum += kernels.at(b, tap, y, x) * input.at(b, c, row as usize, column as usize);
                }
            }
        }
        sum
    })
}
