//! Weights as the kernels read them, made once a model.

use std::sync::Arc;

use neckar_spec::program::{Branch, Convolution, Epilogue, Instr, Norm};

use super::conv::PackedConv;
use super::conv::depthwise::Taps;
use super::conv::merged::{Term, merged};
use super::epilogue::Affine;
use super::gemm::{Packing, Panels};
use super::{Threads, conv, transposed_conv, weighted_sum};
use crate::Weights;
use crate::plan::{Network, Site};
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

/// The steps that are folded into a site's weights: a norm or factor right behind an instruction that multiplies with weights,
/// then a convolution's branches.
fn foldable(site: &Site) -> &[Epilogue] {
    if !matches!(site.instr, Instr::Conv(_) | Instr::TransposedConv { .. } | Instr::Gemm { .. }) {
        return &[];
    }
    let scales = matches!(site.epilogue.first(), Some(Epilogue::Norm(_) | Epilogue::LayerScale { .. }));
    let behind = site.epilogue[usize::from(scales)..].iter();
    let branches = behind.take_while(|post| matches!(post, Epilogue::Branch(_))).count();
    &site.epilogue[..usize::from(scales) + branches]
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
    /// The factor and the summand a channel that are folded in.
    fold: Option<Vec<(f64, f64)>>,
    branches: Vec<Added<'a>>,
}

/// A branch, and what its weights are made of.
struct Added<'a> {
    branch: &'a Branch,
    weights: [Option<Tensor>; 2],
    fold: Option<Vec<(f64, f64)>>,
}

impl Material<'_> {
    /// Of an instruction; none where it has no weights.
    fn of<'a>(instr: &'a Instr, folded: &'a [Epilogue], weights: &Weights) -> Option<Material<'a>> {
        let mut own = instr.weights().into_iter().map(|weight| weights.tensor(weight).clone());
        let fold = folded.first().and_then(|post| scales_and_shifts(post, weights));
        let added = |post: &'a Epilogue| {
            let Epilogue::Branch(branch) = post else { return None };
            let ids = [branch.conv.as_ref().map(|conv| conv.weight), branch.conv.as_ref().and_then(|conv| conv.bias)];
            Some(Added {
                branch,
                weights: ids.map(|id| id.map(|id| weights.tensor(id).clone())),
                fold: branch.norm.as_ref().map(|norm| of_norm(norm, weights)),
            })
        };
        let branches = folded.iter().filter_map(added).collect();
        Some(Material { instr, weight: own.next()?, bias: own.next(), fold, branches })
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

impl Added<'_> {
    fn term(&self) -> Term<'_> {
        let [weight, bias] = self.weights.each_ref().map(|tensor| tensor.as_ref().map(floats));
        Term { branch: self.branch, weight: weight.unwrap_or_default(), bias, fold: self.fold.as_deref() }
    }
}

fn pack_conv(conv: &Convolution, weight: &[f32], bias: Option<&[f32]>, fold: Option<&[(f64, f64)]>) -> Packed {
    let inputs = weight.len() / conv.channels / (conv.kernel[0] * conv.kernel[1]) * conv.groups;
    match conv::is_depthwise(conv, inputs) {
        true => Packed::Taps(Arc::new(Taps::pack(conv, weight, bias, fold))),
        false => Packed::Conv(Arc::new(PackedConv::new(conv::pack(conv, weight, bias, fold)))),
    }
}

/// A factor and a summand a channel; none where a step of an epilogue is something else.
fn scales_and_shifts(post: &Epilogue, weights: &Weights) -> Option<Vec<(f64, f64)>> {
    match post {
        Epilogue::Norm(norm) => Some(of_norm(norm, weights)),
        Epilogue::LayerScale { weight } => {
            Some(weights.get(*weight).iter().map(|&factor| (f64::from(factor), 0.0)).collect())
        }
        Epilogue::Activation(_) | Epilogue::Add { .. } | Epilogue::Scale { .. } | Epilogue::Branch(_) => None,
    }
}

/// Of a norm in inference γ/√(σ² + ε) and β − μ·γ/√(σ² + ε), a channel each.
fn of_norm(norm: &Norm, weights: &Weights) -> Vec<(f64, f64)> {
    let [gamma, beta, mean, variance] = [norm.weight, norm.bias, norm.mean, norm.variance].map(|id| weights.get(id));
    let channel = |c: usize| {
        let scale = f64::from(gamma[c]) / (f64::from(variance[c]) + f64::from(norm.eps)).sqrt();
        (scale, f64::from(beta[c]) - f64::from(mean[c]) * scale)
    };
    (0..gamma.len()).map(channel).collect()
}
