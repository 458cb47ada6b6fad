//! A convolution in which every channel sees only itself.

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

impl Vectorised for Rows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Rows { depthwise, data, first, rows } = self;
        let Depthwise { weights, windows: [vertical, horizontal], from, to, .. } = depthwise;
        let blocks = weights.bias.len();
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            for block in 0..blocks {
                let width = BLOCK.min(to.channels - block * BLOCK);
                let mut sum = simd.load(&weights.bias[block]);
                for ky in 0..vertical.kernel {
                    let y = (y * vertical.stride + ky * vertical.dilation).wrapping_sub(vertical.padding);
                    if y >= from.height {
                        continue;
                    }
                    for kx in 0..horizontal.kernel {
                        let x = (x * horizontal.stride + kx * horizontal.dilation).wrapping_sub(horizontal.padding);
                        if x >= from.width {
                            continue;
                        }
                        let cells = &data.row(from.pixel(batch, y, x))[block * BLOCK..][..width];
                        let cells = match cells.first_chunk::<BLOCK>() {
                            Some(cells) => simd.load(cells),
                            None => simd.load(&simd::partial(cells)),
                        };
                        let tap = ky * horizontal.kernel + kx;
                        sum = simd.mul_add(cells, simd.load(&weights.weights[tap * blocks + block]), sum);
                    }
                }
                let mut result = [0.0; BLOCK];
                simd.store(sum, &mut result);
                row[block * BLOCK..][..width].copy_from_slice(&result[..width]);
            }
        }
    }
}
