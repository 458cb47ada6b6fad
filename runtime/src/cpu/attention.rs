//! softmax(q·kᵀ/√d)·v for each head.
//!
//! The keys and values of a head are packed as the panels of a matrix product. A block of queries then has its scores with all
//! keys, their softmax, and the sums of the values, whose rows of scores are the left operand: no more than a block's scores
//! are held by a thread.

use std::ops::Range;

use super::gemm::{Left, accumulate, share};
use super::layout::{Layout, Output};
use super::simd::{BLOCK, Block, Simd, Vectorised, exponentials};
use super::{Task, Workspace};
use crate::plan::View;
use crate::tensor::{Dims, Map, MapMut};

/// Queries of a block.
const QUERIES: usize = 48;

/// An attention ready to run.
#[derive(Debug)]
pub(crate) struct Attention {
    heads: usize,
    /// Of queries, keys and values.
    dims: [Dims; 3],
    keys: View,
    values: View,
    to: Dims,
    /// Maps that the epilogue adds.
    addends: usize,
}

impl Attention {
    /// Of operands of some sizes, the second and third of which lie in the given places.
    pub(crate) fn new(heads: usize, dims: [Dims; 3], [keys, values]: [View; 2], to: Dims, addends: usize) -> Attention {
        Attention { heads, dims, keys, values, to, addends }
    }

    /// Channels of a head, of the keys and of the values.
    fn widths(&self) -> [usize; 2] {
        [1, 2].map(|operand| self.dims[operand].channels / self.heads)
    }

    /// Keys of an image.
    fn tokens(&self) -> usize {
        self.dims[1].height * self.dims[1].width
    }

    /// Keys in whole panels.
    fn padded(&self) -> usize {
        self.tokens().next_multiple_of(BLOCK)
    }

    /// Floats of the packed keys and of the packed values of a head.
    fn packed(&self) -> [usize; 2] {
        let [width, value_width] = self.widths();
        [self.padded() * width, self.tokens() * value_width.next_multiple_of(BLOCK)]
    }

    /// Offsets and floats that a thread needs, and floats that threads share.
    pub(crate) fn workspace(&self) -> [usize; 3] {
        let packed = self.dims[0].batch * self.heads * self.packed().iter().sum::<usize>();
        [QUERIES * (2 + self.addends), QUERIES * self.padded(), packed]
    }

    /// Runs it.
    pub(crate) fn run(&self, task: Task, workspaces: &mut [Workspace], shared: &mut [f32], queries: Map, out: MapMut) {
        let head = self.packed().iter().sum();
        let packed = &mut shared[..self.workspace()[2]];
        let [keys, values] = [self.keys, self.values].map(|view| task.reads.map(view));
        task.threads.rows(packed, head, |first, packed| {
            for (i, packed) in packed.chunks_exact_mut(head).enumerate() {
                self.pack(first + i, keys, values, packed);
            }
        });
        let packed = &*packed;
        let tokens = self.dims[0].height * self.dims[0].width;
        let blocks = tokens.div_ceil(QUERIES);
        let out = Output::new(out, self.to, Layout::ChannelsLast);
        task.threads.jobs(workspaces, self.dims[0].batch * self.heads * blocks, |job, workspace| {
            let (head_of_image, block) = (job / blocks, job % blocks);
            let within = share(tokens, blocks, block);
            let first = head_of_image / self.heads * tokens;
            task.isa.run(Job {
                attention: self,
                head: head_of_image % self.heads,
                queries: first + within.start..first + within.end,
                packed: &packed[head_of_image * head..][..head],
                data: queries,
                workspace,
                task,
                out: &out,
            });
        });
    }

    /// Packs a head of an image: keys `[panel of 16 keys][channel][16]`, values `[panel of 16 channels][key][16]`.
    fn pack(&self, head_of_image: usize, keys: Map, values: Map, packed: &mut [f32]) {
        let (image, head) = (head_of_image / self.heads, head_of_image % self.heads);
        let [width, value_width] = self.widths();
        let first = image * self.tokens();
        let (packed_keys, packed_values) = packed.split_at_mut(self.packed()[0]);
        packed_keys.fill(0.0);
        packed_values.fill(0.0);
        for token in 0..self.tokens() {
            let key = &keys.row(first + token)[head * width..][..width];
            let panel = &mut packed_keys[token / BLOCK * width * BLOCK..][..width * BLOCK];
            for (block, &x) in panel.chunks_exact_mut(BLOCK).zip(key) {
                block[token % BLOCK] = x;
            }
            let value = &values.row(first + token)[head * value_width..][..value_width];
            for (panel, value) in value.chunks(BLOCK).enumerate() {
                packed_values[(panel * self.tokens() + token) * BLOCK..][..value.len()].copy_from_slice(value);
            }
        }
    }
}

