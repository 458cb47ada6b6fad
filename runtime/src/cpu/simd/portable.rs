//! Plain Rust, for processors that no other file is about.

use super::{BLOCK, Block, Simd, Square};

/// Needs nothing of the processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

#[inline(always)]
fn lanes(f: impl FnMut(usize) -> f32) -> Block {
    std::array::from_fn::<f32, BLOCK, _>(f)
}

impl Simd for Portable {
    type V = Block;
    type Part = Portable;
    type Half = Portable;

    const LANES: usize = BLOCK;
    const TILE: [usize; 2] = [2, 1];

    #[inline(always)]
    fn part(self) -> Portable {
        self
    }

    #[inline(always)]
    fn half(self) -> Portable {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Block {
        [x; BLOCK]
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Block {
        *from.first_chunk().expect("the caller gives at least a vector")
    }

    #[inline(always)]
    fn store(self, v: Block, to: &mut [f32]) {
        to[..BLOCK].copy_from_slice(&v);
    }

    #[inline(always)]
    fn add(self, a: Block, b: Block) -> Block {
        lanes(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: Block, b: Block) -> Block {
        lanes(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: Block, b: Block) -> Block {
        lanes(|i| a[i] * b[i])
    }

    #[inline(always)]
    fn div(self, a: Block, b: Block) -> Block {
        lanes(|i| a[i] / b[i])
    }

    // Two roundings: `f32::mul_add` is a call into the C library where the target has no such instruction.
    #[inline(always)]
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block {
        lanes(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    fn max(self, a: Block, b: Block) -> Block {
        lanes(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn min(self, a: Block, b: Block) -> Block {
        lanes(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn round(self, a: Block) -> Block {
        lanes(|i| a[i].round_ties_even())
    }

    #[inline(always)]
    fn power_of_two(self, n: Block) -> Block {
        lanes(|i| f32::from_bits(((n[i] as i32).wrapping_add(127) as u32) << 23))
    }

    #[inline(always)]
    fn evens(self, from: &[f32]) -> Block {
        let from = &from[..2 * BLOCK];
        lanes(|i| from[2 * i])
    }

    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    #[inline(always)]
    fn transpose(self, square: &mut Square) {
        *square = std::array::from_fn(|i| lanes(|j| square[j][i]));
    }
}
