//! Winograd's convolution: 3 × 3 taps at stride 1 with fewer multiplications, for `fast` numerics.
//!
//! A tile of m × m results is made of n × n inputs, n = m + 2: both go through a transform (`points`), and between them
//! every one of the n² products is a matrix product over the channels. A block of tiles is transformed, multiplied and
//! transformed back by one thread while it lies in its caches. Where there are too few tiles for that, threads transform
//! tiles together first and then share the output channels.

mod filters;
mod points;

use std::array;
use std::ops::Range;
use std::sync::Arc;

pub(crate) use filters::Filters;

use crate::cpu::destination::Destination;
use crate::cpu::gemm::{Left, accumulate, share};
use crate::cpu::layout::{Layout, Output};
use crate::cpu::simd::{self, BLOCK, Block, Simd, Vectorised};
use crate::cpu::{Task, Workspace};
use crate::tensor::{Dims, Map, MapMut};
use points::Points;

/// The most products an axis.
const MOST: usize = 8;

/// Stands in a table of offsets for an input in the padding.
const PADDING: usize = usize::MAX;

/// Tiles of a block: few enough for the transformed inputs of 256 channels to fill the second cache about, and enough to
/// make something of the filters, which come from the third.
const TILES: usize = 32;

/// Tiles of a block below which the sums of a product would not fill the registers.
const FEWEST_TILES: usize = 8;

/// Floats of filters that each thread may as well read for itself, 512 KiB: it waits for no other then.
const NEAR_FILTERS: usize = 128 * 1024;

/// Whether it computes a convolution of these attributes.
pub(crate) fn suits(kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2], groups: usize) -> bool {
    (kernel, stride, dilation, groups) == ([3, 3], [1, 1], [1, 1], 1)
}

/// A convolution ready to run.
#[derive(Debug)]
pub(crate) struct Winograd {
    filters: Arc<Filters>,
    from: Dims,
    to: Dims,
    padding: [usize; 2],
    /// Of the result.
    layout: Layout,
    addends: usize,
    /// Rows and columns of tiles.
    tiles: [usize; 2],
    /// Tiles of a block.
    block: usize,
}

impl Winograd {
    /// Prepares one for so many threads.
    pub(crate) fn new(
        filters: Arc<Filters>,
        [from, to]: [Dims; 2],
        padding: [usize; 2],
        layout: Layout,
        addends: usize,
        threads: usize,
    ) -> Winograd {
        let results = filters.products - 2;
        let tiles = [to.height.div_ceil(results), to.width.div_ceil(results)];
        let count = to.batch * tiles[0] * tiles[1];
        let near = Filters::len(&filters.panels, filters.products) <= NEAR_FILTERS;
        let block = match count <= TILES {
            true if near => count.div_ceil(threads).max(FEWEST_TILES).min(count),
            true => count,
            // As many blocks for each thread, all of them alike.
            false => count.div_ceil(count.div_ceil(TILES).next_multiple_of(threads)),
        };
        Winograd { filters, from, to, padding, layout, addends, tiles, block }
    }

    fn count(&self) -> usize {
        self.to.batch * self.tiles[0] * self.tiles[1]
    }

    /// Whether threads share the transformed inputs.
    fn shares(&self, threads: usize) -> bool {
        threads > 1 && self.block == self.count()
    }

    /// Floats from the transformed inputs of one product to those of the next: a line more than they take, as streams
    /// that are multiples of 4 KiB apart would drive each other out of the first cache.
    fn input_stride(&self) -> usize {
        self.block * self.channels() + BLOCK
    }

    /// Input channels of a tile, padded.
    fn channels(&self) -> usize {
        self.from.channels.next_multiple_of(BLOCK)
    }

    fn inputs_len(&self) -> usize {
        self.filters.products.pow(2) * self.input_stride()
    }

    /// Floats of the products of a block for two panels.
    fn products_len(&self) -> usize {
        self.filters.products.pow(2) * (2 * self.block + 1) * BLOCK
    }

