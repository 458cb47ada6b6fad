//! How a model runs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Pool, Tuning};

/// How a model runs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where it runs.
    pub device: Device,
    /// Threads on the processor, of the model's own; 0 for one a core. The results do not depend on it.
    pub threads: usize,
    /// Threads that the model shares with others, instead of some of its own; then `threads` says nothing.
    pub pool: Option<Pool>,
    /// How results may be rounded.
    pub numerics: Numerics,
    /// The largest set of instructions that kernels may use on the processor, where it has them.
    pub instructions: Instructions,
    /// Bytes that packed weights may take; without a bound as many as is fastest.
    ///
    /// Those for direct convolutions are always there. Winograd's algorithm takes 1.8, 4 or 7.1 times the weights of a 3 × 3
    /// convolution on top, for tiles of 2 × 2, 4 × 4 and 6 × 6 results. Within a bound each convolution gets one of these at
    /// most, and those that save the most time a byte come first, at the sizes of the spec's `at` clause: what was run before
    /// does not matter.
    pub max_packed_bytes: Option<usize>,
    /// Which algorithms compute convolutions, where that was measured; an estimate says it otherwise.
    pub tuning: Option<Arc<Tuning>>,
}

/// A set of instructions of a processor.
///
/// All but [`Instructions::Portable`] give the same bits, as they have a fused multiply-add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instructions {
    /// What every processor of the target has.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// The foundation of AVX-512.
    #[default]
    Avx512,
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Instructions::Portable => "portable",
            Instructions::Avx2 => "avx2",
            Instructions::Avx512 => "avx512",
        })
    }
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

/// How results may be rounded. Both compute in fp32, and either gives the same bits each time, with any number of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Numerics {
    /// Whatever is fastest within a bound on the error: that of a convolution is below 10⁻⁵ of its result, as the ratio of
    /// Euclidean norms, on random maps of the sizes that networks have.
    ///
    /// Winograd's algorithm computes 3 × 3 convolutions of stride 1 in tiles of up to 6 × 6 results. A NaN or an infinity in
    /// the input may make NaN of any result of the tiles that read it: also of those whose windows do not hold it, and of
    /// those that would be infinite.
    #[default]
    Fast,
    /// Each sum term by term, as a direct convolution forms it. A NaN or an infinity reaches just the results whose windows
    /// hold it.
    Exact,
}
