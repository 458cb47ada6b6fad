//! Which algorithm computes a convolution.

use neckar_spec::program::Convolution;

use super::winograd;
use crate::Numerics;
use crate::tensor::Dims;

/// An algorithm for a convolution whose channels are not groups of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// A product over all taps and channels.
    Direct,
    /// Winograd's, with so many products an axis.
    Winograd { products: usize },
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
    /// The fastest by estimate for a convolution between maps of the given sizes.
    pub(crate) fn choose(conv: &Convolution, maps: [Dims; 2], numerics: Numerics) -> Algorithm {
        let mut best = Algorithm::Direct;
        if numerics == Numerics::Fast && winograd::suits(conv) {
            for products in winograd::PRODUCTS {
                let other = Algorithm::Winograd { products };
                if other.cost(conv, maps) < best.cost(conv, maps) {
                    best = other;
                }
            }
        }
        best
    }

    /// The estimate.
    fn cost(self, conv: &Convolution, [from, to]: [Dims; 2]) -> f64 {
        let weights = from.channels / conv.groups * to.channels;
        match self {
            Algorithm::Direct => {
                let weights = weights * conv.kernel[0] * conv.kernel[1];
                weights as f64 * (to.pixels() as f64 + WEIGHT)
            }
            Algorithm::Winograd { products } => {
                let results = products - 2;
                let tiles = to.batch * to.height.div_ceil(results) * to.width.div_ceil(results);
                let squares = products * products;
                let spilled = winograd::TILES.min(tiles) * squares * from.channels > SPILL;
                let product = if spilled { SPILLED } else { 1.0 };
                let multiply = (squares * weights) as f64 * (product * tiles as f64 + WEIGHT);
                multiply + TRANSFORM * (tiles * squares * (from.channels + to.channels)) as f64
            }
        }
    }
}