/// A block of queries against one head.
struct Job<'a> {
    attention: &'a Attention,
    head: usize,
    /// Pixels, counted over all images.
    queries: Range<usize>,
    packed: &'a [f32],
    data: Map<'a>,
    workspace: &'a mut Workspace,
    task: Task<'a>,
    out: &'a Output<'a>,
}

impl Vectorised for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Job { attention, head, queries, packed, data, workspace, task, out } = self;
        let [width, value_width] = attention.widths();
        let (tokens, padded, rows) = (attention.tokens(), attention.padded(), queries.len());
        let Workspace { offsets, floats: scores } = workspace;
        let (offsets, rest) = offsets.split_at_mut(QUERIES);
        let (score_offsets, starts) = rest.split_at_mut(QUERIES);
        for (i, query) in queries.clone().enumerate() {
            offsets[i] = query * data.pitch + head * width;
            score_offsets[i] = i * padded;
        }
        let starts = &mut starts[..rows * attention.addends];
        if attention.addends > 0 {
            for (query, starts) in queries.clone().zip(starts.chunks_exact_mut(attention.addends)) {
                task.finish.locate(query, starts);
            }
        }
        let (keys, values) = packed.split_at(attention.packed()[0]);
        let mut sums = [[0.0; BLOCK]; 2 * QUERIES];
        let left =
            |data, offsets, segment| Left { data, offsets, segments: 1, segment, spread: false, shift: 0, zeros: &[] };

        let query = left(data.floats, &*offsets, width);
        panels(simd, query, keys, width, &mut sums, rows, |panel, stride, sums| {
            for (i, block) in sums.iter().step_by(stride).enumerate() {
                scores[i * padded + panel * BLOCK..][..BLOCK].copy_from_slice(block);
            }
        });
        let scale = 1.0 / (width as f32).sqrt();
        let mut factors = [0.0; QUERIES];
        for (row, factor) in scores.chunks_exact_mut(padded).zip(&mut factors[..rows]) {
            *factor = 1.0 / exponentials(simd, &mut row[..tokens], scale);
        }
        let zero = simd.splat(0.0);
        let score = left(&*scores, &*score_offsets, tokens);
        panels(simd, score, values, tokens, &mut sums, rows, |panel, stride, sums| {
            for (block, &factor) in sums.iter_mut().step_by(stride).zip(&factors) {
                simd.store(simd.mul(simd.load(block), simd.splat(factor)), block);
            }
            let channels = [head * value_width + panel * BLOCK, BLOCK.min(value_width - panel * BLOCK)];
            let pixel = |row: usize| queries.start + row;
            // SAFETY: a job has its own pixels of a head's channels, and no two panels share a channel.
            unsafe { task.finish.write(simd, sums, stride, zero, channels, starts, out, pixel) };
        });
    }
}

/// The products of some rows with each panel, which are told with the number of the panel and the distance between its blocks.
#[inline(always)]
fn panels<S: Simd>(
    simd: S,
    left: Left,
    packed: &[f32],
    depth: usize,
    sums: &mut [Block],
    rows: usize,
    mut done: impl FnMut(usize, usize, &mut [Block]),
) {
    let panel = |index: usize| &packed[index * depth * BLOCK..][..depth * BLOCK];
    let count = packed.len() / (depth * BLOCK);
    let mut index = 0;
    while index < count {
        if S::TILE[1] == 2 && index + 1 < count {
            let sums = &mut sums[..2 * rows];
            accumulate::<S, 2>(simd, left, [panel(index), panel(index + 1)], false, &[], true, sums);
            done(index, 2, &mut sums[..]);
            done(index + 1, 2, &mut sums[1..]);
            index += 2;
        } else {
            let sums = &mut sums[..rows];
            accumulate::<S, 1>(simd, left, [panel(index)], false, &[], true, sums);
            done(index, 1, sums);
            index += 1;
        }
    }
}
