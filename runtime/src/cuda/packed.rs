//! Weights as the kernels read them, made once a model.

use neckar_spec::program::{Epilogue, Instr};

use super::Dtype;
use super::tables::Tables;
use crate::Weights;
use crate::cpu::{is_depthwise, normalised};
use crate::plan::{Network, Site};
use crate::weights::folding::{Folded, PerChannel, foldable, scales_and_shifts};

/// Where the weights of a site lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packed {
    /// `[columns, taps, segment]` in the type of the maps, and a bias a column in single precision.
    Product { weights: usize, bias: usize, taps: usize, segment: usize },
    /// `[taps, C]` and a bias a channel, in single precision.
    Depthwise { weights: usize, bias: usize },
    /// In single precision.
    Factors(usize),
    /// A factor and a summand a channel.
    Affine(Affine),
    /// There are none.
    None,
}

/// Where a factor and a summand a channel lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine {
    pub scale: usize,
    pub shift: usize,
}

/// The weights of a network for a device.
#[derive(Debug)]
pub(crate) struct PackedNetwork {
    /// Those of each site.
    pub sites: Vec<Packed>,
    /// The norms and factors of each site's epilogue that are not folded into its weights.
    pub affine: Vec<Vec<Affine>>,
    /// How many of the epilogue's first steps are folded into the weights, for each site.
    pub folded: Vec<usize>,
    /// What all of them are offsets into.
    pub bytes: Vec<u8>,
}

/// Packs the weights of every site; sites of the same instruction, weights and folded steps share them.
pub(crate) fn pack(network: &Network, weights: &Weights, dtype: Dtype) -> PackedNetwork {
    let mut packer = Packer { weights, dtype, tables: Tables::default() };
    let mut distinct: Vec<(&Instr, &[Epilogue], Packed)> = Vec::new();
    let mut sites = Vec::new();
    for site in &network.sites {
        let fold = foldable(site);
        let known = distinct.iter().find(|(instr, other, _)| *instr == &site.instr && *other == fold);
        let packed = match known {
            Some((_, _, packed)) => *packed,
            None => {
                let packed = packer.pack(&site.instr, fold);
                distinct.push((&site.instr, fold, packed));
                packed
            }
        };
        sites.push(packed);
    }
    let affine = network.sites.iter().map(|site| packer.affine(site)).collect();
    let folded = network.sites.iter().map(|site| foldable(site).len()).collect();
    PackedNetwork { sites, affine, folded, bytes: packer.tables.bytes().to_vec() }
}

struct Packer<'a> {
    weights: &'a Weights,
    dtype: Dtype,
    tables: Tables,
}

impl Packer<'_> {
    fn pack(&mut self, instr: &Instr, fold: &[Epilogue]) -> Packed {
        let folded = || Folded::new(instr, fold, self.weights);
        match instr {
            Instr::Conv(conv) => {
                let Folded { weight, bias } = folded();
                let taps = conv.kernel[0] * conv.kernel[1];
                let segment = weight.len() / (conv.channels * taps);
                if is_depthwise(conv, segment * conv.groups) {
                    let channels = conv.channels;
                    let by_tap =
                        (0..taps).flat_map(|tap| (0..channels).map(move |c| c * taps + tap)).map(|i| weight[i]);
                    return Packed::Depthwise { weights: self.tables.floats(by_tap), bias: self.tables.floats(bias) };
                }
                let order = (0..conv.channels).flat_map(|column| {
                    (0..taps).flat_map(move |tap| (0..segment).map(move |c| (column * segment + c) * taps + tap))
                });
                self.product(order.map(|i| weight[i]), bias, taps, segment)
            }
            Instr::Gemm { features, .. } => {
                let Folded { weight, bias } = folded();
                let segment = weight.len() / features;
                self.product(weight.into_iter(), bias, 1, segment)
            }
            Instr::TransposedConv { channels, stride, .. } => {
                let Folded { weight, bias } = folded();
                let spread = stride * stride;
                let (channels, segment) = (*channels, weight.len() / (channels * spread));
                let order = (0..spread).flat_map(|tap| {
                    (0..channels).flat_map(move |c| (0..segment).map(move |k| (k * channels + c) * spread + tap))
                });
                let bias = bias.repeat(spread);
                self.product(order.map(|i| weight[i]), bias, 1, segment)
            }
            Instr::WeightedSum { weight, normalise, eps } => {
                let factors = normalised(self.weights.get(*weight), *normalise, *eps);
                Packed::Factors(self.tables.floats(factors))
            }
            Instr::Learned { weight, .. } => {
                Packed::Factors(self.tables.floats(self.weights.get(*weight).iter().copied()))
            }
            Instr::LayerNorm { weight, bias, .. } | Instr::GroupNorm { weight, bias, .. } => {
                let [scale, shift] =
                    [weight, bias].map(|weight| self.tables.floats(self.weights.get(*weight).iter().copied()));
                Packed::Affine(Affine { scale, shift })
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

    fn product(&mut self, weights: impl Iterator<Item = f32>, bias: Vec<f32>, taps: usize, segment: usize) -> Packed {
        let mut bytes = Vec::new();
        weights.for_each(|x| self.dtype.bytes(x, &mut bytes));
        Packed::Product { weights: self.tables.add(bytes), bias: self.tables.floats(bias), taps, segment }
    }

    fn affine(&mut self, site: &Site) -> Vec<Affine> {
        let posts = site.epilogue[foldable(site).len()..].iter();
        let channels: Vec<PerChannel> = posts.filter_map(|post| scales_and_shifts(post, self.weights)).collect();
        let affine = |channels: PerChannel| Affine {
            scale: self.tables.floats(channels.iter().map(|(scale, _)| *scale as f32)),
            shift: self.tables.floats(channels.iter().map(|(_, shift)| *shift as f32)),
        };
        channels.into_iter().map(affine).collect()
    }
}
