//! Which algorithm computes a convolution.

use std::fmt;

use neckar_spec::program::Convolution;
use serde::{Deserialize, Serialize};

use super::winograd;
use crate::cpu::simd::BLOCK;
use crate::tensor::Dims;
use crate::{Numerics, Tuning};

/// An algorithm for a convolution whose channels are not groups of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// A product over all taps and channels.
    Direct,
    /// Winograd's, in tiles of 2 × 2 results.
    Winograd2,
    /// Winograd's, in tiles of 4 × 4 results.
    Winograd4,
    /// Winograd's, in tiles of 6 × 6 results.
    Winograd6,
}

/// A convolution between maps of given sizes: what the time of an algorithm is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConvolutionSizes {
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Stride along rows and columns.
    pub stride: [usize; 2],
    /// Zeros on each side.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// The shape `[B, C, H, W]` of the operand.
    pub input: [usize; 4],
    /// The shape of the result.
    pub output: [usize; 4],
}

/// What is compared is an estimate in multiply-adds of a product on data in the caches. It never sees the number of
/// threads or the instruction set, so that all of them give the same bits.
///
/// Both transforms of a tile, for each product and channel.
const TRANSFORM: f64 = 30.0;

/// A weight that comes from memory, as it does in a network whose weights are larger than the caches.
const WEIGHT: f64 = 10.0;

/// Terms of a direct product that would take as long as to find a row's channels at a tap.
const SEGMENT: usize = 10;

impl Algorithm {
    /// All there are.
    pub const ALL: [Algorithm; 4] =
        [Algorithm::Direct, Algorithm::Winograd2, Algorithm::Winograd4, Algorithm::Winograd6];

    /// Whether it can compute a convolution.
    pub fn suits(self, sizes: &ConvolutionSizes) -> bool {
        let ConvolutionSizes { kernel, stride, dilation, groups, .. } = *sizes;
        self == Algorithm::Direct || winograd::suits(kernel, stride, dilation, groups)
    }

    /// Products along an axis of a tile, the inputs that it reads; none of a direct convolution.
    pub(crate) fn products(self) -> Option<usize> {
        match self {
            Algorithm::Direct => None,
            Algorithm::Winograd2 => Some(4),
            Algorithm::Winograd4 => Some(6),
            Algorithm::Winograd6 => Some(8),
        }
    }

    /// Those that may compute a convolution.
    pub(crate) fn candidates(conv: &Convolution, numerics: Numerics) -> Vec<Algorithm> {
        let Convolution { kernel, stride, dilation, groups, .. } = *conv;
        let several = numerics == Numerics::Fast && winograd::suits(kernel, stride, dilation, groups);
        Algorithm::ALL[..if several { 4 } else { 1 }].to_vec()
    }

    /// Of some the one that a tuning says, or else the fastest, measured or by estimate.
    pub(crate) fn choose(among: &[Algorithm], sizes: &ConvolutionSizes, tuning: Option<&Tuning>) -> Algorithm {
        let tuned = tuning.and_then(|tuning| tuning.algorithm(sizes));
        if let Some(tuned) = tuned.filter(|tuned| among.contains(tuned)) {
            return tuned;
        }
        let cost = |algorithm: &Algorithm| algorithm.cost(sizes, tuning);
        let fastest = among.iter().copied().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        fastest.expect("a direct convolution is always among them")
    }

    /// The estimate; where it was measured, that of a direct convolution times what it took of the time of one.
    pub(crate) fn cost(self, sizes: &ConvolutionSizes, tuning: Option<&Tuning>) -> f64 {
        match tuning.and_then(|tuning| tuning.relative_time(self, sizes)) {
            Some(relative) => relative * Algorithm::Direct.estimate(sizes),
            None => self.estimate(sizes),
        }
    }

    fn estimate(self, sizes: &ConvolutionSizes) -> f64 {
        let &ConvolutionSizes {
            kernel, groups, input: [_, inputs, ..], output: [batch, outputs, height, width], ..
        } = sizes;
        let outputs = groups * lanes(outputs / groups);
        let pixels = batch * height * width;
        let Some(products) = self.products() else {
            let columns = kernel[0] * kernel[1] * outputs;
            return (columns * inputs / groups) as f64 * (pixels as f64 + WEIGHT) + (columns * SEGMENT * pixels) as f64;
        };
        let weights = inputs / groups * outputs;
        let results = products - 2;
        let tiles = batch * height.div_ceil(results) * width.div_ceil(results);
        let squares = products * products;
        let multiply = (squares * weights) as f64 * (tiles as f64 + WEIGHT);
        multiply + TRANSFORM * (tiles * squares * (lanes(inputs) + outputs)) as f64
    }
}

/// So many channels in whole vectors, of which the last may be half of one.
fn lanes(channels: usize) -> usize {
    channels.next_multiple_of(BLOCK / 2)
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Algorithm::Direct => "direct",
            Algorithm::Winograd2 => "winograd2",
            Algorithm::Winograd4 => "winograd4",
            Algorithm::Winograd6 => "winograd6",
        })
    }
}

impl ConvolutionSizes {
    /// Of a convolution between maps.
    pub(crate) fn new(conv: &Convolution, maps: [Dims; 2]) -> ConvolutionSizes {
        let Convolution { kernel, stride, padding, dilation, groups, .. } = *conv;
        let [input, output] = maps.map(|map| [map.batch, map.channels, map.height, map.width]);
        ConvolutionSizes { kernel, stride, padding, dilation, groups, input, output }
    }
}

impl fmt::Display for ConvolutionSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConvolutionSizes { kernel: [rows, columns], stride: [stride, _], input, output, .. } = self;
        write!(f, "conv {rows}x{columns}/{stride} from {input:?} to {output:?}")
    }
}