    /// What it is called: by the results of a tile.
    pub(crate) fn name(&self) -> &'static str {
        match self.filters.products {
            4 => "winograd 2x2",
            6 => "winograd 4x4",
            _ => "winograd 6x6",
        }
    }

    /// Offsets and floats that a thread needs, and floats that threads share.
    pub(crate) fn workspace(&self, threads: usize) -> [usize; 3] {
        let results = (self.filters.products - 2).pow(2);
        let offsets = self.block * (1 + results * self.addends);
        match self.shares(threads) {
            true => [offsets, self.products_len(), self.inputs_len()],
            false => [offsets, self.inputs_len() + self.products_len(), 0],
        }
    }

    /// Runs it.
    pub(crate) fn run(&self, task: Task, workspaces: &mut [Workspace], shared: &mut [f32], data: Map, out: MapMut) {
        let out = Output::new(out, self.to, self.layout);
        let panels = self.filters.panels.count();
        if self.shares(task.threads.count()) {
            let inputs = Destination::new(&mut shared[..self.inputs_len()]);
            let groups = self.block.div_ceil(2);
            task.threads.jobs(workspaces, groups, |group, _| {
                let tiles = share(self.block, groups, group);
                task.isa.run(Transform { winograd: self, data, first: 0, tiles, inputs: &inputs });
            });
            let inputs = &shared[..self.inputs_len()];
            let pairs = panels.div_ceil(2);
            task.threads.jobs(workspaces, pairs, |pair, Workspace { offsets, floats }| {
                let panels = 2 * pair..panels.min(2 * pair + 2);
                task.isa.run(Multiply {
                    winograd: self,
                    task,
                    tiles: 0..self.block,
                    panels,
                    inputs,
                    products: &mut floats[..self.products_len()],
                    offsets,
                    out: &out,
                });
            });
            return;
        }
        let blocks = self.count().div_ceil(self.block);
        task.threads.jobs(workspaces, blocks, |block, Workspace { offsets, floats }| {
            let tiles = share(self.count(), blocks, block);
            let (inputs, products) = floats.split_at_mut(self.inputs_len());
            let transformed = Destination::new(inputs);
            let first = tiles.start;
            let range = 0..tiles.len();
            task.isa.run(Transform { winograd: self, data, first, tiles: range, inputs: &transformed });
            let products = &mut products[..self.products_len()];
            task.isa.run(Multiply {
                winograd: self,
                task,
                tiles,
                panels: 0..panels,
                inputs,
                products,
                offsets,
                out: &out,
            });
        });
    }

    /// The image and the first result of a tile.
    fn tile(&self, tile: usize) -> [usize; 3] {
        let results = self.filters.products - 2;
        let [rows, columns] = self.tiles;
        let line = tile / columns;
        [line / rows, line % rows * results, tile % columns * results]
    }
}

/// Transforms the inputs of some tiles of a block that begins with tile `first`.
struct Transform<'a> {
    winograd: &'a Winograd,
    data: Map<'a>,
    first: usize,
    tiles: Range<usize>,
    inputs: &'a Destination<'a>,
}

impl Vectorised for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.winograd.filters.products {
            4 => self.tiles::<S::Part, 4>(simd.part()),
            6 => self.tiles::<S::Part, 6>(simd.part()),
            _ => self.tiles::<S::Part, MOST>(simd.part()),
        }
    }
}

impl Transform<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const N: usize>(self, simd: S) {
        let Transform { winograd, data, first, tiles, inputs } = self;
        let channels = winograd.from.channels;
        let whole = channels / S::LANES * S::LANES;
        for index in tiles {
            let offsets = winograd.offsets::<N>(first + index, data.pitch);
            let to = index * winograd.channels();
            for channel in (0..whole).step_by(S::LANES) {
                let cell = |y: usize, x: usize| match offsets[y][x] {
                    PADDING => simd.splat(0.0),
                    offset => simd.load(&data.floats[offset + channel..]),
                };
                winograd.transform::<S, N>(simd, cell, inputs, to + channel);
            }
            if whole < channels && simd::is_narrow::<S>(channels - whole) {
                let half = simd.half();
                let cell = |y: usize, x: usize| match offsets[y][x] {
                    PADDING => half.splat(0.0),
                    offset => half.load(&simd::partial(&data.floats[offset + whole..offset + channels])),
                };
                winograd.transform::<S::Half, N>(half, cell, inputs, to + whole);
            } else if whole < channels {
                let cell = |y: usize, x: usize| match offsets[y][x] {
                    PADDING => simd.splat(0.0),
                    offset => simd.load(&simd::partial(&data.floats[offset + whole..offset + channels])),
                };
                winograd.transform::<S, N>(simd, cell, inputs, to + whole);
            }
        }
    }
}

