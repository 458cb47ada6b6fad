//! AVX-512: a register holds a block.

use std::arch::x86_64::*;

use super::{Simd, Vectorised};

/// Proof that the processor has the foundation of AVX-512.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof, where the processor has it.
    pub(crate) fn detect() -> Option<Avx512> {
        is_x86_feature_detected!("avx512f").then_some(Avx512(()))
    }

    /// Runs something compiled for it.
    pub(crate) fn run<F: Vectorised>(self, f: F) -> F::Output {
        #[target_feature(enable = "avx512f")]
        fn enter<F: Vectorised>(simd: Avx512, f: F) -> F::Output {
            f.run(simd)
        }
        // SAFETY: `self` exists, so detection found the feature.
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

impl Simd for Avx512 {
    type V = __m512;
    type Part = Avx512;

    const LANES: usize = 16;
    const TILE: [usize; 2] = [8, 2];

    #[inline(always)]
    fn part(self) -> Avx512 {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        call!(_mm512_set1_ps, x)
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> __m512 {
        let from = &from[..Self::LANES];
        // SAFETY: the slice is as long as a register, and the processor has the instruction.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: __m512, to: &mut [f32]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the slice is as long as a register, and the processor has the instruction.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_add_ps, a, b)
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_sub_ps, a, b)
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_mul_ps, a, b)
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_div_ps, a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        call!(_mm512_fmadd_ps, a, b, c)
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_max_ps, a, b)
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_min_ps, a, b)
    }

    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        call!(round, a)
    }

    #[inline(always)]
    fn power_of_two(self, n: __m512) -> __m512 {
        call!(power_of_two, n)
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn round(a: __m512) -> __m512 {
    _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn power_of_two(n: __m512) -> __m512 {
    let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
}
