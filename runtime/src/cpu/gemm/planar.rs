//! Windows of few channels out of the caller's channels-first arrays, such as an image's.

use std::ops::Range;

use neckar_spec::ops::formula::Window;

use super::Geometry;
use crate::cpu::simd::{BLOCK, Block, Simd};

/// Copies the windows of some rows of a channels-first map, sixteen side by side a term, `[sixteen rows][k][16]`, with zeros for
/// what falls into the padding, and tells where each starts.
#[inline(always)]
pub(super) fn gather<S: Simd>(
    simd: S,
    data: &[f32],
    geometry: &Geometry,
    rows: Range<usize>,
    offsets: &mut [usize],
    to: &mut [f32],
) {
    let &Geometry { input, grid, windows: [vertical, horizontal], .. } = geometry;
    let terms = geometry.taps() * input.channels;
    for (i, offset) in offsets[..rows.len()].iter_mut().enumerate() {
        *offset = i / BLOCK * terms * BLOCK + i % BLOCK;
    }
    let to = to.as_chunks_mut::<BLOCK>().0;
    let mut row = rows.start;
    while row < rows.end {
        let [batch, y, x] = grid.position(row);
        let first = row - rows.start;
        // Windows of one line of the map and of one group of sixteen.
        let lane = first % BLOCK;
        let run = (BLOCK - lane).min(rows.end - row).min(grid.width - x);
        let mut blocks = to[first / BLOCK * terms..][..terms].iter_mut();
        for ky in 0..vertical.kernel {
            let y = (y * vertical.stride + ky * vertical.dilation).checked_sub(vertical.padding);
            let y = y.filter(|&y| y < input.height);
            for kx in 0..horizontal.kernel {
                let x = x * horizontal.stride + kx * horizontal.dilation;
                for channel in 0..input.channels {
                    let block = blocks.next().expect("there is a block for each term");
                    match y {
                        Some(y) => {
                            let line = ((batch * input.channels + channel) * input.height + y) * input.width;
                            cells(simd, &data[line..], input.width, horizontal, x, lane..lane + run, block);
                        }
                        None => block[lane..lane + run].fill(0.0),
                    }
                }
            }
        }
        row += run;
    }
}

/// Copies cells of a line, a stride apart, into some lanes of a block; the first lies at `x`, counted from where the padding
/// begins.
#[inline(always)]
fn cells<S: Simd>(
    simd: S,
    line: &[f32],
    width: usize,
    window: Window,
    x: usize,
    lanes: Range<usize>,
    block: &mut Block,
) {
    let Window { stride, padding, .. } = window;
    let inside = x >= padding && x - padding + (lanes.len() - 1) * stride < width;
    match (stride, lanes.len(), inside.then(|| &line[x - padding..])) {
        (1, BLOCK, Some(from)) => simd.store(simd.load(from), block),
        // The last float belongs to no window, and may lie behind the array.
        (2, BLOCK, Some(from)) if from.len() >= 2 * BLOCK => simd.store(simd.evens(from), block),
        _ => {
            for (i, cell) in block[lanes].iter_mut().enumerate() {
                let x = (x + i * stride).wrapping_sub(padding);
                *cell = if x < width { line[x] } else { 0.0 };
            }
        }
    }
}
