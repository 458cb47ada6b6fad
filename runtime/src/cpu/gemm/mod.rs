//! Convolution, matrix product and transposed convolution as one implicit matrix product over channels-last rows.
//!
//! A block of rows runs against each panel of sixteen output channels: the panel's weights stay in a cache while the tiles of
//! the block go by, and so does the block's input. Rows are read where they lie, by an offset a tap; a
//! row of few channels is gathered first, as its segments would be shorter than the work of finding them. Each sum is
//! formed in the order of k by one fused multiply-add a term, whatever the division into blocks and threads.

mod geometry;
mod panels;
mod part;
mod planar;
mod tile;

use std::array;
use std::ops::Range;
use std::sync::Arc;

pub(crate) use geometry::Geometry;
pub(crate) use panels::{Packing, Panels};
pub(crate) use part::Part;
pub(crate) use tile::Left;

use super::epilogue::Finish;
use super::layout::{self, Layout, Output};
use super::simd::{self, BLOCK, Block, Simd, Vectorised};
use super::{Task, Workspace};
use crate::plan::Reads;
use crate::tensor::{Dims, Map, MapMut};
use geometry::PADDING;
use tile::{Terms, tile};

/// Rows of a block: their input for a range of k takes some 150 KiB.
const BLOCK_ROWS: usize = 96;

/// Terms of a sum that are added before the next tile's, for one panel or two: few enough for their weights, 24 or 128 KiB, to
/// stay in the second cache while the tiles of a block go by.
const TERMS: [usize; 2] = [384, 1024];

/// Segments below so many floats are gathered.
pub(crate) const SHORT_SEGMENT: usize = 16;

/// A matrix product ready to run.
#[derive(Debug)]
pub(crate) struct Gemm {
    weights: Arc<Panels>,
    geometry: Geometry,
    /// What the input is joined of along the channels where it is not made; empty where it is.
    parts: Vec<Part>,
    to: Dims,
    /// Of the input and of the result.
    layouts: [Layout; 2],
    /// Maps that the epilogue adds.
    addends: usize,
    zeros: Vec<f32>,
    jobs: Jobs,
}

/// How the rows and panels are divided into jobs.
#[derive(Clone, Copy, Debug)]
struct Jobs {
    blocks: usize,
    panel_groups: usize,
}

impl Jobs {
    /// As many for each thread, so that none waits for another at the end.
    fn new(geometry: &Geometry, weights: &Panels, layout: Layout, threads: usize) -> Jobs {
        let blocks = geometry.rows().div_ceil(BLOCK_ROWS);
        // Some four a thread, so that the last to finish is not waited for long; fewer where each of a block's jobs gathers
        // its input.
        let wanted = match (threads, layout) {
            (1, _) => 1,
            (_, Layout::ChannelsLast) => 4 * threads,
            (_, Layout::ChannelsFirst) => threads,
        };
        if blocks >= wanted {
            return Jobs { blocks: blocks.next_multiple_of(threads), panel_groups: 1 };
        }
        let groups = wanted.div_ceil(blocks.max(1)).next_multiple_of(threads);
        Jobs { blocks, panel_groups: groups.min(pairs(weights)).max(1) }
    }
}

/// How many pairs of panels there are; jobs take whole pairs.
fn pairs(weights: &Panels) -> usize {
    weights.count().div_ceil(2)
}

impl Gemm {
    /// Prepares one for so many threads.
    pub(crate) fn new(
        weights: Arc<Panels>,
        geometry: Geometry,
        parts: Vec<Part>,
        to: Dims,
        layouts: [Layout; 2],
        addends: usize,
        threads: usize,
    ) -> Gemm {
        let zeros = vec![0.0; weights.segment];
        let jobs = Jobs::new(&geometry, &weights, layouts[0], threads);
        Gemm { weights, geometry, parts, to, layouts, addends, zeros, jobs }
    }

    /// Offsets and floats that a thread needs, and floats that threads share.
    pub(crate) fn workspace(&self) -> [usize; 3] {
        let a_row = self.segments() + self.addends + 1;
        // Whole blocks of rows: channels-first inputs keep their pixels side by side.
        let gathered = if self.gathers() { BLOCK_ROWS.next_multiple_of(BLOCK) * self.weights.depth } else { 0 };
        [BLOCK_ROWS * a_row, gathered, 0]
    }

