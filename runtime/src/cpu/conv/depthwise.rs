//! A convolution in which every channel sees only itself.

use std::ops::Range;
use std::sync::Arc;

use neckar_spec::ops::formula::Window;
use neckar_spec::program::Convolution;

use crate::cpu::Task;
use crate::cpu::simd::{self, BLOCK, Block, Simd, Vectorised};
use crate::tensor::{Dims, Map, MapMut};

/// Weights `[tap][channel]` and biases, both padded to whole blocks of channels.
#[derive(Debug)]
pub(crate) struct Taps {
    weights: Vec<Block>,
    bias: Vec<Block>,
}

impl Taps {
    /// Packs a weight `[C, 1, kh, kw]`.
    pub(crate) fn pack(conv: &Convolution, weight: &[f32], bias: Option<&[f32]>, fold: Option<&[(f64, f64)]>) -> Taps {
        let taps = conv.kernel[0] * conv.kernel[1];
        let blocks = conv.channels.div_ceil(BLOCK);
        let mut packed = Taps { weights: vec![[0.0; BLOCK]; taps * blocks], bias: vec![[0.0; BLOCK]; blocks] };
        for channel in 0..conv.channels {
            let (scale, shift) = fold.map_or((1.0, 0.0), |fold| fold[channel]);
            let (block, lane) = (channel / BLOCK, channel % BLOCK);
            for tap in 0..taps {
                let w = f64::from(weight[channel * taps + tap]) * scale;
                packed.weights[tap * blocks + block][lane] = w as f32;
            }
            let bias = bias.map_or(0.0, |bias| f64::from(bias[channel]));
            packed.bias[block][lane] = (bias * scale + shift) as f32;
        }
        packed
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Block>() * (self.weights.len() + self.bias.len())
    }
}

/// A depthwise convolution ready to run.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub weights: Arc<Taps>,
    pub windows: [Window; 2],
    pub from: Dims,
    pub to: Dims,
}

impl Depthwise {
    /// Runs it.
    pub(crate) fn run(&self, task: Task, data: Map, out: MapMut) {
        task.rows(out, |first, rows| task.isa.run(Rows { depthwise: self, data, first, rows }));
    }
}

struct Rows<'a, 'b> {
    depthwise: &'a Depthwise,
    data: Map<'a>,
    first: usize,
    rows: &'a mut MapMut<'b>,
}

/// Neighbouring results that are summed at once: each tap's weights are loaded once for all of them, and their sums stay in
/// registers.
const TOGETHER: usize = 4;

impl Vectorised for Rows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Rows { depthwise, data, first, rows } = self;
        let to = &depthwise.to;
        let count = rows.floats.len().div_ceil(rows.pitch);
        let mut done = 0;
        while done < count {
            let [batch, y, x] = to.position(first + done);
            let line = Line { depthwise, data: &data, batch, y, pitch: rows.pitch };
            let xs = x..to.width.min(x + count - done);
            let floats = &mut rows.floats[done * rows.pitch..];
            done += xs.len();
            line.run(simd, xs, floats);
        }
    }
}

/// Results of one line of the map.
struct Line<'a> {
    depthwise: &'a Depthwise,
    data: &'a Map<'a>,
    batch: usize,
    y: usize,
    /// Floats between the results of neighbouring pixels.
    pitch: usize,
}

impl Line<'_> {
    /// Computes the results at `xs` into floats that begin with the first of them.
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, xs: Range<usize>, floats: &mut [f32]) {
        let Depthwise { windows: [_, window], from, .. } = self.depthwise;
        // Where the window lies inside of the map.
        let reach = (window.kernel - 1) * window.dilation;
        let inner_end = (from.width + window.padding).checked_sub(reach + 1).map_or(0, |last| last / window.stride + 1);
        let inner_end = inner_end.clamp(xs.start, xs.end);
        let inner_start = window.padding.div_ceil(window.stride).clamp(xs.start, inner_end);
        let at = |x: usize| (x - xs.start) * self.pitch;
        for x in xs.start..inner_start {
            self.pixels::<S, 1>(simd, x, &mut floats[at(x)..]);
        }
        let mut x = inner_start;
        while x + TOGETHER <= inner_end {
            self.pixels::<S, TOGETHER>(simd, x, &mut floats[at(x)..]);
            x += TOGETHER;
        }
        for x in x..xs.end {
            self.pixels::<S, 1>(simd, x, &mut floats[at(x)..]);
        }
    }

    /// Computes neighbouring results; of several the windows lie inside of the map along the line.
    #[inline(always)]
    fn pixels<S: Simd, const N: usize>(&self, simd: S, x: usize, floats: &mut [f32]) {
        let Depthwise { weights, windows: [vertical, horizontal], from, to, .. } = self.depthwise;
        let blocks = weights.bias.len();
        for block in 0..blocks {
            let channel = block * BLOCK;
            let width = BLOCK.min(to.channels - channel);
            let mut sums = [simd.load(&weights.bias[block]); N];
            for ky in 0..vertical.kernel {
                let y = (self.y * vertical.stride + ky * vertical.dilation).wrapping_sub(vertical.padding);
                if y >= from.height {
                    continue;
                }
                let line = from.pixel(self.batch, y, 0);
                for kx in 0..horizontal.kernel {
                    let x = (x * horizontal.stride + kx * horizontal.dilation).wrapping_sub(horizontal.padding);
                    if x >= from.width {
                        continue;
                    }
                    let weight = simd.load(&weights.weights[(ky * horizontal.kernel + kx) * blocks + block]);
                    let start = (line + x) * self.data.pitch + channel;
                    for (i, sum) in sums.iter_mut().enumerate() {
                        let start = start + i * horizontal.stride * self.data.pitch;
                        let cells = match width {
                            BLOCK => simd.load(&self.data.floats[start..start + BLOCK]),
                            width => simd.load(&simd::partial(&self.data.floats[start..start + width])),
                        };
                        *sum = simd.mul_add(cells, weight, *sum);
                    }
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                let result = &mut floats[i * self.pitch + channel..][..width];
                match width {
                    BLOCK => simd.store(sum, result),
                    width => {
                        let mut block = [0.0; BLOCK];
                        simd.store(sum, &mut block);
                        result.copy_from_slice(&block[..width]);
                    }
                }
            }
        }
    }
}
