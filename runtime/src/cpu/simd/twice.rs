//! A block of two registers.

use super::{Simd, Square};

/// An instruction set on vectors twice as long as its registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twice<S>(pub S);

impl<S: Simd> Simd for Twice<S> {
    type V = [S::V; 2];
    type Part = S;
    type Half = S;

    const LANES: usize = 2 * S::LANES;
    // Six rows take twelve registers, the panel two and a broadcast float one: fifteen of sixteen.
    const TILE: [usize; 2] = [6, 1];

    #[inline(always)]
    fn part(self) -> S {
        self.0
    }

    #[inline(always)]
    fn half(self) -> S {
        self.0
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [self.0.splat(x); 2]
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        let (low, high) = from.split_at(S::LANES);
        [self.0.load(low), self.0.load(high)]
    }

    #[inline(always)]
    fn store(self, v: Self::V, to: &mut [f32]) {
        let (low, high) = to.split_at_mut(S::LANES);
        self.0.store(v[0], low);
        self.0.store(v[1], high);
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        [self.0.add(a[0], b[0]), self.0.add(a[1], b[1])]
    }

    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        [self.0.sub(a[0], b[0]), self.0.sub(a[1], b[1])]
    }

    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        [self.0.mul(a[0], b[0]), self.0.mul(a[1], b[1])]
    }

    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        [self.0.div(a[0], b[0]), self.0.div(a[1], b[1])]
    }

    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        [self.0.max(a[0], b[0]), self.0.max(a[1], b[1])]
    }

    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        [self.0.min(a[0], b[0]), self.0.min(a[1], b[1])]
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        [self.0.mul_add(a[0], b[0], c[0]), self.0.mul_add(a[1], b[1], c[1])]
    }

    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        [self.0.round(a[0]), self.0.round(a[1])]
    }

    #[inline(always)]
    fn power_of_two(self, a: Self::V) -> Self::V {
        [self.0.power_of_two(a[0]), self.0.power_of_two(a[1])]
    }

    #[inline(always)]
    fn evens(self, from: &[f32]) -> Self::V {
        let (low, high) = from.split_at(Self::LANES);
        [self.0.evens(low), self.0.evens(high)]
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        self.0.prefetch(at);
    }

    #[inline(always)]
    fn transpose(self, square: &mut Square) {
        self.0.transpose(square);
    }
}
