//! Each pixel the sum of the pixels around its source, times a kernel of its own.

use std::ops::Range;

use super::Task;
use super::simd::{self, BLOCK, Simd, Vectorised};
use crate::plan::View;
use crate::tensor::{Dims, Map, MapMut};

/// A reassembly ready to run.
#[derive(Debug)]
pub(crate) struct Reassemble {
    /// Rows and columns of the kernels.
    pub kernel: usize,
    pub factor: usize,
    pub kernels: View,
    pub from: Dims,
}

impl Reassemble {
    /// Runs it.
    pub(crate) fn run(&self, task: Task, data: Map, out: MapMut) {
        let kernels = task.reads.map(self.kernels);
        task.rows(out, |first, rows| task.isa.run(Rows { reassemble: self, data, kernels, first, rows }));
    }
}

struct Rows<'a, 'b> {
    reassemble: &'a Reassemble,
    data: Map<'a>,
    kernels: Map<'a>,
    first: usize,
    rows: &'a mut MapMut<'b>,
}

/// Results of one source that are summed at once, so that each pixel around it is loaded once for all of them.
const TOGETHER: usize = 2;

impl Vectorised for Rows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let Rows { reassemble: &Reassemble { factor, from, .. }, first, .. } = self;
        let to = Dims { height: from.height * factor, width: from.width * factor, ..from };
        let count = self.rows.floats.len().div_ceil(self.rows.pitch);
        let mut done = 0;
        while done < count {
            let [batch, y, x] = to.position(first + done);
            // The results that are left of a source.
            let siblings = (factor - x % factor).min(count - done);
            let source = [batch, y / factor, x / factor];
            if siblings >= TOGETHER {
                self.pixels::<S, TOGETHER>(simd, source, done);
                done += TOGETHER;
            } else {
                self.pixels::<S, 1>(simd, source, done);
                done += 1;
            }
        }
    }
}

impl Rows<'_, '_> {
    /// Sums neighbouring results of one source, the first of which is so many behind the first of all.
    #[inline(always)]
    fn pixels<S: Simd, const N: usize>(&mut self, simd: S, [batch, y, x]: [usize; 3], at: usize) {
        let Reassemble { kernel, from, .. } = *self.reassemble;
        let reach = kernel / 2;
        let inside = |at: usize, size: usize| at.saturating_sub(reach)..(at + reach + 1).min(size);
        let (ys, xs): (Range<usize>, Range<usize>) = (inside(y, from.height), inside(x, from.width));
        let kernels: [&[f32]; N] = std::array::from_fn(|i| self.kernels.row(self.first + at + i));
        let channels = self.data.channels;
        for channel in (0..channels).step_by(BLOCK) {
            let width = BLOCK.min(channels - channel);
            let mut sums = [simd.splat(0.0); N];
            for row in ys.clone() {
                let taps = (row + reach - y) * kernel + reach;
                for column in xs.clone() {
                    let start = from.pixel(batch, row, column) * self.data.pitch + channel;
                    let cells = match width {
                        BLOCK => simd.load(&self.data.floats[start..]),
                        width => simd.load(&simd::partial(&self.data.floats[start..][..width])),
                    };
                    for (sum, kernel) in sums.iter_mut().zip(kernels) {
                        *sum = simd.mul_add(simd.splat(kernel[taps + column - x]), cells, *sum);
                    }
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                let to = &mut self.rows.floats[(at + i) * self.rows.pitch + channel..];
                match width {
                    BLOCK => simd.store(sum, to),
                    width => {
                        let mut block = [0.0; BLOCK];
                        simd.store(sum, &mut block);
                        to[..width].copy_from_slice(&block[..width]);
                    }
                }
            }
        }
    }
}
