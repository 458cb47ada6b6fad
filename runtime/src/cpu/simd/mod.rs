//! The seam between the kernels and the instruction sets: kernels are written once over blocks of 16 floats.
//!
//! An instruction set is a value that only its detection constructs, so a kernel that holds one may use it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod math;
mod portable;
#[cfg(target_arch = "x86_64")]
mod twice;

pub(crate) use math::{activate, exponentials};

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;
use portable::Portable;
#[cfg(target_arch = "x86_64")]
use twice::Twice;

use crate::Instructions;

/// Floats in a block: the width of a panel of packed weights.
pub(crate) const BLOCK: usize = 16;

/// Sixteen floats in memory.
pub(crate) type Block = [f32; BLOCK];

/// Sixteen blocks.
pub(crate) type Square = [Block; BLOCK];

/// Arithmetic on vectors of floats: of a block, or of what one register holds.
///
/// Every method is inlined into the function that [`Isa::run`] enters, which enables the instruction set.
pub(crate) trait Simd: Copy + Send + Sync {
    /// A vector in registers.
    type V: Copy;
    /// The same instruction set on vectors of one register, for kernels that need many of them at once.
    type Part: Simd;
    /// The same instruction set on vectors of half a block, for what has no more channels; of a block where it has no such.
    type Half: Simd;

    /// Floats in a vector.
    const LANES: usize;
    /// Rows and panels of the largest tile whose sums stay in registers; of blocks only.
    const TILE: [usize; 2];

    fn part(self) -> Self::Part;
    fn half(self) -> Self::Half;
    fn splat(self, x: f32) -> Self::V;
    /// The first floats of a slice that is at least as long as a vector.
    fn load(self, from: &[f32]) -> Self::V;
    /// Writes the first floats of a slice that is at least as long as a vector.
    fn store(self, v: Self::V, to: &mut [f32]);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// a·b + c.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The greater; `b` where either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The lesser; `b` where either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// The nearest integer.
    fn round(self, a: Self::V) -> Self::V;
    /// 2ⁿ for an integer n in −126 ..= 127; anything where n is NaN.
    fn power_of_two(self, n: Self::V) -> Self::V;
    /// x·2ⁿ for an integer n from −126 to 129; anything where n is NaN.
    #[inline(always)]
    fn scale(self, x: Self::V, n: Self::V) -> Self::V {
        // In two factors, as 2ⁿ alone may overflow.
        let half = self.round(self.mul(n, self.splat(0.5)));
        let rest = self.sub(n, half);
        self.mul(self.mul(x, self.power_of_two(half)), self.power_of_two(rest))
    }
    /// Every other one of twice as many floats as a vector has, from the first on.
    fn evens(self, from: &[f32]) -> Self::V;
    /// Asks for the cache line at an address, which need not be valid, to be brought into the second cache.
    fn prefetch(self, at: *const f32);
    /// Transposes a square.
    fn transpose(self, square: &mut Square);
}

/// Whether half a block holds so many floats of it.
#[inline(always)]
pub(crate) fn is_narrow<S: Simd>(width: usize) -> bool {
    S::Half::LANES < BLOCK && width <= S::Half::LANES
}

/// Something that runs on blocks.
pub(crate) trait Vectorised {
    /// What it gives.
    type Output;

    /// Runs it. Implementations are `#[inline(always)]`, so that they compile for the instruction set of the caller.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The instruction set that the kernels use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    Portable,
}

impl Isa {
    /// The best that this processor has up to some set.
    pub(crate) fn detect(most: Instructions) -> Isa {
        let fits = |isa: &Isa| isa.instructions() <= most;
        Isa::all().into_iter().find(fits).unwrap_or(Isa::Portable)
    }

    /// All that this processor has, the best first.
    pub(crate) fn all() -> Vec<Isa> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx512::detect().map(Isa::Avx512));
            all.extend(Avx2::detect().map(Isa::Avx2));
        }
        all.push(Isa::Portable);
        all
    }

    /// Its name.
    pub(crate) fn instructions(&self) -> Instructions {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(_) => Instructions::Avx512,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(_) => Instructions::Avx2,
            Isa::Portable => Instructions::Portable,
        }
    }

    /// Runs something with it.
    pub(crate) fn run<F: Vectorised>(self, f: F) -> F::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(avx512) => avx512.run(f),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => avx2.run(f),
            Isa::Portable => f.run(Portable),
        }
    }
}

/// Asks for the cache line at an address to be brought into the second cache.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch(at: *const f32) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    // SAFETY: every processor of the target has the instruction, which has no effect but on the caches.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
}

/// The first floats of a slice as a block, with zeros after its end.
#[inline(always)]
pub(crate) fn partial(from: &[f32]) -> Block {
    let mut block = [0.0; BLOCK];
    block[..from.len()].copy_from_slice(from);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Evens([f32; 2 * BLOCK]);

    impl Vectorised for Evens {
        type Output = Block;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Block {
            let mut block = [0.0; BLOCK];
            simd.store(simd.evens(&self.0), &mut block);
            block
        }
    }

    #[test]
    fn evens_are_every_other_float() {
        for isa in Isa::all() {
            let evens = isa.run(Evens(std::array::from_fn(|i| i as f32)));
            assert_eq!(evens, std::array::from_fn(|i| (2 * i) as f32), "{isa:?}");
        }
    }

    struct Transpose<'a>(&'a mut Square);

    impl Vectorised for Transpose<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            simd.transpose(self.0);
        }
    }

    #[test]
    fn a_transpose_puts_rows_into_columns() {
        for isa in Isa::all() {
            let mut square: Square = std::array::from_fn(|y| std::array::from_fn(|x| (100 * y + x) as f32));
            isa.run(Transpose(&mut square));
            let expected: Square = std::array::from_fn(|y| std::array::from_fn(|x| (100 * x + y) as f32));
            assert_eq!(square, expected, "{isa:?}");
        }
    }
}
