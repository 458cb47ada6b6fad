//! Which floats of the input each sum reads, and which pixel of the output it makes.

use std::ops::Range;

use neckar_spec::ops::formula::Window;

use crate::tensor::Dims;

/// Stands in a table of offsets for a tap that falls into the padding.
pub(super) const PADDING: usize = usize::MAX;

/// The rows of an implicit matrix product: one a window of the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(super) input: Dims,
    /// Windows along the rows and along the columns of the input.
    pub(super) grid: Dims,
    pub(super) windows: [Window; 2],
    /// How many rows and columns of the output a window makes: 1, or the stride of a transposed convolution.
    spread: usize,
}

impl Geometry {
    /// Of a convolution whose result has the sizes of `output`.
    pub(crate) fn convolution(input: Dims, output: Dims, windows: [Window; 2]) -> Geometry {
        Geometry { input, grid: output, windows, spread: 1 }
    }

    /// Of a matrix product over the channels of each pixel.
    pub(crate) fn pointwise(input: Dims) -> Geometry {
        Geometry::spreading(input, 1)
    }

    /// Of a transposed convolution whose stride is its kernel.
    pub(crate) fn spreading(input: Dims, spread: usize) -> Geometry {
        let window = Window { kernel: 1, stride: 1, padding: 0, dilation: 1 };
        Geometry { input, grid: input, windows: [window; 2], spread }
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.grid.pixels()
    }

    /// Taps of a window.
    pub(crate) fn taps(&self) -> usize {
        self.windows[0].kernel * self.windows[1].kernel
    }

    /// Writes where in the input, whose pixels are `pitch` floats apart, each tap of some rows reads its first channel.
    pub(super) fn offsets(&self, rows: Range<usize>, pitch: usize, offsets: &mut [usize]) {
        if self.windows.iter().all(|window| (window.kernel, window.stride, window.padding) == (1, 1, 0)) {
            // Many products are so small that even one division a row would show.
            rows.zip(offsets).for_each(|(row, offset)| *offset = row * pitch);
            return;
        }
        let [mut batch, mut y, mut x] = self.grid.position(rows.start);
        for (_, offsets) in rows.zip(offsets.chunks_exact_mut(self.taps())) {
            self.window([batch, y, x], pitch, offsets);
            x += 1;
            if x == self.grid.width {
                (x, y) = (0, y + 1);
            }
            if y == self.grid.height {
                (y, batch) = (0, batch + 1);
            }
        }
    }

    /// The offsets of one row.
    fn window(&self, [batch, y, x]: [usize; 3], pitch: usize, offsets: &mut [usize]) {
        let Dims { height, width, .. } = self.input;
        let [vertical, horizontal] = self.windows;
        let first = |window: Window, at: usize, size: usize| {
            let first = (at * window.stride).checked_sub(window.padding)?;
            (first + (window.kernel - 1) * window.dilation < size).then_some(first)
        };
        let mut taps = offsets.iter_mut();
        let mut next = || taps.next().expect("there is an offset for each tap");
        if let (Some(top), Some(left)) = (first(vertical, y, height), first(horizontal, x, width)) {
            let first = self.input.pixel(batch, top, left) * pitch;
            for ky in 0..vertical.kernel {
                let line = first + ky * vertical.dilation * width * pitch;
                (0..horizontal.kernel).for_each(|kx| *next() = line + kx * horizontal.dilation * pitch);
            }
            return;
        }
        for ky in 0..vertical.kernel {
            let y = (y * vertical.stride + ky * vertical.dilation).checked_sub(vertical.padding);
            for kx in 0..horizontal.kernel {
                let x = (x * horizontal.stride + kx * horizontal.dilation).checked_sub(horizontal.padding);
                *next() = match (y, x) {
                    (Some(y), Some(x)) if y < height && x < width => self.input.pixel(batch, y, x) * pitch,
                    _ => PADDING,
                };
            }
        }
    }

    /// The pixel of the output that a row makes, of a transposed convolution by the given tap.
    pub(super) fn pixel(&self, row: usize, tap: usize) -> usize {
        if self.spread == 1 {
            return row;
        }
        let [batch, y, x] = self.grid.position(row);
        let y = (batch * self.grid.height + y) * self.spread + tap / self.spread;
        y * self.grid.width * self.spread + x * self.spread + tap % self.spread
    }
}
