//! AVX2 with FMA: a register holds half a block.

use std::arch::x86_64::*;

use super::{Block, Simd, Square, Twice, Vectorised, prefetch};

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, where the processor has them.
    pub(crate) fn detect() -> Option<Avx2> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }

    /// Runs something compiled for them.
    pub(crate) fn run<F: Vectorised>(self, f: F) -> F::Output {
        #[target_feature(enable = "avx2,fma")]
        fn enter<F: Vectorised>(simd: Avx2, f: F) -> F::Output {
            f.run(Twice(simd))
        }
        // SAFETY: `self` exists, so detection found both features.
        unsafe { enter(self, f) }
    }
}

/// Calls an intrinsic of the instruction set.
macro_rules! call {
    ($intrinsic:ident, $($operand:expr),+) => {
        // SAFETY: `self` exists, so the processor has the instruction.
        unsafe { $intrinsic($($operand),+) }
    };
}

impl Simd for Avx2 {
    type V = __m256;
    type Part = Avx2;
    type Half = Avx2;

    const LANES: usize = 8;
    const TILE: [usize; 2] = [12, 1];

    #[inline(always)]
    fn part(self) -> Avx2 {
        self
    }

    #[inline(always)]
    fn half(self) -> Avx2 {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        call!(_mm256_set1_ps, x)
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> __m256 {
        let from = &from[..Self::LANES];
        // SAFETY: the slice is as long as a register, and the processor has the instruction.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: __m256, to: &mut [f32]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the slice is as long as a register, and the processor has the instruction.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        call!(_mm256_add_ps, a, b)
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        call!(_mm256_sub_ps, a, b)
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        call!(_mm256_mul_ps, a, b)
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        call!(_mm256_div_ps, a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        call!(_mm256_fmadd_ps, a, b, c)
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        call!(_mm256_max_ps, a, b)
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        call!(_mm256_min_ps, a, b)
    }

    #[inline(always)]
    fn round(self, a: __m256) -> __m256 {
        call!(round, a)
    }

    #[inline(always)]
    fn power_of_two(self, n: __m256) -> __m256 {
        call!(power_of_two, n)
    }

    #[inline(always)]
    fn evens(self, from: &[f32]) -> __m256 {
        call!(evens, self.load(from), self.load(&from[Self::LANES..]))
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        prefetch(at);
    }

    #[inline(always)]
    fn transpose(self, square: &mut Square) {
        call!(transpose, square)
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn round(a: __m256) -> __m256 {
    _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
}

#[inline]
#[target_feature(enable = "avx2")]
fn power_of_two(n: __m256) -> __m256 {
    let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
}

#[inline]
#[target_feature(enable = "avx2")]
fn evens(low: __m256, high: __m256) -> __m256 {
    let fours = _mm256_castps_pd(_mm256_shuffle_ps::<0b10_00_10_00>(low, high));
    _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(fours))
}

#[inline]
#[target_feature(enable = "avx2")]
fn transpose(square: &mut Square) {
    let mut quarters = [[[_mm256_setzero_ps(); 8]; 2]; 2];
    for (y, quarters) in quarters.iter_mut().enumerate() {
        for (x, quarter) in quarters.iter_mut().enumerate() {
            for (i, row) in quarter.iter_mut().enumerate() {
                let from: &Block = &square[8 * y + i];
                // SAFETY: 8·x + 8 is at most the sixteen floats of a block.
                *row = unsafe { _mm256_loadu_ps(from.as_ptr().add(8 * x)) };
            }
            *quarter = transpose_quarter(*quarter);
        }
    }
    for (y, quarters) in quarters.iter().enumerate() {
        for (x, quarter) in quarters.iter().enumerate() {
            for (i, row) in quarter.iter().enumerate() {
                let to: &mut Block = &mut square[8 * x + i];
                // SAFETY: 8·y + 8 is at most the sixteen floats of a block.
                unsafe { _mm256_storeu_ps(to.as_mut_ptr().add(8 * y), *row) };
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn transpose_quarter(r: [__m256; 8]) -> [__m256; 8] {
    let pairs = |a: __m256, b: __m256| [_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)];
    let [[a0, a1], [a2, a3], [a4, a5], [a6, a7]] =
        [pairs(r[0], r[1]), pairs(r[2], r[3]), pairs(r[4], r[5]), pairs(r[6], r[7])];
    let fours =
        |a: __m256, b: __m256| [_mm256_shuffle_ps::<0b01_00_01_00>(a, b), _mm256_shuffle_ps::<0b11_10_11_10>(a, b)];
    let [[b0, b1], [b2, b3], [b4, b5], [b6, b7]] = [fours(a0, a2), fours(a1, a3), fours(a4, a6), fours(a5, a7)];
    let low = |a: __m256, b: __m256| _mm256_permute2f128_ps::<0x20>(a, b);
    let high = |a: __m256, b: __m256| _mm256_permute2f128_ps::<0x31>(a, b);
    [low(b0, b4), low(b1, b5), low(b2, b6), low(b3, b7), high(b0, b4), high(b1, b5), high(b2, b6), high(b3, b7)]
}