impl Winograd {
    /// Where each input of a tile starts.
    fn offsets<const N: usize>(&self, tile: usize, pitch: usize) -> [[usize; N]; N] {
        let Dims { height, width, .. } = self.from;
        let [batch, top, left] = self.tile(tile);
        array::from_fn(|y| {
            array::from_fn(|x| {
                let y = (top + y).wrapping_sub(self.padding[0]);
                let x = (left + x).wrapping_sub(self.padding[1]);
                if y < height && x < width { self.from.pixel(batch, y, x) * pitch } else { PADDING }
            })
        })
    }

    /// Transforms one vector of channels of a tile.
    #[inline(always)]
    fn transform<S: Simd, const N: usize>(
        &self,
        simd: S,
        cell: impl Fn(usize, usize) -> S::V,
        inputs: &Destination,
        to: usize,
    ) {
        let mut columns = [[simd.splat(0.0); N]; N];
        for (x, column) in columns.iter_mut().enumerate() {
            // Loops rather than `array::from_fn`: its closures are not always inlined into what has the instruction set.
            for (y, value) in column.iter_mut().enumerate() {
                *value = cell(y, x);
            }
            *column = Points::<N>::input(simd, *column);
        }
        let stride = self.input_stride();
        for y in 0..N {
            let mut row = columns[0];
            for x in 0..N {
                row[x] = columns[x][y];
            }
            for (x, value) in Points::<N>::input(simd, row).into_iter().enumerate() {
                // SAFETY: each tile is transformed by one job, and a vector of its channels by one call.
                unsafe { inputs.store(simd, value, (y * N + x) * stride + to) };
            }
        }
    }
}

/// Multiplies a block of tiles with some panels and writes the results.
struct Multiply<'a> {
    winograd: &'a Winograd,
    task: Task<'a>,
    tiles: Range<usize>,
    panels: Range<usize>,
    inputs: &'a [f32],
    products: &'a mut [f32],
    offsets: &'a mut [usize],
    out: &'a Output<'a>,
}

impl Vectorised for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.winograd.filters.products {
            4 => self.panels::<S, 4>(simd),
            6 => self.panels::<S, 6>(simd),
            _ => self.panels::<S, MOST>(simd),
        }
    }
}

impl Multiply<'_> {
    #[inline(always)]
    fn panels<S: Simd, const N: usize>(self, simd: S) {
        let Multiply { winograd, task, tiles, panels, inputs, products, offsets, out } = self;
        let &Winograd { ref filters, addends, .. } = winograd;
        let (starts, addend_starts) = offsets.split_at_mut(tiles.len());
        for (i, start) in starts.iter_mut().enumerate() {
            *start = i * winograd.channels();
        }
        if addends > 0 {
            winograd.locate::<N>(task, tiles.clone(), addend_starts);
        }
        let products = products.as_chunks_mut::<BLOCK>().0;
        let stride = 2 * winograd.block + 1;
        let mut index = panels.start;
        while index < panels.end {
            // Pairs of panels are packed together, so only the first of one begins a pair.
            let paired = S::TILE[1] == 2 && index % 2 == 0 && index + 1 < panels.end;
            let width = if paired { 2 } else { 1 };
            let narrow = simd::is_narrow::<S>(filters.panels.panel(index + width - 1).width);
            for product in 0..N * N {
                let left = Left {
                    data: inputs,
                    offsets: starts,
                    segments: 1,
                    segment: winograd.from.channels,
                    spread: false,
                    shift: product * winograd.input_stride(),
                    zeros: &[],
                };
                let sums = &mut products[product * stride..][..width * tiles.len()];
                let (first, rest) = filters.columns(index, product);
                match paired {
                    true => {
                        let (second, rest) = rest.split_at(first.len());
                        let next = &rest[..rest.len().min(2 * first.len())];
                        accumulate(simd, left, [first, second], narrow, next, true, sums);
                    }
                    false => {
                        let next = &rest[..rest.len().min(first.len())];
                        accumulate(simd, left, [first], narrow, next, true, sums);
                    }
                }
            }
            for p in 0..width {
                for (i, tile) in tiles.clone().enumerate() {
                    let results = (N - 2) * (N - 2);
                    let starts = &addend_starts[i * results * addends..][..results * addends];
                    if tile + 1 < tiles.end {
                        let channels = [filters.panels.panel(index + p).channel, filters.panels.panel(index + p).width];
                        let at = winograd.tile(tile + 1);
                        match N {
                            4 => out.expect::<S, 2>(simd, at, channels),
                            6 => out.expect::<S, 4>(simd, at, channels),
                            _ => out.expect::<S, 6>(simd, at, channels),
                        }
                    }
                    let block = |product: usize| &products[product * stride + i * width + p];
                    winograd.finish::<S, N>(simd, task, tile, index + p, block, starts, out);
                }
            }
            index += width;
        }
    }
}

