//! How a model runs.

/// How a model runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// Where it runs.
    pub device: Device,
    /// Threads on the processor; 0 for one a core. The results do not depend on it.
    pub threads: usize,
    /// How results may be rounded.
    pub numerics: Numerics,
    /// The largest set of instructions that kernels may use on the processor, where it has them.
    pub instructions: Instructions,
}

/// A set of instructions of a processor.
///
/// All but [`Instructions::Portable`] give the same bits, as they have a fused multiply-add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instructions {
    /// What every processor of the target has.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// The foundation of AVX-512.
    #[default]
    Avx512,
}

/// Where a model runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A CUDA device by its number.
    Cuda(usize),
}

/// How results may be rounded. Both compute in fp32, and either gives the same bits each time.
///
/// Every algorithm there is today forms each sum directly, term by term, so the two give the same results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Numerics {
    /// Whatever is fastest within a stated bound on the error.
    #[default]
    Fast,
    /// No algorithm that rounds differently from a direct convolution.
    Exact,
}
