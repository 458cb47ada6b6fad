//! Which algorithm computes a convolution.

use neckar_spec::program::Convolution;

use super::winograd;
use crate::Numerics;
use crate::tensor::Dims;

/// An algorithm for a convolution whose channels are not groups of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    /// A product over all taps and channels.
    Direct,
    /// Winograd's, in tiles of 2 × 2 results.
    Winograd2,
    /// Winograd's, in tiles of 4 × 4 results.
    Winograd4,
    /// Winograd's, in tiles of 6 × 6 results.
    Winograd6,
}

/// What is compared is an estimate in multiply-adds of a product on data in the caches. It never sees the number of
/// threads or the instruction set, so that all of them give the same bits.
///
/// Both transforms of a tile, for each product and channel.
const TRANSFORM: f64 = 30.0;

/// A weight that comes from memory, as it does in a network whose weights are larger than the caches.
const WEIGHT: f64 = 20.0;

/// A product whose transformed inputs are larger than the second cache.
const SPILLED: f64 = 1.35;

/// Floats of the transformed inputs of a block of tiles that still count as inside of the second cache.
const SPILL: usize = 384 * 1024;

impl Algorithm {
    /// All there are.
    pub(crate) const ALL: [Algorithm; 4] =
        [Algorithm::Direct, Algorithm::Winograd2, Algorithm::Winograd4, Algorithm::Winograd6];

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
        let several = numerics == Numerics::Fast && winograd::suits(conv);
        Algorithm::ALL[..if several { 4 } else { 1 }].to_vec()
    }

    /// The fastest of some by estimate for a convolution between maps of the given sizes.
    pub(crate) fn choose(among: &[Algorithm], conv: &Convolution, maps: [Dims; 2]) -> Algorithm {
        let cost = |algorithm: &Algorithm| algorithm.cost(conv, maps);
        let fastest = among.iter().copied().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        fastest.expect("a direct convolution is always among them")
    }

    /// The estimate.
    pub(crate) fn cost(self, conv: &Convolution, [from, to]: [Dims; 2]) -> f64 {
        let weights = from.channels / conv.groups * to.channels;
        let Some(products) = self.products() else {
            let weights = weights * conv.kernel[0] * conv.kernel[1];
            return weights as f64 * (to.pixels() as f64 + WEIGHT);
        };
        let results = products - 2;
        let tiles = to.batch * to.height.div_ceil(results) * to.width.div_ceil(results);
        let squares = products * products;
        let spilled = winograd::TILES.min(tiles) * squares * from.channels > SPILL;
        let product = if spilled { SPILLED } else { 1.0 };
        let multiply = (squares * weights) as f64 * (product * tiles as f64 + WEIGHT);
        multiply + TRANSFORM * (tiles * squares * (from.channels + to.channels)) as f64
    }
}
