//! Weights as the kernels read them, made once a model.

use std::sync::Arc;

use neckar_spec::program::{Convolution, Epilogue, Instr, Norm, WeightId};

use super::conv::PackedConv;
use super::conv::depthwise::Taps;
use super::epilogue::Affine;
use super::gemm::{Packing, Panels};
use super::{Threads, conv, transposed_conv, weighted_sum};
use crate::Weights;
use crate::plan::{Network, Site};

/// The packed weights of a site's instruction.
#[derive(Clone, Debug)]
pub(crate) enum Packed {
    Conv(Arc<PackedConv>),
    Panels(Arc<Panels>),
    Taps(Arc<Taps>),
    /// The factors of a weighted sum.
    Factors(Arc<[f32]>),
    None,
}

/// The packed weights of a site.
#[derive(Debug)]
pub(crate) struct PackedSite {
    pub weights: Packed,
    /// The norms of the epilogue that are not folded into the weights.
    pub norms: Vec<Arc<Affine>>,
    /// Whether the epilogue's first step is folded into the weights.
    pub folded: bool,
}

/// Packs the weights of every site; sites that share an instruction's weights and what is folded into them share these.
pub(crate) fn pack(network: &Network, weights: &Weights, threads: &Threads) -> Vec<PackedSite> {
    let mut distinct: Vec<(&Instr, Option<&Norm>)> = Vec::new();
    let keys: Vec<usize> = network
        .sites
        .iter()
        .map(|site| {
            let key = (&site.instr, foldable(site));
            distinct.iter().position(|other| *other == key).unwrap_or_else(|| {
                distinct.push(key);
                distinct.len() - 1
            })
        })
        .collect();
    let packed = threads.map(&distinct, |&(instr, norm)| pack_one(instr, norm, weights));
    let site = |(site, key): (&Site, usize)| {
        let folded = foldable(site).is_some();
        let norms = site.epilogue[usize::from(folded)..].iter().filter_map(|post| match post {
            Epilogue::Norm(norm) => Some(Arc::new(affine(norm, weights))),
            Epilogue::Activation(_) | Epilogue::Add { .. } => None,
        });
        PackedSite { weights: packed[key].clone(), norms: norms.collect(), folded }
    };
    network.sites.iter().zip(keys).map(site).collect()
}

/// The norm that can be folded into a site's weights: one right behind an instruction that multiplies with weights.
fn foldable(site: &Site) -> Option<&Norm> {
    match (&site.instr, site.epilogue.first()) {
        (Instr::Conv(_) | Instr::TransposedConv { .. } | Instr::Gemm { .. }, Some(Epilogue::Norm(norm))) => Some(norm),
        _ => None,
    }
}

fn pack_one(instr: &Instr, norm: Option<&Norm>, weights: &Weights) -> Packed {
    let fold = norm.map(|norm| move |channel: usize| scale_and_shift(norm, weights, channel));
    let fold = fold.as_ref().map(|fold| fold as &dyn Fn(usize) -> (f64, f64));
    let bias_of = |bias: &Option<WeightId>| bias.map(|bias| weights.get(bias));
    match instr {
        Instr::Conv(conv @ Convolution { weight, bias, .. }) => {
            let (weight, bias) = (weights.get(*weight), bias_of(bias));
            let inputs = weight.len() / conv.channels / (conv.kernel[0] * conv.kernel[1]) * conv.groups;
            match conv::is_depthwise(conv, inputs) {
                true => Packed::Taps(Arc::new(Taps::pack(conv, weight, bias, fold))),
                false => Packed::Conv(Arc::new(PackedConv::new(conv::pack(conv, weight, bias, fold)))),
            }
        }
        Instr::TransposedConv { channels, stride, weight, bias } => {
            let (weight, bias) = (weights.get(*weight), bias_of(bias));
            Packed::Panels(Arc::new(transposed_conv::pack(*channels, *stride, weight, bias, fold)))
        }
        Instr::Gemm { features, weight, bias } => {
            let (weight, bias) = (weights.get(*weight), bias_of(bias));
            let segment = weight.len() / features;
            Packed::Panels(Arc::new(Panels::pack(&Packing {
                taps: 1,
                segment,
                groups: 1,
                channels: *features,
                scattered: 1,
                weight: &|channel, input, _, _| weight[channel * segment + input],
                bias: &|channel| bias.map_or(0.0, |bias| bias[channel]),
                fold,
            })))
        }
        Instr::WeightedSum { weight, normalise, eps } => {
            Packed::Factors(weighted_sum::normalised(weights.get(*weight), *normalise, *eps).into())
        }
        Instr::Pool(_)
        | Instr::GlobalAveragePool
        | Instr::AdaptiveAveragePool { .. }
        | Instr::Resize(_)
        | Instr::Concat
        | Instr::Flatten
        | Instr::L2Normalize { .. }
        | Instr::Elementwise => Packed::None,
    }
}

fn affine(norm: &Norm, weights: &Weights) -> Affine {
    Affine::new((0..weights.get(norm.weight).len()).map(|channel| scale_and_shift(norm, weights, channel)))
}

/// A norm in inference as a factor and a summand: γ/√(σ² + ε) and β − μ·γ/√(σ² + ε).
fn scale_and_shift(norm: &Norm, weights: &Weights, channel: usize) -> (f64, f64) {
    let at = |weight: WeightId| f64::from(weights.get(weight)[channel]);
    let scale = at(norm.weight) / (at(norm.variance) + f64::from(norm.eps)).sqrt();
    (scale, at(norm.bias) - at(norm.mean) * scale)
}
