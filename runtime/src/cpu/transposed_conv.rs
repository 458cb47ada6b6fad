//! Transposed convolution whose stride is its kernel: each input pixel makes a square of output pixels, and no two meet.

use super::gemm::{Packing, Panels};

/// Packs a weight `[Cin, Cout, s, s]`: every tap is a matrix product of its own.
pub(crate) fn pack(
    channels: usize,
    stride: usize,
    weight: &[f32],
    bias: Option<&[f32]>,
    fold: Option<&[(f64, f64)]>,
) -> Panels {
    let taps = stride * stride;
    Panels::pack(&Packing {
        taps: 1,
        segment: weight.len() / channels / taps,
        groups: 1,
        channels,
        scattered: taps,
        weight,
        strides: [taps, channels * taps, 0, 1],
        bias,
        fold,
    })
}
