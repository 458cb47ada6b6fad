//! Convolution: an implicit matrix product, Winograd's algorithm, or a direct loop where every channel is a group of its own.

mod algorithm;
pub(crate) mod depthwise;
mod packed;
pub(crate) mod winograd;

pub use algorithm::{Algorithm, ConvolutionSizes};
pub(crate) use packed::PackedConv;

use neckar_spec::program::Convolution;

use super::gemm::{Packing, Panels, SHORT_SEGMENT};

/// Whether every channel is a group of its own and makes one channel.
pub(crate) fn is_depthwise(conv: &Convolution, inputs: usize) -> bool {
    conv.groups == inputs && conv.channels == inputs && conv.groups > 1
}

/// Whether every algorithm for it copies its windows before it multiplies them, as those of a stem, so that they can as well be
/// copied out of a channels-first array.
pub(crate) fn gathers_windows(conv: &Convolution, inputs: usize) -> bool {
    let Convolution { kernel, stride, dilation, groups, .. } = *conv;
    let gathered = groups == 1 && kernel != [1, 1] && inputs < SHORT_SEGMENT;
    gathered && !winograd::suits(kernel, stride, dilation, groups)
}

/// Packs a weight `[Cout, Cin/groups, kh, kw]`.
pub(crate) fn pack(conv: &Convolution, weight: &[f32], bias: Option<&[f32]>, fold: Option<&[(f64, f64)]>) -> Panels {
    let taps = conv.kernel[0] * conv.kernel[1];
    let segment = weight.len() / conv.channels / taps;
    Panels::pack(&Packing {
        taps,
        segment,
        groups: conv.groups,
        channels: conv.channels,
        scattered: 1,
        weight,
        strides: [segment * taps, taps, 1, 0],
        bias,
        fold,
    })
}
