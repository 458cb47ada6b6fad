//! What of an epilogue is folded into the weights of its instruction.

use neckar_spec::program::{Branch, Epilogue, Instr, Norm};

use super::merged::Term;
#[cfg(test)]
use super::merged::merged;
use super::{Tensor, Weights, floats};
use crate::plan::Site;

/// A factor and a summand a channel.
pub(crate) type PerChannel = Vec<(f64, f64)>;

/// The steps that are folded into a site's weights: a norm or factor right behind an instruction that multiplies with weights,
/// then a convolution's branches.
pub(crate) fn foldable(site: &Site) -> &[Epilogue] {
    if !matches!(site.instr, Instr::Conv(_) | Instr::TransposedConv { .. } | Instr::Gemm { .. }) {
        return &[];
    }
    let scales = matches!(site.epilogue.first(), Some(Epilogue::Norm(_) | Epilogue::LayerScale { .. }));
    let behind = site.epilogue[usize::from(scales)..].iter();
    let branches = behind.take_while(|post| matches!(post, Epilogue::Branch(_))).count();
    &site.epilogue[..usize::from(scales) + branches]
}

/// A branch, and what its weights are made of.
pub(crate) struct Added<'a> {
    branch: &'a Branch,
    weights: [Option<Tensor>; 2],
    fold: Option<PerChannel>,
}

impl Added<'_> {
    pub(crate) fn term(&self) -> Term<'_> {
        let [weight, bias] = self.weights.each_ref().map(|tensor| tensor.as_ref().map(floats));
        Term { branch: self.branch, weight: weight.unwrap_or_default(), bias, fold: self.fold.as_deref() }
    }
}

/// The branches among folded steps.
pub(crate) fn branches<'a>(folded: &'a [Epilogue], weights: &Weights) -> Vec<Added<'a>> {
    let added = |post: &'a Epilogue| {
        let Epilogue::Branch(branch) = post else { return None };
        let ids = [branch.conv.as_ref().map(|conv| conv.weight), branch.conv.as_ref().and_then(|conv| conv.bias)];
        Some(Added {
            branch,
            weights: ids.map(|id| id.map(|id| weights.tensor(id).clone())),
            fold: branch.norm.as_ref().map(|norm| of_norm(norm, weights)),
        })
    };
    folded.iter().filter_map(added).collect()
}

/// An instruction's weight with all folded into it, in its own order, and a bias a channel.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Folded {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

#[cfg(test)]
impl Folded {
    /// Of a convolution, a transposed one, or a product over channels.
    pub(crate) fn new(instr: &Instr, folded: &[Epilogue], weights: &Weights) -> Folded {
        let mut own = instr.weights().into_iter().map(|weight| weights.get(weight));
        let weight = own.next().expect("it multiplies with a weight");
        let (bias, fold) = (own.next(), folded.first().and_then(|post| scales_and_shifts(post, weights)));
        if let Instr::Conv(conv) = instr {
            let added = branches(folded, weights);
            let terms: Vec<Term> = added.iter().map(Added::term).collect();
            let (weight, bias) = merged(conv, weight, bias, fold.as_deref(), &terms);
            return Folded { weight, bias };
        }
        // Which channel a weight belongs to, by its place.
        let (channels, below) = match instr {
            Instr::TransposedConv { channels, stride, .. } => (*channels, stride * stride),
            Instr::Gemm { features, .. } => (*features, weight.len() / features),
            other => unreachable!("nothing is folded into {other:?}"),
        };
        let fold = fold.unwrap_or_else(|| vec![(1.0, 0.0); channels]);
        let scaled = |(i, &w): (usize, &f32)| (f64::from(w) * fold[i / below % channels].0) as f32;
        let shifted = |c: usize| (bias.map_or(0.0, |bias| f64::from(bias[c])) * fold[c].0 + fold[c].1) as f32;
        Folded { weight: weight.iter().enumerate().map(scaled).collect(), bias: (0..channels).map(shifted).collect() }
    }
}

/// A factor and a summand a channel; none where a step of an epilogue is something else.
pub(crate) fn scales_and_shifts(post: &Epilogue, weights: &Weights) -> Option<PerChannel> {
    match post {
        Epilogue::Norm(norm) => Some(of_norm(norm, weights)),
        Epilogue::LayerScale { weight } => {
            Some(weights.get(*weight).iter().map(|&factor| (f64::from(factor), 0.0)).collect())
        }
        Epilogue::Activation(_) | Epilogue::Add { .. } | Epilogue::Scale { .. } | Epilogue::Branch(_) => None,
    }
}

/// Of a norm in inference γ/√(σ² + ε) and β − μ·γ/√(σ² + ε), a channel each.
fn of_norm(norm: &Norm, weights: &Weights) -> PerChannel {
    let [gamma, beta, mean, variance] = [norm.weight, norm.bias, norm.mean, norm.variance].map(|id| weights.get(id));
    let channel = |c: usize| {
        let scale = f64::from(gamma[c]) / (f64::from(variance[c]) + f64::from(norm.eps)).sqrt();
        (scale, f64::from(beta[c]) - f64::from(mean[c]) * scale)
    };
    (0..gamma.len()).map(channel).collect()
}
