//! Kernels for the processor: channels-last, one file an instruction, a folder where it has several algorithms.

mod attention;
mod average;
mod channel_shuffle;
mod concat;
mod conv;
mod destination;
mod elementwise;
mod epilogue;
mod executable;
mod flatten;
mod gemm;
mod group_norm;
mod l2_normalize;
mod layer_norm;
mod layout;
mod learned;
mod matmul;
mod mean;
mod multiply;
mod packed;
pub(crate) mod peak;
mod permute;
mod pixel_shuffle;
mod pool;
mod reassemble;
mod resize;
mod simd;
mod sine_positions;
mod slice;
mod softmax;
#[cfg(test)]
mod tests;
mod threads;
mod transposed_conv;
mod weighted_sum;

pub use conv::{Algorithm, ConvolutionSizes};
pub(crate) use conv::{gathers_windows, is_depthwise};
pub(crate) use executable::{Executable, State};
pub use layout::Layout;
pub(crate) use packed::{Packed, PackedNetwork, pack};
#[cfg(test)]
pub(crate) use resize::Resampling;
pub(crate) use simd::Isa;
#[cfg(test)]
pub(crate) use sine_positions::SinePositions;
#[cfg(test)]
pub(crate) use tests::zoo;
pub use threads::Pool;
pub(crate) use threads::Threads;
#[cfg(test)]
pub(crate) use weighted_sum::normalised;

use crate::plan::Reads;
use crate::tensor::{Aligned, MapMut};
use destination::Destination;
use epilogue::Finish;

/// What a kernel runs with.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub isa: Isa,
    pub threads: &'a Threads,
    pub reads: Reads<'a>,
    pub finish: Finish<'a>,
}

/// Floats that are at hand when they were just written: half of a first cache of 32 KiB.
const NEAR: usize = 4 * 1024;

impl Task<'_> {
    /// Fills a result in parts of whole rows, each part with the index of its first row, and applies the epilogue.
    pub(crate) fn rows(&self, out: MapMut, fill: impl Fn(usize, &mut MapMut) + Sync) {
        let MapMut { floats, channels, pitch } = out;
        // Parts that stay in the first cache until the epilogue reads them again.
        let most = (NEAR / pitch).max(1);
        self.threads.rows(floats, pitch, |first, floats| {
            for (part, floats) in floats.chunks_mut(most * pitch).enumerate() {
                let first = first + part * most;
                let mut rows = MapMut { floats, channels, pitch };
                fill(first, &mut rows);
                self.finish.rows(self.isa, first, rows);
            }
        });
    }
}

/// What a thread needs beside the arena.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub offsets: Vec<usize>,
    pub floats: Aligned,
}