    /// Runs it.
    pub(crate) fn run(&self, task: Task, workspaces: &mut [Workspace], data: Map, out: MapMut) {
        let out = Output::new(out, self.to, self.layouts[1]);
        let Jobs { blocks, panel_groups } = self.jobs;
        task.threads.jobs(workspaces, blocks * panel_groups, |job, workspace| {
            let rows = share(self.geometry.rows(), blocks, job % blocks);
            let pairs = share(pairs(&self.weights), panel_groups, job / blocks);
            let panels = 2 * pairs.start..(2 * pairs.end).min(self.weights.count());
            task.isa.run(Job { gemm: self, rows, panels, workspace, task, data, out: &out });
        });
    }

    /// Segments of consecutive floats that a row is read in.
    fn segments(&self) -> usize {
        self.geometry.taps().max(self.parts.len())
    }

    fn gathers(&self) -> bool {
        let short = self.weights.segment < SHORT_SEGMENT && self.geometry.taps() > 1;
        short || self.layouts[0] == Layout::ChannelsFirst
    }
}

/// The i-th of so many parts of 0..n, all as long as each other or longer by one.
pub(crate) fn share(n: usize, parts: usize, i: usize) -> Range<usize> {
    n * i / parts..n * (i + 1) / parts
}

/// A block of rows against some panels.
struct Job<'a> {
    gemm: &'a Gemm,
    rows: Range<usize>,
    panels: Range<usize>,
    workspace: &'a mut Workspace,
    task: Task<'a>,
    data: Map<'a>,
    out: &'a Output<'a>,
}

impl Vectorised for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Job { gemm, rows, panels, workspace, task: Task { finish, reads, .. }, data, out } = self;
        let &Gemm { ref weights, ref geometry, ref parts, addends, .. } = gemm;
        let segments = gemm.segments();
        let Workspace { offsets, floats } = workspace;
        let (offsets, rest) = offsets.split_at_mut(rows.len() * segments);
        let (starts, gathered_offsets) = rest.split_at_mut(rows.len() * addends);
        if gemm.layouts[0] == Layout::ChannelsLast {
            match parts.is_empty() {
                true => geometry.offsets(rows.clone(), data.pitch, offsets),
                false => part::offsets(parts, rows.clone(), offsets),
            }
        }
        let mut located = None;
        let mut gathered = None;
        let mut sums = [[0.0; BLOCK]; 2 * BLOCK_ROWS];
        let mut index = panels.start;
        while index < panels.end {
            let panel = weights.panel(index);
            let zeros = gemm.zeros.as_slice();
            let (data, segment, shift) = (data.floats, weights.segment, panel.input);
            let mut left = Left { data, offsets, segments, segment, spread: false, shift, zeros };
            if gemm.gathers() {
                if gathered != Some(panel.input) {
                    match gemm.layouts[0] {
                        Layout::ChannelsLast => gather(left, gathered_offsets, floats),
                        Layout::ChannelsFirst if geometry.taps() > 1 => {
                            planar::gather(simd, data, geometry, rows.clone(), gathered_offsets, floats);
                        }
                        Layout::ChannelsFirst => {
                            layout::gather(simd, data, geometry.input, rows.clone(), gathered_offsets, floats);
                        }
                    }
                    gathered = Some(panel.input);
                }
                let (segment, spread) = (weights.depth, gemm.layouts[0] == Layout::ChannelsFirst);
                left = Left { data: floats, offsets: gathered_offsets, segments: 1, segment, spread, shift: 0, zeros };
            }
            if addends > 0 && located != Some(panel.tap) {
                for (row, starts) in rows.clone().zip(starts.chunks_exact_mut(addends)) {
                    finish.locate(geometry.pixel(row, panel.tap), starts);
                }
                located = Some(panel.tap);
            }
            let paired = S::TILE[1] == 2 && index + 1 < panels.end && panel.shares_input(&weights.panel(index + 1));
            let results = Results { gemm, first: rows.start, index, reads, finish, starts, out };
            let width = if paired { 2 } else { 1 };
            let sums = &mut sums[..width * rows.len()];
            match paired {
                true => results.multiply::<S, 2>(simd, left, sums),
                false => results.multiply::<S, 1>(simd, left, sums),
            }
            index += width;
        }
    }
}

/// The results of a block of rows for some panels.
struct Results<'a> {
    gemm: &'a Gemm,
    /// The first row.
    first: usize,
    /// The first panel.
    index: usize,
    reads: Reads<'a>,
    finish: Finish<'a>,
    /// Where each row starts in each map that is added.
    starts: &'a [usize],
    out: &'a Output<'a>,
}

