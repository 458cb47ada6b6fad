//! AVX-512: a register holds a block.

use std::arch::x86_64::*;

use super::{Avx2, BLOCK, Simd, Square, Vectorised, prefetch};

/// Proof that the processor has the foundation of AVX-512, and AVX2, which every such processor has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(Avx2);

impl Avx512 {
    /// The proof, where the processor has it.
    pub(crate) fn detect() -> Option<Avx512> {
        Avx2::detect().filter(|_| is_x86_feature_detected!("avx512f")).map(Avx512)
    }

    /// Runs something compiled for it.
    pub(crate) fn run<F: Vectorised>(self, f: F) -> F::Output {
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn enter<F: Vectorised>(simd: Avx512, f: F) -> F::Output {
            f.run(simd)
        }
        // SAFETY: `self` exists, so detection found the features.
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
    type Half = Avx2;

    const LANES: usize = 16;
    const TILE: [usize; 2] = [8, 2];

    #[inline(always)]
    fn part(self) -> Avx512 {
        self
    }

    #[inline(always)]
    fn half(self) -> Avx2 {
        self.0
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

    #[inline(always)]
    fn scale(self, x: __m512, n: __m512) -> __m512 {
        call!(_mm512_scalef_ps, x, n)
    }

    #[inline(always)]
    fn evens(self, from: &[f32]) -> __m512 {
        call!(evens, self.load(from), self.load(&from[BLOCK..]))
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

#[inline]
#[target_feature(enable = "avx512f")]
fn evens(low: __m512, high: __m512) -> __m512 {
    _mm512_permutex2var_ps(low, _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), high)
}

/// In four steps: rows whose numbers differ in one bit exchange the columns that differ in the same.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(square: &mut Square) {
    let mut rows = [_mm512_setzero_ps(); BLOCK];
    for (row, from) in rows.iter_mut().zip(square.iter()) {
        // SAFETY: a block is sixteen floats long.
        *row = unsafe { _mm512_loadu_ps(from.as_ptr()) };
    }
    exchange::<8>(&mut rows);
    exchange::<4>(&mut rows);
    exchange::<2>(&mut rows);
    exchange::<1>(&mut rows);
    for (row, to) in rows.iter().zip(square.iter_mut()) {
        // SAFETY: a block is sixteen floats long.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), *row) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn exchange<const BIT: usize>(rows: &mut [__m512; BLOCK]) {
    // Where each column of the two new rows comes from: the second row's columns count from sixteen on.
    const fn columns(bit: usize, upper: usize) -> [i32; BLOCK] {
        let mut columns = [0; BLOCK];
        let mut column = 0;
        while column < BLOCK {
            let second = column & bit;
            columns[column] = (if second != 0 { BLOCK } else { 0 } + (column & !bit) + upper * bit) as i32;
            column += 1;
        }
        columns
    }
    let indices = |upper| {
        let columns = columns(BIT, upper);
        // SAFETY: there are sixteen of them.
        unsafe { _mm512_loadu_si512(columns.as_ptr().cast()) }
    };
    let [first, second] = [indices(0), indices(1)];
    for i in (0..BLOCK).filter(|i| i & BIT == 0) {
        let [a, b] = [rows[i], rows[i + BIT]];
        rows[i] = _mm512_permutex2var_ps(a, first, b);
        rows[i + BIT] = _mm512_permutex2var_ps(a, second, b);
    }
}
