//! Between the channels-first arrays of the language and the channels-last maps of the kernels.

use std::fmt;
use std::ops::Range;

use super::simd::{BLOCK, Block, Isa, Simd, Square, Vectorised};
use super::{Destination, Threads};
use crate::tensor::{Dims, MapMut};

/// The order of a map's floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[B, H, W, C]`, as inside.
    ChannelsLast,
    /// `[B, C, H, W]`, as in the arrays of the language.
    ChannelsFirst,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layout::ChannelsLast => "NHWC",
            Layout::ChannelsFirst => "NCHW",
        })
    }
}

/// Writes a channels-first array channels-last.
pub(crate) fn import(isa: Isa, threads: &Threads, dims: Dims, from: &[f32], to: &mut [f32]) {
    let pixels = dims.height * dims.width;
    threads.rows(to, dims.channels, |first, rows| {
        isa.run(Transpose { from, matrix: [dims.channels, pixels], pitch: pixels, first, to: rows });
    });
}

/// Writes a channels-last map channels-first.
pub(crate) fn export(isa: Isa, threads: &Threads, dims: Dims, from: &[f32], to: &mut [f32]) {
    let pixels = dims.height * dims.width;
    // Whole groups of channels, so that no thread reads a part of a cache line.
    let group = if dims.channels.is_multiple_of(BLOCK) { BLOCK } else { 1 };
    threads.rows(to, group * pixels, |first, rows| {
        isa.run(Transpose {
            from,
            matrix: [pixels, dims.channels],
            pitch: dims.channels,
            first: group * first,
            to: rows,
        });
    });
}

/// Writes some rows of the transposes of a batch of matrices `[lines, columns]`; a transpose's rows have `lines` floats.
pub(crate) struct Transpose<'a> {
    pub from: &'a [f32],
    pub matrix: [usize; 2],
    /// Floats from a line to the next.
    pub pitch: usize,
    /// The first row, counted over all transposes.
    pub first: usize,
    pub to: &'a mut [f32],
}

impl Vectorised for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Four cache lines of each row: enough of a run for the memory, and 16 KiB on either side.
        const SIDE: usize = 4 * BLOCK;
        let Transpose { from, matrix: [lines, columns], pitch, first, to } = self;
        let rows = to.len() / lines;
        let mut done = 0;
        while done < rows {
            let (image, column) = ((first + done) / columns, (first + done) % columns);
            let width = SIDE.min(rows - done).min(columns - column);
            let from = &from[image * lines * pitch..][..(lines - 1) * pitch + columns];
            let to = &mut to[done * lines..][..width * lines];
            for line in (0..lines).step_by(SIDE) {
                let height = SIDE.min(lines - line);
                for x in (0..width).step_by(BLOCK) {
                    for y in (0..height).step_by(BLOCK) {
                        let size = [BLOCK.min(height - y), BLOCK.min(width - x)];
                        let from = &from[(line + y) * pitch + column + x..];
                        square(simd, from, pitch, &mut to[x * lines + line + y..], lines, size);
                    }
                }
            }
            done += width;
        }
    }
}

/// Transposes up to 16 × 16 floats through a square of its own, so that each cache line is read or written in one go: lines
/// whose distance is a multiple of 4 KiB, as in many maps, drive each other out of the first cache.
#[inline(always)]
fn square<S: Simd>(
    simd: S,
    from: &[f32],
    from_stride: usize,
    to: &mut [f32],
    to_stride: usize,
    [height, width]: [usize; 2],
) {
    let mut square: Square = [[0.0; BLOCK]; BLOCK];
    for (row, cells) in square[..height].iter_mut().zip(from.chunks(from_stride)) {
        match cells[..width].first_chunk() {
            Some(cells) => *row = *cells,
            None => row[..width].copy_from_slice(&cells[..width]),
        }
    }
    simd.transpose(&mut square);
    for (turned, cells) in square.iter().zip(to.chunks_mut(to_stride).take(width)) {
        match cells[..height].first_chunk_mut() {
            Some(cells) => *cells = *turned,
            None => cells[..height].copy_from_slice(&turned[..height]),
        }
    }
}

