//! The innermost loop: up to six rows times the sixteen columns of a panel, sums in registers.
//!
//! Six rows take twelve registers of AVX2, the panel two and a broadcast float one: fifteen of sixteen.

use std::ops::Range;

use super::geometry::PADDING;
use crate::cpu::simd::{BLOCK, Block, Simd};

/// The most rows of a tile.
pub(super) const ROWS: usize = 6;

/// The left operand: rows that lie in segments of consecutive floats.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
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

/// Adds to the sums of a tile the terms of a range of k. `weights` is the panel's `[k][16]` of that range.
#[inline(always)]
pub(super) fn tile<S: Simd>(
    simd: S,
    left: Left,
    first: usize,
    terms: Range<usize>,
    weights: &[f32],
    sums: &mut [Block],
) {
    match sums.len() {
        1 => rows::<S, 1>(simd, left, first, terms, weights, sums),
        2 => rows::<S, 2>(simd, left, first, terms, weights, sums),
        3 => rows::<S, 3>(simd, left, first, terms, weights, sums),
        4 => rows::<S, 4>(simd, left, first, terms, weights, sums),
        5 => rows::<S, 5>(simd, left, first, terms, weights, sums),
        _ => rows::<S, ROWS>(simd, left, first, terms, weights, sums),
    }
}

#[inline(always)]
fn rows<S: Simd, const R: usize>(
    simd: S,
    left: Left,
    first: usize,
    terms: Range<usize>,
    weights: &[f32],
    sums: &mut [Block],
) {
    let sums: &mut [Block; R] = sums.try_into().expect("the caller chose R by the number of sums");
    let mut totals = [simd.splat(0.0); R];
    for r in 0..R {
        totals[r] = simd.load(&sums[r]);
    }
    let mut weights = weights.as_chunks::<BLOCK>().0;
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
        let (now, later) = weights.split_at(count);
        for (i, block) in now.iter().enumerate() {
            let block = simd.load(block);
            for r in 0..R {
                // SAFETY: i < count, the length of each row.
                let x = unsafe { *row[r].get_unchecked(i) };
                totals[r] = simd.mul_add(simd.splat(x), block, totals[r]);
            }
        }
        weights = later;
        k += count;
    }
    for r in 0..R {
        simd.store(totals[r], &mut sums[r]);
    }
}
