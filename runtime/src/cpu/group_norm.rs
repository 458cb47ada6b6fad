//! (x − mean) / √(var + eps) · γ + β with the statistics of an image's groups of channels.
//!
//! Blocks of pixels, the same for any number of threads, give the mean and the squared deviations of each channel, which are
//! joined to those of the groups (Chan, Golub and LeVeque, 1979); then each channel has a mean and a factor.

use std::ops::Range;
use std::sync::Arc;

use super::Task;
use super::epilogue::Affine;
use super::simd::{Simd, Vectorised};
use crate::tensor::{Dims, Map, MapMut};

/// Pixels of a block.
const PIXELS: usize = 256;

/// Channels whose sums are formed at once, in registers and the first cache.
const CHANNELS: usize = 64;

/// A group norm ready to run.
#[derive(Debug)]
pub(crate) struct GroupNorm {
    groups: usize,
    eps: f32,
    affine: Arc<Affine>,
    dims: Dims,
}

impl GroupNorm {
    /// Of maps of some sizes.
    pub(crate) fn new(groups: usize, eps: f32, affine: Arc<Affine>, dims: Dims) -> GroupNorm {
        GroupNorm { groups, eps, affine, dims }
    }

    /// Offsets and floats that a thread needs, and floats that threads share.
    pub(crate) fn workspace(&self) -> [usize; 3] {
        [0, 0, (self.dims.batch * (self.blocks() + 1)) * 2 * self.dims.channels]
    }

    /// Blocks of an image.
    fn blocks(&self) -> usize {
        (self.dims.height * self.dims.width).div_ceil(PIXELS)
    }

    /// The pixels of a block, counted over all images.
    fn pixels(&self, block: usize) -> Range<usize> {
        let image = self.dims.height * self.dims.width;
        let (start, within) = (block / self.blocks() * image, block % self.blocks() * PIXELS);
        start + within..start + (within + PIXELS).min(image)
    }

    /// Normalises a map.
    pub(crate) fn run(&self, task: Task, shared: &mut [f32], data: Map, out: MapMut) {
        let Dims { batch, channels, .. } = self.dims;
        let line = 2 * channels;
        let (moments, rest) = shared.split_at_mut(batch * self.blocks() * line);
        task.threads.rows(moments, line, |first, lines| {
            for (i, line) in lines.chunks_exact_mut(line).enumerate() {
                task.isa.run(Moments { data, pixels: self.pixels(first + i), to: line });
            }
        });
        let factors = &mut rest[..batch * line];
        for (image, factors) in factors.chunks_exact_mut(line).enumerate() {
            self.join(&moments[image * self.blocks() * line..], factors);
        }
        let factors = &*factors;
        let image = self.dims.height * self.dims.width;
        task.rows(out, |first, rows| {
            for (i, row) in rows.rows().enumerate() {
                let from = data.row(first + i);
                let (means, scales) = factors[(first + i) / image * line..][..line].split_at(channels);
                let each = from.iter().zip(means).zip(scales).zip(&self.affine.shift);
                for (result, (((x, mean), scale), shift)) in row.iter_mut().zip(each) {
                    *result = (x - mean) * scale + shift;
                }
            }
        });
    }

    /// The means and factors of an image's channels.
    fn join(&self, moments: &[f32], factors: &mut [f32]) {
        let channels = self.dims.channels;
        let group = channels / self.groups;
        let (own_means, scales) = factors.split_at_mut(channels);
        let blocks = || moments.chunks_exact(2 * channels).take(self.blocks()).enumerate();
        for first in (0..channels).step_by(group) {
            let own = first..first + group;
            let (mut count, mut sum) = (0.0, 0.0);
            for (block, line) in blocks() {
                let pixels = self.pixels(block).len() as f64;
                count += pixels * group as f64;
                sum += pixels * line[own.clone()].iter().map(|&mean| f64::from(mean)).sum::<f64>();
            }
            let mean = sum / count;
            let mut squares = 0.0;
            for (block, line) in blocks() {
                let pixels = self.pixels(block).len() as f64;
                let (means, deviations) = line.split_at(channels);
                for (&own, &deviation) in means[own.clone()].iter().zip(&deviations[own.clone()]) {
                    squares += f64::from(deviation) + pixels * (f64::from(own) - mean).powi(2);
                }
            }
            let factor = 1.0 / (squares / count + f64::from(self.eps)).sqrt();
            for channel in own {
                own_means[channel] = mean as f32;
                scales[channel] = (factor * f64::from(self.affine.scale[channel])) as f32;
            }
        }
    }
}

/// The mean of each channel over some pixels, then the sum of the squared deviations from it. It is plain Rust, but compiled
/// for the instruction set.
struct Moments<'a> {
    data: Map<'a>,
    pixels: Range<usize>,
    to: &'a mut [f32],
}

impl Vectorised for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Moments { data, pixels, to } = self;
        let count = pixels.len() as f64;
        let (means, deviations) = to.split_at_mut(data.channels);
        let chunks = means.chunks_mut(CHANNELS).zip(deviations.chunks_mut(CHANNELS)).enumerate();
        for (chunk, (means, deviations)) in chunks {
            let cells = |pixel: usize| &data.row(pixel)[chunk * CHANNELS..][..means.len()];
            // In f64 the difference of the two sums is exact enough whatever the mean.
            let (mut sums, mut squares) = ([0.0_f64; CHANNELS], [0.0_f64; CHANNELS]);
            for pixel in pixels.clone() {
                for ((sum, square), &x) in sums.iter_mut().zip(&mut squares).zip(cells(pixel)) {
                    let x = f64::from(x);
                    *sum += x;
                    *square += x * x;
                }
            }
            for (i, (mean, deviation)) in means.iter_mut().zip(deviations).enumerate() {
                *mean = (sums[i] / count) as f32;
                // Not `max(0.0)`, which would lose a NaN.
                let squared = squares[i] - sums[i] * sums[i] / count;
                *deviation = if squared < 0.0 { 0.0 } else { squared } as f32;
            }
        }
    }
}