/// Copies some pixels of a channels-first map, sixteen side by side a channel, `[sixteen pixels][channel][16]`, and tells where
/// each starts.
#[inline(always)]
pub(crate) fn gather<S: Simd>(
    simd: S,
    data: &[f32],
    dims: Dims,
    pixels: Range<usize>,
    offsets: &mut [usize],
    to: &mut [f32],
) {
    let image = dims.height * dims.width;
    let group = dims.channels * BLOCK;
    for (i, offset) in offsets[..pixels.len()].iter_mut().enumerate() {
        *offset = i / BLOCK * group + i % BLOCK;
    }
    let mut pixel = pixels.start;
    while pixel < pixels.end {
        // Four lines of each channel at a time: enough of a run for the memory, few enough for the stores.
        const RUNS: usize = 4;
        let (first, within) = (pixel - pixels.start, pixel % image);
        let run = (RUNS * BLOCK - first % BLOCK).min(pixels.end - pixel).min(image - within);
        let mut from = pixel / image * dims.channels * image + within;
        for channel in 0..dims.channels {
            // The run of a channel some channels on, a page away, comes from memory meanwhile.
            const AHEAD: usize = 12;
            for line in 0..RUNS {
                simd.prefetch(data.as_ptr().wrapping_add(from + AHEAD * image + line * BLOCK));
            }
            let run = &data[from..from + run];
            let mut at = first;
            let (head, blocks) = run.split_at(run.len().min((BLOCK - at % BLOCK) % BLOCK));
            let place = |at: usize| at / BLOCK * group + channel * BLOCK + at % BLOCK;
            to[place(at)..][..head.len()].copy_from_slice(head);
            at += head.len();
            let (blocks, tail) = blocks.as_chunks::<BLOCK>();
            for block in blocks {
                simd.store(simd.load(block), &mut to[place(at)..]);
                at += BLOCK;
            }
            if !tail.is_empty() {
                to[place(at)..][..tail.len()].copy_from_slice(tail);
            }
            from += image;
        }
        pixel += run;
    }
}

/// A result that several threads write at once, each other channels or pixels of it.
pub(crate) struct Output<'a> {
    buffer: Destination<'a>,
    dims: Dims,
    layout: Layout,
    pitch: usize,
}

