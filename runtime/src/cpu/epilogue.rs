//! What is done to each result before it is stored, applied to channels-last rows.

use std::sync::Arc;

use neckar_spec::program::Activation;

use super::layout::Output;
use super::resize::Nearest;
use super::simd::{self, BLOCK, Block, Isa, Simd, Vectorised};
use crate::plan::{Reads, View};
use crate::tensor::MapMut;

/// A step of an epilogue.
#[derive(Debug)]
pub(crate) enum Post {
    /// x·scale + shift.
    Affine(Arc<Affine>),
    /// An activation.
    Activation(Activation),
    /// x·factor.
    Scale(f32),
    /// Another map of as many channels is added.
    Add(Addend),
}

/// A factor and a summand a channel, with a block of zeros behind the last.
#[derive(Debug)]
pub(crate) struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Affine {
    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<f32>() * (self.scale.len() + self.shift.len())
    }

    /// Of (factor, summand) pairs.
    pub(crate) fn new(channels: impl Iterator<Item = (f64, f64)>) -> Affine {
        let (mut scale, mut shift): (Vec<f32>, Vec<f32>) =
            channels.map(|(scale, shift)| (scale as f32, shift as f32)).unzip();
        // A whole block can be read from any channel on.
        scale.extend([0.0; BLOCK]);
        shift.extend([0.0; BLOCK]);
        Affine { scale, shift }
    }
}

/// A map that is added.
#[derive(Debug)]
pub(crate) struct Addend {
    /// Where it lies.
    pub view: View,
    /// Which of its cells a cell of the result takes, where the sizes differ.
    pub resize: Option<Nearest>,
}

/// A step's epilogue with what it reads.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a> {
    posts: &'a [Post],
    reads: Reads<'a>,
}

impl<'a> Finish<'a> {
    /// Of the given steps.
    pub(crate) fn new(posts: &'a [Post], reads: Reads<'a>) -> Finish<'a> {
        Finish { posts, reads }
    }

    /// Where the row of a pixel starts in each map that is added.
    pub(crate) fn locate(&self, pixel: usize, starts: &mut [usize]) {
        let addends = self.posts.iter().filter_map(|post| match post {
            Post::Add(addend) => Some(addend),
            Post::Affine(_) | Post::Activation(_) | Post::Scale(_) => None,
        });
        for (start, addend) in starts.iter_mut().zip(addends) {
            *start = addend.pixel(pixel) * addend.view.pitch;
        }
    }

    /// Adds a bias and applies it to blocks of the same channels, every `stride`-th of a slice, of which `width` floats count,
    /// and writes each to the pixel that is told for its number; `starts` are those of each block.
    ///
    /// # Safety
    /// No other thread writes these channels of the pixels while the output exists.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "they describe some results, and are passed on once")]
    pub(crate) unsafe fn write<S: Simd>(
        &self,
        simd: S,
        blocks: &mut [Block],
        stride: usize,
        bias: S::V,
        channels: [usize; 2],
        starts: &[usize],
        out: &Output,
        pixel: impl Fn(usize) -> usize,
    ) {
        // What most convolutions have is one pass from the sums to the result. A macro, as closures are not always inlined into
        // what has the instruction set.
        macro_rules! pass {
            ($sum:ident, $i:ident, $result:expr) => {
                for ($i, block) in blocks.iter().step_by(stride).enumerate() {
                    let $sum = simd.add(simd.load(block), bias);
                    // SAFETY: as the caller promises.
                    unsafe { out.pixel(simd, pixel($i), channels, $result) };
                }
            };
        }
        macro_rules! other {
            ($place:expr, $i:expr) => {
                block(simd, &self.reads.get($place)[starts[$i] + channels[0]..][..channels[1]])
            };
        }
        let zero = simd.splat(0.0);
        match self.posts {
            [] => pass!(sum, i, sum),
            [Post::Activation(Activation::Relu)] => pass!(sum, i, simd.max(zero, sum)),
            [Post::Add(Addend { view, .. })] => pass!(sum, i, simd.add(sum, other!(view.place, i))),
            [Post::Add(Addend { view, .. }), Post::Activation(Activation::Relu)] => {
                pass!(sum, i, simd.max(zero, simd.add(sum, other!(view.place, i))));
            }
            _ => {
                self.blocks(simd, blocks, stride, bias, channels, starts);
                for (i, block) in blocks.iter().step_by(stride).enumerate() {
                    // SAFETY: as the caller promises.
                    unsafe { out.pixel(simd, pixel(i), channels, simd.load(block)) };
                }
            }
        }
    }

    /// As [`Finish::write`], with the results in place of the sums.
    #[inline(always)]
    pub(crate) fn blocks<S: Simd>(
        &self,
        simd: S,
        blocks: &mut [Block],
        stride: usize,
        bias: S::V,
        channels: [usize; 2],
        starts: &[usize],
    ) {
        for block in blocks.iter_mut().step_by(stride) {
            simd.store(simd.add(simd.load(block), bias), block);
        }
        self.steps(simd, blocks, stride, channels, starts);
    }

    /// Applies it to blocks of results, as [`Finish::write`] has them.
    ///
    /// Step by step over all blocks rather than block by block, so that those of a step overlap in the processor.
    #[inline(always)]
    pub(crate) fn steps<S: Simd>(
        &self,
        simd: S,
        blocks: &mut [Block],
        stride: usize,
        [channel, width]: [usize; 2],
        starts: &[usize],
    ) {
        let addends = starts.len() / blocks.len().div_ceil(stride);
        let mut addend = 0;
        for post in self.posts {
            match post {
                Post::Affine(affine) => {
                    let scale = simd.load(full(&affine.scale[channel..]));
                    let shift = simd.load(full(&affine.shift[channel..]));
                    for block in blocks.iter_mut().step_by(stride) {
                        simd.store(simd.mul_add(simd.load(block), scale, shift), block);
                    }
                }
                Post::Activation(activation) => {
                    for block in blocks.iter_mut().step_by(stride) {
                        simd.store(simd::activate(simd, *activation, simd.load(block)), block);
                    }
                }
                Post::Scale(factor) => {
                    let factor = simd.splat(*factor);
                    for block in blocks.iter_mut().step_by(stride) {
                        simd.store(simd.mul(simd.load(block), factor), block);
                    }
                }
                Post::Add(Addend { view, .. }) => {
                    let map = self.reads.get(view.place);
                    for (block, starts) in blocks.iter_mut().step_by(stride).zip(starts.chunks_exact(addends)) {
                        let row = &map[starts[addend] + channel..][..width];
                        simd.store(simd.add(simd.load(block), self::block(simd, row)), block);
                    }
                    addend += 1;
                }
            }
        }
    }

    /// Applies it to whole rows, the first of which belongs to pixel `first`.
    pub(crate) fn rows(&self, isa: Isa, first: usize, rows: MapMut) {
        if !self.posts.is_empty() {
            isa.run(Rows { finish: *self, first, rows });
        }
    }
}

