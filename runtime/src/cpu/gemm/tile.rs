//! The innermost loop: a few rows times the sixteen columns of one panel or two, sums in registers.

use std::ops::Range;

use super::geometry::PADDING;
use crate::cpu::simd::{BLOCK, Block, Simd};

/// The left operand: rows that lie in segments of consecutive floats.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    /// What the offsets point into.
    pub data: &'a [f32],
    /// `[row][segment]`: where a segment starts.
    pub offsets: &'a [usize],
    /// Segments a row.
    pub segments: usize,
    /// Floats a segment.
    pub segment: usize,
    /// Added to each offset.
    pub shift: usize,
    /// At least a segment of zeros, for what falls into the padding.
    pub zeros: &'a [f32],
}

/// Adds to the sums of a tile `[row][panel]` the terms of a range of k. `weights` are the panels' `[k][16]` of that range.
#[inline(always)]
pub(super) fn tile<S: Simd, const P: usize>(
    simd: S,
    left: Left,
    first: usize,
    terms: Range<usize>,
    weights: [&[f32]; P],
    sums: &mut [[Block; P]],
) {
    match sums.len() {
        1 => rows::<S, 1, P>(simd, left, first, terms, weights, sums),
        2 => rows::<S, 2, P>(simd, left, first, terms, weights, sums),
        3 => rows::<S, 3, P>(simd, left, first, terms, weights, sums),
        4 => rows::<S, 4, P>(simd, left, first, terms, weights, sums),
        5 => rows::<S, 5, P>(simd, left, first, terms, weights, sums),
        6 => rows::<S, 6, P>(simd, left, first, terms, weights, sums),
        // Smaller sets of registers never ask for more rows; the condition keeps their code from being made.
        7 if S::TILE[0] >= 7 => rows::<S, 7, P>(simd, left, first, terms, weights, sums),
        8 if S::TILE[0] >= 8 => rows::<S, 8, P>(simd, left, first, terms, weights, sums),
        more => unreachable!("a tile of {more} rows is larger than its instruction set's"),
    }
}

#[inline(always)]
fn rows<S: Simd, const R: usize, const P: usize>(
    simd: S,
    left: Left,
    first: usize,
    terms: Range<usize>,
    weights: [&[f32]; P],
    sums: &mut [[Block; P]],
) {
    let sums: &mut [[Block; P]; R] = sums.try_into().expect("the caller chose R by the number of rows");
    let mut totals = [[simd.splat(0.0); P]; R];
    for r in 0..R {
        for p in 0..P {
            totals[r][p] = simd.load(&sums[r][p]);
        }
    }
    let mut weights = weights.map(|panel| panel.as_chunks::<BLOCK>().0);
    let mut k = terms.start;
    while k < terms.end {
        let (segment, from) = (k / left.segment, k % left.segment);
        let count = (left.segment - from).min(terms.end - k);
        let mut row = [left.zeros; R];
        for (r, row) in row.iter_mut().enumerate() {
            *row = match left.offsets[(first + r) * left.segments + segment] {
                PADDING => &left.zeros[..count],
                offset => &left.data[offset + left.shift + from..][..count],
            };
        }
        let now = weights.map(|panel| &panel[..count]);
        for i in 0..count {
            let mut blocks = [simd.splat(0.0); P];
            for p in 0..P {
                // SAFETY: i < count, the length of each panel's slice.
                blocks[p] = simd.load(unsafe { now[p].get_unchecked(i) });
            }
            for r in 0..R {
                // SAFETY: i < count, the length of each row.
                let x = simd.splat(unsafe { *row[r].get_unchecked(i) });
                for p in 0..P {
                    totals[r][p] = simd.mul_add(x, blocks[p], totals[r][p]);
                }
            }
        }
        weights = weights.map(|panel| &panel[count..]);
        k += count;
    }
    for r in 0..R {
        for p in 0..P {
            simd.store(totals[r][p], &mut sums[r][p]);
        }
    }
}