impl<'a> Output<'a> {
    /// Of a map of some sizes.
    pub(crate) fn new(map: MapMut<'a>, dims: Dims, layout: Layout) -> Output<'a> {
        Output { buffer: Destination::new(map.floats), dims, layout, pitch: map.pitch }
    }

    /// Writes up to a block of channels of a pixel of a channels-last map.
    ///
    /// # Safety
    /// No other thread writes these channels of the pixel while this object exists.
    #[inline(always)]
    pub(crate) unsafe fn pixel<S: Simd>(&self, simd: S, pixel: usize, [channel, width]: [usize; 2], block: S::V) {
        // SAFETY: as the caller promises.
        unsafe { self.buffer.write(simd, pixel * self.pitch + channel, width, block) };
    }

    /// Writes up to a block of channels of consecutive pixels, each every `stride`-th of a slice.
    ///
    /// # Safety
    /// No other thread writes these channels of the pixels while this object exists.
    #[inline(always)]
    pub(crate) unsafe fn pixels<S: Simd>(
        &self,
        simd: S,
        first: usize,
        channels: [usize; 2],
        blocks: &[Block],
        stride: usize,
    ) {
        match self.layout {
            Layout::ChannelsLast => {
                for (i, block) in blocks.iter().step_by(stride).enumerate() {
                    // SAFETY: as the caller promises.
                    unsafe { self.pixel(simd, first + i, channels, simd.load(block)) };
                }
            }
            Layout::ChannelsFirst => {
                let image = self.dims.height * self.dims.width;
                let count = blocks.len().div_ceil(stride);
                let mut done = 0;
                while done < count {
                    let pixel = first + done;
                    let run = BLOCK.min(count - done).min(image - pixel % image);
                    let mut square: Square = [[0.0; BLOCK]; BLOCK];
                    for (row, block) in square[..run].iter_mut().zip(blocks[done * stride..].iter().step_by(stride)) {
                        *row = *block;
                    }
                    simd.transpose(&mut square);
                    for (c, line) in square.iter().enumerate().take(channels[1]) {
                        let at = self.line(pixel / image, channels[0] + c) + pixel % image;
                        // SAFETY: as the caller promises.
                        unsafe { self.buffer.write(simd, at, run, simd.load(line)) };
                    }
                    done += run;
                }
            }
        }
    }

    /// Writes up to a block of channels of a tile of a map, of which `height` × `width` pixels lie inside; the tile is SIDE
    /// pixels wide and at most six.
    ///
    /// # Safety
    /// No other thread writes these channels of the tile's pixels while this object exists.
    #[inline(always)]
    pub(crate) unsafe fn tile<S: Simd, const SIDE: usize>(
        &self,
        simd: S,
        [batch, top, left]: [usize; 3],
        [height, width]: [usize; 2],
        channels: [usize; 2],
        blocks: &[Block],
    ) {
        if self.layout == Layout::ChannelsLast {
            for y in 0..height {
                let first = self.dims.pixel(batch, top + y, left);
                for x in 0..width {
                    // SAFETY: as the caller promises.
                    unsafe { self.pixel(simd, first + x, channels, simd.load(&blocks[y * SIDE + x])) };
                }
            }
            return;
        }
        // As many rows of the tile to a square as fit, so that none is cut.
        let rows = BLOCK / SIDE;
        for (i, blocks) in blocks.chunks(rows * SIDE).take(height.div_ceil(rows)).enumerate() {
            let mut square: Square = [[0.0; BLOCK]; BLOCK];
            square[..blocks.len()].copy_from_slice(blocks);
            simd.transpose(&mut square);
            for (c, line) in square.iter().enumerate().take(channels[1]) {
                let mut at = self.line(batch, channels[0] + c) + (top + i * rows) * self.dims.width + left;
                for row in line.as_chunks::<SIDE>().0.iter().take(rows.min(height - i * rows)) {
                    if width == SIDE {
                        // A copy of known length needs no call.
                        // SAFETY: as the caller promises.
                        unsafe { self.buffer.copy(at, row) };
                    } else {
                        // SAFETY: likewise.
                        unsafe { self.buffer.copy(at, &row[..width]) };
                    }
                    at += self.dims.width;
                }
            }
        }
    }

    /// Asks for the lines of a channels-first map that a tile will be written to, but for those where its left neighbour ends.
    #[inline(always)]
    pub(crate) fn expect<S: Simd, const SIDE: usize>(
        &self,
        simd: S,
        [batch, top, left]: [usize; 3],
        channels: [usize; 2],
    ) {
        if self.layout == Layout::ChannelsFirst {
            for channel in 0..channels[1] {
                let at = self.line(batch, channels[0] + channel) + top * self.dims.width + left + SIDE - 1;
                for y in 0..SIDE {
                    simd.prefetch(self.buffer.address(at + y * self.dims.width));
                }
            }
        }
    }

    /// Where a channel of an image starts in a channels-first map.
    fn line(&self, batch: usize, channel: usize) -> usize {
        (batch * self.dims.channels + channel) * self.dims.height * self.dims.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_last_and_back() {
        let threads = Threads::new(2).expect("two threads can be started");
        for [batch, channels, height, width] in
            [[1, 1, 1, 1], [2, 3, 4, 5], [3, 17, 33, 2], [1, 40, 3, 19], [2, 5, 7, 1], [1, 64, 40, 50]]
        {
            let dims = Dims { batch, height, width, channels };
            let array: Vec<f32> = (0..dims.len()).map(|i| i as f32).collect();
            let at = |b: usize, c: usize, pixel: usize| array[(b * channels + c) * height * width + pixel];
            let expected: Vec<f32> = (0..dims.len())
                .map(|i| at(i / (channels * height * width), i % channels, i / channels % (height * width)))
                .collect();
            for isa in Isa::all() {
                let mut inside = vec![0.0; array.len()];
                threads.enter(|| import(isa, &threads, dims, &array, &mut inside));
                assert_eq!(inside, expected, "{dims:?}");
                let mut back = vec![0.0; array.len()];
                threads.enter(|| export(isa, &threads, dims, &inside, &mut back));
                assert_eq!(back, array, "{dims:?}");
            }
        }
    }
}
