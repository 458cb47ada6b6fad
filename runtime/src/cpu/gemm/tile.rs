//! The innermost loop: a few rows times the sixteen columns of one panel or two, sums in registers.

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
    /// Terms a segment.
    pub segment: usize,
    /// Whether the terms of a segment are a block apart, as those of gathered channels-first pixels; else they follow each other.
    pub spread: bool,
    /// Added to each offset.
    pub shift: usize,
    /// At least a segment of zeros, for what falls into the padding.
    pub zeros: &'a [f32],
}

/// A part of the terms of a product with some panels.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a, const P: usize> {
    /// The index of the first one.
    pub first: usize,
    /// Whether the sums begin with them.
    pub begin: bool,
    /// The panels' weights `[k][16]` of the part.
    pub weights: [&'a [f32]; P],
    /// Where weights lie that are needed later: they come from memory meanwhile, a line with each term.
    pub next: *const f32,
}

/// Adds terms to the sums `[row][panel]` of a tile; or begins the sums with them. Of a `NARROW` last panel the second half of each
/// block is left as it is.
#[inline(always)]
pub(super) fn tile<S: Simd, const P: usize, const STEP: usize, const NARROW: bool>(
    simd: S,
    left: Left,
    first: usize,
    terms: Terms<P>,
    sums: &mut [[Block; P]],
) {
    macro_rules! rows {
        ($($rows:literal)+) => {
            match sums.len() {
                // Smaller sets of registers never ask for more rows; the condition keeps their code from being made.
                $($rows if S::TILE[0] >= $rows => {
                    rows::<S, $rows, P, STEP, NARROW>(simd, left, first, terms, sums);
                })+
                more => unreachable!("a tile of {more} rows is larger than its instruction set's"),
            }
        };
    }
    rows!(1 2 3 4 5 6 7 8)
}

#[inline(always)]
fn rows<S: Simd, const R: usize, const P: usize, const STEP: usize, const NARROW: bool>(
    simd: S,
    left: Left,
    first: usize,
    terms: Terms<P>,
    sums: &mut [[Block; P]],
) {
    let sums: &mut [[Block; P]; R] = sums.try_into().expect("the caller chose R by the number of rows");
    let Terms { first: start, begin, weights, mut next } = terms;
    let mut weights = weights.map(|panel| panel.as_chunks::<BLOCK>().0);
    let end = start + weights[0].len();
    let half = simd.half();
    let whole = if NARROW { P - 1 } else { P };
    let mut totals = [[simd.splat(0.0); P]; R];
    let mut tails = [half.splat(0.0); R];
    if !begin {
        for r in 0..R {
            for p in 0..whole {
                totals[r][p] = simd.load(&sums[r][p]);
            }
            if NARROW {
                tails[r] = half.load(&sums[r][P - 1]);
            }
        }
    }
    let mut k = start;
    while k < end {
        let (segment, from) = (k / left.segment, k % left.segment);
        let count = (left.segment - from).min(end - k);
        let length = (count - 1) * STEP + 1;
        let mut row = [left.zeros; R];
        for (r, row) in row.iter_mut().enumerate() {
            *row = match left.offsets[(first + r) * left.segments + segment] {
                PADDING => &left.zeros[..length],
                offset => &left.data[offset + left.shift + from * STEP..][..length],
            };
        }
        let now = weights.map(|panel| &panel[..count]);
        for i in 0..count {
            simd.prefetch(next.wrapping_add(i * BLOCK));
            let mut blocks = [simd.splat(0.0); P];
            for p in 0..whole {
                // SAFETY: i < count, the length of each panel's slice.
                blocks[p] = simd.load(unsafe { now[p].get_unchecked(i) });
            }
            // SAFETY: likewise.
            let tail = half.load(unsafe { now[P - 1].get_unchecked(i) });
            for r in 0..R {
                // SAFETY: i · STEP is at most the last of each row.
                let float = unsafe { *row[r].get_unchecked(i * STEP) };
                let x = simd.splat(float);
                for p in 0..whole {
                    totals[r][p] = simd.mul_add(x, blocks[p], totals[r][p]);
                }
                if NARROW {
                    tails[r] = half.mul_add(half.splat(float), tail, tails[r]);
                }
            }
        }
        next = next.wrapping_add(count * BLOCK);
        weights = weights.map(|panel| &panel[count..]);
        k += count;
    }
    for r in 0..R {
        for p in 0..whole {
            simd.store(totals[r][p], &mut sums[r][p]);
        }
        if NARROW {
            half.store(tails[r], &mut sums[r][P - 1]);
        }
    }
}
