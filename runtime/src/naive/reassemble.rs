//! Each cell the sum of the cells around its source, times a kernel of its own (arXiv 1905.02188, equation 2).

use super::map::Map;
use super::sum::{Count, Sum};
use crate::Error;

pub(super) fn run(kernel: usize, factor: usize, args: &[Map], shape: &[usize], count: &Count) -> Result<Map, Error> {
    let [input, kernels] = args else { unreachable!("a reassembly has two operands") };
    let reach = (kernel / 2) as isize;
    let (height, width) = (input.dims.height as isize, input.dims.width as isize);
    Map::from_fn(shape, |b, c, y, x| {
        let mut sum = Sum::of(None);
        for ky in -reach..=reach {
            for kx in -reach..=reach {
                let (row, column) = ((y / factor) as isize + ky, (x / factor) as isize + kx);
                if (0..height).contains(&row) && (0..width).contains(&column) {
                    let tap = (ky + reach) as usize * kernel + (kx + reach) as usize;
                    sum.add(kernels.at(b, tap, y, x) as f32, input.at(b, c, row as usize, column as usize));
                } else {
                    // What lies outside counts as work, but no kernel reaches it.
                    sum.add(0.0, 0.0);
                }
            }
        }
        sum.counted(count)
    })
}