impl Winograd {
    /// Where the row of each result of some tiles starts in each map that is added.
    fn locate<const N: usize>(&self, task: Task, tiles: Range<usize>, starts: &mut [usize]) {
        let mut starts = starts.chunks_exact_mut(self.addends);
        for tile in tiles {
            let [batch, top, left] = self.tile(tile);
            for y in top..top + N - 2 {
                for x in left..left + N - 2 {
                    let starts = starts.next().expect("there is a start for each result of each tile");
                    match y < self.to.height && x < self.to.width {
                        true => task.finish.locate(self.to.pixel(batch, y, x), starts),
                        // Not written, but the epilogue is applied to the whole tile.
                        false => starts.fill(0),
                    }
                }
            }
        }
    }

    /// Transforms the products of a tile for a panel, applies the epilogue and writes the results.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "they are one tile's, and a struct of them would be used once")]
    fn finish<'m, S: Simd, const N: usize>(
        &self,
        simd: S,
        task: Task,
        tile: usize,
        index: usize,
        block: impl Fn(usize) -> &'m Block,
        starts: &[usize],
        out: &Output,
    ) {
        let panel = self.filters.panels.panel(index);
        let bias = self.filters.panels.bias(index);
        let mut results = [[0.0; BLOCK]; (MOST - 2) * (MOST - 2)];
        let results = &mut results[..(N - 2) * (N - 2)];
        if simd::is_narrow::<S>(panel.width) {
            transform_back::<S::Half, N>(simd.half(), 0, bias, &block, results);
        } else {
            for lane in (0..BLOCK).step_by(<S::Part as Simd>::LANES) {
                transform_back::<S::Part, N>(simd.part(), lane, bias, &block, results);
            }
        }
        let channels = [panel.channel, panel.width];
        task.finish.steps(simd, results, 1, channels, starts);
        let at @ [_, top, left] = self.tile(tile);
        let inside = [self.to.height - top, self.to.width - left].map(|inside| inside.min(N - 2));
        // SAFETY: a pair of a tile and a panel belongs to one job; tiles differ in their pixels, panels in their channels.
        unsafe {
            match N {
                4 => out.tile::<S, 2>(simd, at, inside, channels, results),
                6 => out.tile::<S, 4>(simd, at, inside, channels, results),
                _ => out.tile::<S, 6>(simd, at, inside, channels, results),
            }
        }
    }
}

/// Transforms a vector of channels of a tile's products, and adds a bias.
#[inline(always)]
fn transform_back<'m, S: Simd, const N: usize>(
    simd: S,
    lane: usize,
    bias: &Block,
    block: impl Fn(usize) -> &'m Block,
    results: &mut [Block],
) {
    let bias = simd.load(&bias[lane..]);
    let mut columns = [[simd.splat(0.0); N]; N];
    for (x, column) in columns.iter_mut().enumerate() {
        for (y, value) in column.iter_mut().enumerate() {
            *value = simd.load(&block(y * N + x)[lane..]);
        }
        *column = Points::<N>::output(simd, *column);
    }
    for y in 0..N - 2 {
        let mut row = columns[0];
        for x in 0..N {
            row[x] = columns[x][y];
        }
        let row = Points::<N>::output(simd, row);
        for x in 0..N - 2 {
            simd.store(simd.add(row[x], bias), &mut results[y * (N - 2) + x][lane..]);
        }
    }
}