impl Results<'_> {
    #[inline(always)]
    fn multiply<S: Simd, const P: usize>(&self, simd: S, left: Left, sums: &mut [Block]) {
        let Gemm { weights, geometry, parts, addends, layouts, .. } = self.gemm;
        let columns = array::from_fn::<_, P, _>(|p| weights.columns(self.index + p));
        let next = weights.after(self.index + P, P);
        let narrow = simd::is_narrow::<S>(weights.panel(self.index + P - 1).width);
        if parts.is_empty() {
            accumulate(simd, left, columns, narrow, next, true, sums);
        }
        let mut columns = columns;
        for (i, part) in parts.iter().enumerate() {
            let length = part.channels() * BLOCK;
            let next = &next[share(next.len(), parts.len(), i)];
            let now = columns.map(|columns| &columns[..length]);
            accumulate(simd, part.left(i, left, self.reads), now, narrow, next, i == 0, sums);
            columns = columns.map(|columns| &columns[length..]);
        }
        for p in 0..P {
            let panel = weights.panel(self.index + p);
            let channels = [panel.channel, panel.width];
            let starts = &self.starts[..sums.len() / P * addends];
            // Added last, as a sum that began with it would round each term to its size.
            let bias = simd.load(weights.bias(self.index + p));
            match layouts[1] {
                Layout::ChannelsLast => {
                    let pixel = |row: usize| geometry.pixel(self.first + row, panel.tap);
                    // SAFETY: a pair of a row and a panel belongs to one job, and no two pairs share an element of the output:
                    // panels differ in their channels or in their tap, rows in their pixels.
                    unsafe { self.finish.write(simd, &mut sums[p..], P, bias, channels, starts, self.out, pixel) };
                }
                Layout::ChannelsFirst => {
                    self.finish.blocks(simd, &mut sums[p..], P, bias, channels, starts);
                    // SAFETY: likewise.
                    unsafe { self.out.pixels(simd, self.first, channels, &sums[p..], P) };
                }
            }
        }
    }
}

/// The sums `[row][panel]` of a block of rows for P panels. `next` are the weights that are needed after these: they come from
/// memory meanwhile. The terms are added to the sums that are there, unless they begin them. Of the last panel's sums only the
/// first half counts where it is narrow.
#[inline(always)]
pub(crate) fn accumulate<S: Simd, const P: usize>(
    simd: S,
    left: Left,
    columns: [&[f32]; P],
    narrow: bool,
    next: &[f32],
    begin: bool,
    sums: &mut [Block],
) {
    let sums = sums.as_chunks_mut::<P>().0;
    let depth = columns[0].len() / BLOCK;
    let tiles = sums.len().div_ceil(S::TILE[0]);
    let parts = tiles * depth.div_ceil(TERMS[P - 1]);
    let mut part = 0;
    for first in (0..depth).step_by(TERMS[P - 1]) {
        let end = depth.min(first + TERMS[P - 1]);
        let weights = columns.map(|columns| &columns[first * BLOCK..end * BLOCK]);
        for i in 0..tiles {
            // 25 rows are five tiles of five rather than four of six and one of one, which would be slow.
            let rows = share(sums.len(), tiles, i);
            let next = next[share(next.len(), parts, part).start..].as_ptr();
            part += 1;
            let terms = Terms { first, begin: begin && first == 0, weights, next };
            let sums = &mut sums[rows.clone()];
            match (left.spread, narrow && S::Half::LANES < BLOCK) {
                (false, false) => tile::<S, P, 1, false>(simd, left, rows.start, terms, sums),
                (false, true) => tile::<S, P, 1, true>(simd, left, rows.start, terms, sums),
                (true, _) => tile::<S, P, BLOCK, false>(simd, left, rows.start, terms, sums),
            }
        }
    }
}

/// Copies rows one behind the other, with zeros for what falls into the padding, and tells where each lies.
fn gather(left: Left, offsets: &mut [usize], floats: &mut [f32]) {
    let depth = left.segments * left.segment;
    for (row, segments) in left.offsets.chunks_exact(left.segments).enumerate() {
        offsets[row] = row * depth;
        let to = &mut floats[row * depth..][..depth];
        let mut tap = 0;
        while tap < segments.len() {
            // Neighbouring taps of a row lie behind each other.
            let start = segments[tap];
            let follows = |&(i, &offset): &(usize, &usize)| match start {
                PADDING => offset == PADDING,
                start => offset == start + i * left.segment,
            };
            let taps = segments[tap..].iter().enumerate().take_while(follows).count();
            let to = &mut to[tap * left.segment..][..taps * left.segment];
            match start {
                PADDING => to.fill(0.0),
                start => to.copy_from_slice(&left.data[start + left.shift..][..to.len()]),
            }
            tap += taps;
        }
    }
}
