//! The seam between the kernels and the instruction sets: kernels are written once over blocks of 16 floats.
//!
//! An instruction set is a value that only its detection constructs, so a kernel that holds one may use it.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod math;
mod portable;

pub(crate) use math::activate;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
use portable::Portable;

/// Floats in a block: the width of a panel of packed weights.
pub(crate) const BLOCK: usize = 16;

/// Sixteen floats in memory.
pub(crate) type Block = [f32; BLOCK];

/// Arithmetic on blocks.
///
/// Every method is inlined into the function that [`Isa::run`] enters, which enables the instruction set.
pub(crate) trait Simd: Copy + Send + Sync {
    /// A block in registers.
    type V: Copy;

    fn splat(self, x: f32) -> Self::V;
    fn load(self, from: &Block) -> Self::V;
    fn store(self, v: Self::V, to: &mut Block);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
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
    Avx2(Avx2),
    Portable,
}

impl Isa {
    /// The best that this processor has.
    pub(crate) fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Isa::Avx2(avx2);
        }
        Isa::Portable
    }

    /// Runs something with it.
    pub(crate) fn run<F: Vectorised>(self, f: F) -> F::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(avx2) => avx2.run(f),
            Isa::Portable => f.run(Portable),
        }
    }
}

/// The first floats of a slice as a block, with zeros after its end.
#[inline(always)]
pub(crate) fn partial(from: &[f32]) -> Block {
    let mut block = [0.0; BLOCK];
    block[..from.len()].copy_from_slice(from);
    block
}