impl Addend {
    /// The pixel that a pixel of the result takes.
    fn pixel(&self, pixel: usize) -> usize {
        match &self.resize {
            None => pixel,
            Some(nearest) => nearest.pixel(pixel),
        }
    }
}

/// Up to a block of floats, with zeros after their end.
#[inline(always)]
fn block<S: Simd>(simd: S, from: &[f32]) -> S::V {
    match from.first_chunk::<BLOCK>() {
        Some(from) => simd.load(from),
        None => simd.load(&simd::partial(from)),
    }
}

/// A whole block out of the padding that [`Affine`] gives its vectors.
#[inline(always)]
fn full(from: &[f32]) -> &Block {
    from.first_chunk().expect("a block can be read from any channel on")
}

struct Rows<'a, 'b> {
    finish: Finish<'a>,
    first: usize,
    rows: MapMut<'b>,
}

impl Vectorised for Rows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Rows { finish, first, mut rows } = self;
        for (i, row) in rows.rows().enumerate() {
            for post in finish.posts {
                let alone = Finish { posts: std::slice::from_ref(post), ..finish };
                let mut start = [0];
                let start = match post {
                    Post::Add(addend) => {
                        start[0] = addend.pixel(first + i) * addend.view.pitch;
                        &start[..]
                    }
                    Post::Affine(_) | Post::Activation(_) | Post::Scale(_) => &[],
                };
                let (blocks, rest) = row.as_chunks_mut::<BLOCK>();
                let tail = blocks.len() * BLOCK;
                for (j, block) in blocks.iter_mut().enumerate() {
                    alone.steps(simd, std::slice::from_mut(block), 1, [j * BLOCK, BLOCK], start);
                }
                if !rest.is_empty() {
                    let mut block = [simd::partial(rest)];
                    alone.steps(simd, &mut block, 1, [tail, rest.len()], start);
                    rest.copy_from_slice(&block[0][..rest.len()]);
                }
            }
        }
    }
}
