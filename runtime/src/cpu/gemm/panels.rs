//! Weights packed in panels of sixteen output channels: `[panel][k][16]`, the channels that a panel lacks zero.

use crate::cpu::simd::BLOCK;
use crate::tensor::Aligned;

/// The packed weights of a convolution, a matrix product or a transposed convolution.
#[derive(Debug)]
pub(crate) struct Panels {
    data: Aligned,
    bias: Vec<f32>,
    list: Vec<Panel>,
    /// Input channels that an output sees.
    pub segment: usize,
    /// Kernel taps times the segment: the terms of a sum.
    pub depth: usize,
}

/// Up to sixteen output channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panel {
    /// The first input channel that it sees.
    pub input: usize,
    /// Its first output channel.
    pub channel: usize,
    /// How many output channels it has.
    pub width: usize,
    /// The tap of a transposed convolution that it computes.
    pub tap: usize,
}

/// How weights lie in their tensor, and what is folded into them.
pub(crate) struct Packing<'a> {
    /// Kernel taps that are summed over.
    pub taps: usize,
    /// Input channels a group.
    pub segment: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Output channels of all groups.
    pub channels: usize,
    /// Taps of a transposed convolution, each computed by panels of its own.
    pub scattered: usize,
    /// The tensor.
    pub weight: &'a [f32],
    /// Floats from one output channel, input channel of the group, tap and scattered tap to the next.
    pub strides: [usize; 4],
    /// For each output channel.
    pub bias: Option<&'a [f32]>,
    /// For each output channel a factor and a summand that are applied after the bias.
    pub fold: Option<&'a [(f64, f64)]>,
}

impl Panels {
    /// Packs.
    pub(crate) fn pack(packing: &Packing) -> Panels {
        let &Packing { taps, segment, groups, channels, scattered, .. } = packing;
        let per_group = channels / groups;
        let mut list = Vec::new();
        for tap in 0..scattered {
            for group in 0..groups {
                for start in (0..per_group).step_by(BLOCK) {
                    list.push(Panel {
                        input: group * segment,
                        channel: group * per_group + start,
                        width: BLOCK.min(per_group - start),
                        tap,
                    });
                }
            }
        }
        let depth = taps * segment;
        let mut data = Aligned::zeros(list.len() * depth * BLOCK);
        let mut bias = vec![0.0; list.len() * BLOCK];
        if depth > 0 {
            let columns = data.chunks_exact_mut(depth * BLOCK).zip(bias.chunks_exact_mut(BLOCK));
            list.iter().zip(columns).for_each(|(panel, (columns, bias))| packing.fill(*panel, columns, bias));
        }
        Panels { data, bias, list, segment, depth }
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<f32>() * (self.data.len() + self.bias.len())
    }

    /// How many panels.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// What a panel computes.
    pub(crate) fn panel(&self, index: usize) -> Panel {
        self.list[index]
    }

    /// A panel's weights `[k][16]`.
    pub(crate) fn columns(&self, index: usize) -> &[f32] {
        &self.data[index * self.depth * BLOCK..][..self.depth * BLOCK]
    }

    /// The weights of up to `count` panels from one on.
    pub(crate) fn after(&self, index: usize, count: usize) -> &[f32] {
        let panel = self.depth * BLOCK;
        &self.data[(index * panel).min(self.data.len())..((index + count) * panel).min(self.data.len())]
    }

    /// A panel's biases.
    pub(crate) fn bias(&self, index: usize) -> &[f32; BLOCK] {
        self.bias[index * BLOCK..].first_chunk().expect("each panel has a block of biases")
    }
}

impl Packing<'_> {
    /// Fills the columns `[k][16]` and the biases of a panel.
    fn fill(&self, panel: Panel, columns: &mut [f32], bias: &mut [f32]) {
        let &Packing { taps, segment, weight, strides, .. } = self;
        let [channels, inputs, tap, scattered] = strides;
        let mut scales = [0.0; BLOCK];
        for (column, channel) in (panel.channel..panel.channel + panel.width).enumerate() {
            let (scale, shift) = self.fold.map_or((1.0, 0.0), |fold| fold[channel]);
            let own = self.bias.map_or(0.0, |bias| f64::from(bias[channel]));
            bias[column] = (own * scale + shift) as f32;
            scales[column] = scale;
        }
        // The taps of an input lie together in the tensor of a convolution, and apart in the panel: what is read in order
        // are sixteen streams, what is written is one a tap.
        let first = panel.channel * channels + panel.tap * scattered;
        for input in 0..segment {
            for t in 0..taps {
                let block = &mut columns[(t * segment + input) * BLOCK..][..panel.width];
                let from = weight[first + input * inputs + t * tap..].iter().step_by(channels);
                for ((block, &w), scale) in block.iter_mut().zip(from).zip(&scales) {
                    *block = (f64::from(w) * scale) as f32;
                }
            }
        }
    }
}

impl Panel {
    /// Whether another panel multiplies the same rows and adds to the same pixels.
    pub(crate) fn shares_input(&self, other: &Panel) -> bool {
        (self.input, self.tap) == (other.input, other.tap)
    }
}
