//! Weights as the kernels read them, made once a model.

use std::sync::Arc;

use neckar_spec::program::{Convolution, Epilogue, Instr};

use super::conv::PackedConv;
use super::conv::depthwise::Taps;
use super::epilogue::Affine;
use super::gemm::{Packing, Panels};
use super::{Threads, conv, transposed_conv, weighted_sum};
use crate::Weights;
use crate::plan::{Network, Site};
use crate::weights::folding::{Added, PerChannel, branches, foldable, scales_and_shifts};
use crate::weights::merged::{Term, merged};
use crate::weights::{Tensor, floats};

/// The packed weights of an instruction.
#[derive(Debug)]
pub(crate) enum Packed {
    Conv(Arc<PackedConv>),
    Panels(Arc<Panels>),
    Taps(Arc<Taps>),
    /// The factors of a weighted sum, or what is learned as it is.
    Factors(Arc<[f32]>),
    /// A factor and a summand a channel, of a norm with statistics of its own.
    Affine(Arc<Affine>),
    None,
}

impl Packed {
    /// Bytes of the forms that there are.
    fn bytes(&self) -> usize {
        match self {
            Packed::Conv(conv) => conv.bytes(),
            Packed::Panels(panels) => panels.bytes(),
            Packed::Taps(taps) => taps.bytes(),
            Packed::Factors(factors) => size_of_val(&**factors),
            Packed::Affine(affine) => affine.bytes(),
            Packed::None => 0,
        }
    }
}

/// The packed weights of a network.
#[derive(Debug)]
pub(crate) struct PackedNetwork {
    /// What each site makes of them.
    pub sites: Vec<PackedSite>,
    /// Those of each group of sites that share them.
    pub groups: Vec<Packed>,
}

/// A site's use of packed weights.
#[derive(Debug)]
pub(crate) struct PackedSite {
    /// The sites that share them.
    pub group: usize,
    /// The norms and factors of the epilogue that are not folded into the weights.
    pub affine: Vec<Arc<Affine>>,
    /// How many of the epilogue's first steps are folded into the weights.
    pub folded: usize,
}

/// Packs the weights of every site; sites that share an instruction's weights and what is folded into them share these.
/// Each tensor is let go of as soon as it is packed.
pub(crate) fn pack(network: &Network, weights: Weights, threads: &Threads) -> PackedNetwork {
    let mut distinct: Vec<(&Instr, &[Epilogue])> = Vec::new();
    let groups: Vec<usize> = network
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
    let affine: Vec<Vec<Arc<Affine>>> = network.sites.iter().map(|site| affine(site, &weights)).collect();
    let materials = distinct.into_iter().map(|(instr, fold)| Material::of(instr, fold, &weights)).collect();
    drop(weights);
    let packed: Vec<Packed> =
        threads.map(materials, |material: Option<Material>| material.map_or(Packed::None, Material::pack));
    let sites = network.sites.iter().zip(affine).zip(groups);
    let site = |((site, affine), group): ((&Site, _), usize)| {
        let folded = foldable(site).len();
        PackedSite { group, affine, folded }
    };
    PackedNetwork { sites: sites.map(site).collect(), groups: packed }
}

impl PackedNetwork {
    /// Those of a site.
    pub(crate) fn weights(&self, site: usize) -> &Packed {
        &self.groups[self.sites[site].group]
    }

    /// Bytes of all forms that there are.
    pub(crate) fn bytes(&self) -> usize {
        self.groups.iter().map(Packed::bytes).sum()
    }
}

/// The norms and factors of a site that are not folded into its weights.
fn affine(site: &Site, weights: &Weights) -> Vec<Arc<Affine>> {
    let posts = site.epilogue[foldable(site).len()..].iter();
    posts.filter_map(|post| Some(Arc::new(Affine::new(scales_and_shifts(post, weights)?.into_iter())))).collect()
}

/// What packed weights are made of.
struct Material<'a> {
    instr: &'a Instr,
    weight: Tensor,
    bias: Option<Tensor>,
    /// What is folded in.
    fold: Option<PerChannel>,
    branches: Vec<Added<'a>>,
}

impl Material<'_> {
    /// Of an instruction; none where it has no weights.
    fn of<'a>(instr: &'a Instr, folded: &'a [Epilogue], weights: &Weights) -> Option<Material<'a>> {
        let mut own = instr.weights().into_iter().map(|weight| weights.tensor(weight).clone());
        let fold = folded.first().and_then(|post| scales_and_shifts(post, weights));
        Some(Material { instr, weight: own.next()?, bias: own.next(), fold, branches: branches(folded, weights) })
    }

    fn pack(self) -> Packed {
        let weight = floats(&self.weight);
        let (bias, fold) = (self.bias.as_ref().map(floats), self.fold.as_deref());
        match self.instr {
            Instr::Conv(conv) if self.branches.is_empty() => pack_conv(conv, weight, bias, fold),
            Instr::Conv(conv) => {
                let terms: Vec<Term> = self.branches.iter().map(Added::term).collect();
                let (weight, bias) = merged(conv, weight, bias, fold, &terms);
                pack_conv(conv, &weight, Some(&bias), None)
            }
            Instr::TransposedConv { channels, stride, .. } => {
                Packed::Panels(Arc::new(transposed_conv::pack(*channels, *stride, weight, bias, fold)))
            }
            Instr::Gemm { features, .. } => {
                let segment = weight.len() / features;
                Packed::Panels(Arc::new(Panels::pack(&Packing {
                    taps: 1,
                    segment,
                    groups: 1,
                    channels: *features,
                    scattered: 1,
                    weight,
                    strides: [segment, 1, 0, 0],
                    bias,
                    fold,
                })))
            }
            Instr::WeightedSum { normalise, eps, .. } => {
                Packed::Factors(weighted_sum::normalised(weight, *normalise, *eps).into())
            }
            Instr::Learned { .. } => Packed::Factors(weight.into()),
            Instr::LayerNorm { .. } | Instr::GroupNorm { .. } => {
                let shifts = bias.into_iter().flatten().copied();
                let channels = weight.iter().zip(shifts).map(|(&scale, shift)| (f64::from(scale), f64::from(shift)));
                Packed::Affine(Arc::new(Affine::new(channels)))
            }
            Instr::Pool(_)
            | Instr::GlobalAveragePool
            | Instr::AdaptiveAveragePool { .. }
            | Instr::Resize(_)
            | Instr::Concat { .. }
            | Instr::Flatten
            | Instr::L2Normalize { .. }
            | Instr::Elementwise
            | Instr::Multiply
            | Instr::Mean { .. }
            | Instr::Slice(_)
            | Instr::Permute { .. }
            | Instr::Softmax
            | Instr::PixelShuffle { .. }
            | Instr::ChannelShuffle { .. }
            | Instr::Reassemble { .. }
            | Instr::Attention { .. }
            | Instr::MatMul
            | Instr::Tokens
            | Instr::Fold { .. }
            | Instr::SinePositions { .. } => Packed::None,
        }
    }
}

fn pack_conv(conv: &Convolution, weight: &[f32], bias: Option<&[f32]>, fold: Option<&[(f64, f64)]>) -> Packed {
    let inputs = weight.len() / conv.channels / (conv.kernel[0] * conv.kernel[1]) * conv.groups;
    match conv::is_depthwise(conv, inputs) {
        true => Packed::Taps(Arc::new(Taps::pack(conv, weight, bias, fold))),
        false => Packed::Conv(Arc::new(PackedConv::new(conv::pack(conv, weight, bias, fold)))),
    }
}
