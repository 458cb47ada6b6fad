//! The transformed filters of a convolution.

use std::sync::Arc;

use super::points::Points;
use crate::cpu::Threads;
use crate::cpu::gemm::Panels;
use crate::cpu::simd::BLOCK;
use crate::tensor::Aligned;

/// Filters `[pair of panels][product][panel][input][16]`; the last pair may be a single panel.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Products along an axis: the inputs that a tile reads.
    pub products: usize,
    /// The panels that they are made of, whose biases are theirs.
    pub panels: Arc<Panels>,
    data: Aligned,
}

impl Filters {
    /// Transforms filters of 3 × 3 taps for so many products an axis, 4, 6 or 8.
    pub(crate) fn new(panels: Arc<Panels>, products: usize, threads: &Threads) -> Filters {
        let mut data = Aligned::zeros(Filters::len(&panels, products));
        let panel = products * products * panels.segment * BLOCK;
        threads.rows(&mut data, 2 * panel, |first, part| {
            for (pair, part) in part.chunks_mut(2 * panel).enumerate() {
                let first = 2 * (first + pair);
                let width = part.len() / panel;
                for p in 0..width {
                    match products {
                        4 => transform::<4>(&panels, first + p, part, [p, width]),
                        6 => transform::<6>(&panels, first + p, part, [p, width]),
                        _ => transform::<8>(&panels, first + p, part, [p, width]),
                    }
                }
            }
        });
        Filters { products, panels, data }
    }

    /// How many floats the filters of a convolution take.
    pub(crate) fn len(panels: &Panels, products: usize) -> usize {
        panels.count() * products * products * panels.segment * BLOCK
    }

    /// The columns `[input][16]` of a panel for a product, and what follows them.
    #[inline(always)]
    pub(super) fn columns(&self, panel: usize, product: usize) -> (&[f32], &[f32]) {
        let columns = self.panels.segment * BLOCK;
        let [pair, p] = [panel / 2, panel % 2];
        let width = (self.panels.count() - 2 * pair).min(2);
        let squares = self.products * self.products;
        self.data[((2 * pair * squares) + product * width + p) * columns..].split_at(columns)
    }
}

/// Writes the transform of a panel, one of `width`, into the pair's part.
fn transform<const N: usize>(panels: &Panels, panel: usize, part: &mut [f32], [p, width]: [usize; 2]) {
    let columns = panels.columns(panel);
    let inputs = panels.segment;
    for input in 0..inputs {
        for column in 0..BLOCK {
            let tap = |ky: usize, kx: usize| f64::from(columns[((3 * ky + kx) * inputs + input) * BLOCK + column]);
            let lines: [[f64; N]; 3] =
                std::array::from_fn(|ky| Points::<N>::filter(std::array::from_fn(|kx| tap(ky, kx))));
            for x in 0..N {
                let products = Points::<N>::filter(std::array::from_fn(|ky| lines[ky][x]));
                for (y, product) in products.into_iter().enumerate() {
                    part[(((y * N + x) * width + p) * inputs + input) * BLOCK + column] = product as f32;
                }
            }
        }
    }
}
