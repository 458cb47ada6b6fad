//! The closed set of instructions that every backend implements.

use serde::{Deserialize, Serialize};

use super::{Branch, WeightId};
use crate::size::{Extent, Shape};

/// An instruction. Operands and results are maps `[B, C, sizes…]` in the order of the language; a backend lays them out
/// as it likes. Any may stand before an epilogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Instr {
    /// `[B, Cin, H, W]` → `[B, Cout, ⌊(H + 2p − d(k−1) − 1)/s⌋ + 1, …]`.
    Conv(Convolution),
    /// Transposed convolution whose stride is its kernel: `[B, Cin, H, W]` → `[B, Cout, sH, sW]`. The weight is
    /// `[Cin, Cout, s, s]`.
    TransposedConv {
        /// Output channels.
        channels: usize,
        /// Kernel and stride.
        stride: usize,
        /// `[Cin, Cout, s, s]`.
        weight: WeightId,
        /// `[Cout]`.
        bias: Option<WeightId>,
    },
    /// `[B, Cin, sizes…]` → `[B, Cout, sizes…]`, cell by cell; the weight is `[Cout, Cin]`.
    Gemm {
        /// Output features.
        features: usize,
        /// `[Cout, Cin]`.
        weight: WeightId,
        /// `[Cout]`.
        bias: Option<WeightId>,
    },
    /// Pooling in windows. Cells outside the map count for nothing, unless `count_padding` says so.
    Pool(Pool),
    /// The mean over all sizes: `[B, C, H, W]` → `[B, C, 1, 1]`.
    GlobalAveragePool,
    /// Adaptive average pooling to a fixed size, or to that of a second operand, which is not read otherwise: cell i averages
    /// rows ⌊iH/n⌋ to ⌈(i+1)H/n⌉.
    AdaptiveAveragePool {
        /// Output rows and columns.
        size: Option<[usize; 2]>,
    },
    /// Resampling. With [`Target::Like`] a second operand gives the size and is not read otherwise.
    Resize(Resize),
    /// Operands joined along an axis.
    Concat {
        /// Which one.
        axis: Axis,
    },
    /// `[B, C, H, W]` → `[B, C·H·W]`, in the order of a channels-first map.
    Flatten,
    /// Each vector along the channels divided by max(its Euclidean norm, eps).
    L2Normalize {
        /// The least divisor.
        eps: f32,
    },
    /// Σ wₖ·xₖ with normalised weights, one an operand.
    WeightedSum {
        /// `[operands]`.
        weight: WeightId,
        /// How the weights are normalised.
        normalise: Normalise,
        /// Added to the denominator (softplus and ReLU).
        eps: f32,
    },
    /// The first operand as it is; the epilogue does the work.
    Elementwise,
    /// (x − mean) / √(var + eps) · weight + bias with the statistics of each cell's channels.
    LayerNorm {
        /// Added to the variance.
        eps: f32,
        /// γ, `[C]`.
        weight: WeightId,
        /// β, `[C]`.
        bias: WeightId,
    },
    /// (x − mean) / √(var + eps) · weight + bias with the statistics of each image's groups of channels, over all cells.
    GroupNorm {
        /// Groups of channels.
        groups: usize,
        /// Added to the variance.
        eps: f32,
        /// γ, `[C]`.
        weight: WeightId,
        /// β, `[C]`.
        bias: WeightId,
    },
    /// The first operand times the second, which is repeated along the axes where its size is 1.
    Multiply,
    /// The mean along an axis, which stays as one cell.
    Mean {
        /// Which one.
        axis: Axis,
    },
    /// Some neighbouring cells of an axis.
    Slice(Slice),
    /// The same cells with the axes in another order: axis i of the result is axis `order[i]` of the operand.
    Permute {
        /// Axes of the operand, the batch first.
        order: Vec<usize>,
    },
    /// softmax(q·kᵀ/√d)·v for each head of d channels: `[B, C, N]`, `[B, C, M]`, `[B, C₂, M]` → `[B, C₂, N]`.
    Attention {
        /// Heads, which divide the channels.
        heads: usize,
    },
    /// `[B, M, K]` times `[B, K, N]`.
    MatMul,
    /// `[B, C, H, W]` → `[B, C, H·W]`.
    Tokens,
    /// `[B, C, H·W]` → `[B, C, H, W]`, of the given size, or of that of a second operand, which is not read otherwise.
    Fold {
        /// Rows and columns.
        size: Option<[usize; 2]>,
    },
    /// A weight as tokens `[B, C, N]`, the same for each image; of the operand only the batch counts.
    Learned {
        /// Channels.
        channels: usize,
        /// Tokens.
        count: usize,
        /// `[1, N, C]`.
        weight: WeightId,
    },
    /// sin(y·ωᵢ), cos(y·ωᵢ), sin(x·ωᵢ), cos(x·ωᵢ) in quarters of D channels, ωᵢ = temperature^(−i/D), of the operand's shape,
    /// which is not read otherwise.
    SinePositions {
        /// The base of the rates.
        temperature: f32,
    },
    /// exp(x) / Σ exp(x) along each cell's channels.
    Softmax,
    /// `[B, C·f², H, W]` → `[B, C, fH, fW]`: channel c·f² + i·f + j becomes row i and column j of the f² cells in place of one.
    PixelShuffle {
        /// Cells along each axis in place of one.
        factor: usize,
    },
    /// Channels of g groups, one of each group in turn: channel i·C/g + j becomes channel j·g + i.
    ChannelShuffle {
        /// Groups.
        groups: usize,
    },
    /// Each cell the sum of the k × k cells around the one that it comes from, times its own kernel, outside of the map zeros:
    /// `[B, C, H, W]`, kernels `[B, k², fH, fW]` → `[B, C, fH, fW]`.
    Reassemble {
        /// Rows and columns of the kernels, an odd number.
        kernel: usize,
        /// Cells along each axis in place of one.
        factor: usize,
    },
}

/// An axis of a map besides the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Axis {
    /// The second.
    Channels,
    /// The third; of tokens `[B, C, N]` these are the tokens.
    Rows,
    /// The fourth.
    Columns,
}

impl Axis {
    /// Its place in a shape `[B, C, H, W]`.
    pub fn index(self) -> usize {
        match self {
            Axis::Channels => 1,
            Axis::Rows => 2,
            Axis::Columns => 3,
        }
    }
}

/// Some neighbouring cells of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Which axis.
    pub axis: Axis,
    /// The first cell.
    pub start: usize,
    /// How many cells; all that follow where it is left out.
    pub length: Option<usize>,
}

/// A convolution's attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convolution {
    /// Output channels.
    pub channels: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Stride along rows and columns.
    pub stride: [usize; 2],
    /// Zeros on each side.
    pub padding: [usize; 2],
    /// Distance between taps.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// `[Cout, Cin/groups, kh, kw]`.
    pub weight: WeightId,
    /// `[Cout]`.
    pub bias: Option<WeightId>,
}

/// Pooling in windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Greatest or mean.
    pub kind: PoolKind,
    /// Rows and columns of the window.
    pub kernel: [usize; 2],
    /// Stride along rows and columns.
    pub stride: [usize; 2],
    /// Cells added on each side.
    pub padding: [usize; 2],
}

/// What a pool keeps of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolKind {
    /// The greatest value; NaN wins.
    Max,
    /// The mean; `count_padding` divides by the whole window, as PyTorch does by default.
    Average {
        /// Whether padding counts in the divisor.
        count_padding: bool,
    },
}

/// Resampling of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resize {
    /// How values between cells come about.
    pub mode: ResizeMode,
    /// Which size it makes.
    pub target: Target,
}

/// How values between cells come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResizeMode {
    /// Source cell ⌊i·in/out⌋ (PyTorch's `nearest`).
    Nearest,
    /// Linear along both axes between cell centres (half-pixel), clamped at the borders.
    Bilinear,
    /// Linear along both axes, first and last cells aligned.
    AlignCorners,
    /// Keys' cubic of a = −3/4 along both axes between cell centres, cells beyond the borders those at them.
    Bicubic,
    /// Keys' cubic of a = −1/2, as wide as the scale where the map shrinks; of what lies beyond the borders nothing counts.
    BicubicAntialiased,
}

/// Which size a resize makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Each size times a factor.
    Factor(usize),
    /// The sizes of the second operand; of an addition in an epilogue those of the result.
    Like,
}

/// How the weights of a [`Instr::WeightedSum`] are normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalise {
    /// softplus(wₖ) / (Σ softplus(w) + eps).
    Softplus,
    /// max(wₖ, 0) / (Σ max(w, 0) + eps).
    Relu,
    /// exp(wₖ) / Σ exp(w).
    Softmax,
}

/// What is done to each result of an instruction before it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Epilogue {
    /// Batch normalisation in inference.
    Norm(Norm),
    /// An activation.
    Activation(Activation),
    /// Another map is added: the operand that follows those already taken.
    Add {
        /// How that map comes to the result's size, where it has not it yet.
        resize: Option<Resize>,
    },
    /// Each channel times a learned factor.
    LayerScale {
        /// `[C]`.
        weight: WeightId,
    },
    /// Each cell times a number.
    Scale {
        /// The number.
        factor: f32,
    },
    /// What else is made of a convolution's operand is added. It stands right behind a convolution, that one's norm or factors,
    /// or another branch, and its taps lie among those of the convolution ([`Branch::place`]).
    Branch(Branch),
}

/// Batch normalisation: (x − mean) / √(var + eps) · weight + bias, a channel each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    /// γ.
    pub weight: WeightId,
    /// β.
    pub bias: WeightId,
    /// Running mean.
    pub mean: WeightId,
    /// Running variance.
    pub variance: WeightId,
    /// Added to the variance.
    pub eps: f32,
}

/// An activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// max(x, 0); NaN stays NaN.
    Relu,
    /// x · sigmoid(x).
    Silu,
    /// 1 / (1 + exp(−x)).
    Sigmoid,
    /// x · Φ(x) = x/2 · (1 + erf(x/√2)).
    Gelu,
    /// min(max(x/6 + 1/2, 0), 1).
    HardSigmoid,
    /// x · min(max(x/6 + 1/2, 0), 1).
    HardSwish,
}

impl Instr {
    /// How many operands it reads before those of the epilogue; none where it takes any number.
    pub fn operands(&self) -> Option<usize> {
        match self {
            Instr::Concat { .. } | Instr::WeightedSum { .. } => None,
            Instr::Attention { .. } => Some(3),
            Instr::Resize(Resize { target: Target::Like, .. })
            | Instr::Multiply
            | Instr::MatMul
            | Instr::AdaptiveAveragePool { size: None }
            | Instr::Reassemble { .. }
            | Instr::Fold { size: None } => Some(2),
            Instr::Conv(_)
            | Instr::TransposedConv { .. }
            | Instr::Gemm { .. }
            | Instr::Pool(_)
            | Instr::GlobalAveragePool
            | Instr::AdaptiveAveragePool { size: Some(_) }
            | Instr::Resize(Resize { target: Target::Factor(_), .. })
            | Instr::Flatten
            | Instr::L2Normalize { .. }
            | Instr::Elementwise
            | Instr::LayerNorm { .. }
            | Instr::GroupNorm { .. }
            | Instr::Mean { .. }
            | Instr::Slice(_)
            | Instr::Permute { .. }
            | Instr::Tokens
            | Instr::Fold { size: Some(_) }
            | Instr::Learned { .. }
            | Instr::SinePositions { .. }
            | Instr::Softmax
            | Instr::PixelShuffle { .. }
            | Instr::ChannelShuffle { .. } => Some(1),
        }
    }

    /// Multiply-accumulates of one run, for operands and a result of these shapes: of weights with maps, and of maps with each
    /// other in attention, matrix products and reassemblies. Taps that fall on padding count like the others; biases and what
    /// is done cell by cell count nothing.
    pub fn macs<E: Extent>(&self, inputs: &[Shape<E>], output: &Shape<E>) -> E {
        let channels = |shape: &Shape<E>| shape[1].as_constant().unwrap_or(0);
        let each = match self {
            Instr::Conv(conv) => {
                let taps = conv.kernel[0] * conv.kernel[1];
                channels(&inputs[0]) / conv.groups as i64 * taps as i64
            }
            Instr::TransposedConv { .. } | Instr::Gemm { .. } => channels(&inputs[0]),
            Instr::MatMul | Instr::Reassemble { .. } => channels(&inputs[1]),
            Instr::Attention { .. } => {
                let scores = [&inputs[0][0], &inputs[0][2], &inputs[1][2]].into_iter();
                let each = E::constant(channels(&inputs[0]) + channels(&inputs[2]));
                return scores.fold(each, |product, size| product.product(size));
            }
            Instr::Pool(_)
            | Instr::GlobalAveragePool
            | Instr::AdaptiveAveragePool { .. }
            | Instr::Resize(_)
            | Instr::Concat { .. }
            | Instr::Flatten
            | Instr::L2Normalize { .. }
            | Instr::WeightedSum { .. }
            | Instr::Elementwise
            | Instr::LayerNorm { .. }
            | Instr::GroupNorm { .. }
            | Instr::Multiply
            | Instr::Mean { .. }
            | Instr::Slice(_)
            | Instr::Permute { .. }
            | Instr::Tokens
            | Instr::Fold { .. }
            | Instr::Learned { .. }
            | Instr::SinePositions { .. }
            | Instr::Softmax
            | Instr::PixelShuffle { .. }
            | Instr::ChannelShuffle { .. } => return E::constant(0),
        };
        output.iter().fold(E::constant(each), |product, size| product.product(size))
    }

    /// The shape of the result, for operands of shapes that were checked to suit.
    pub fn shape<E: Extent>(&self, inputs: &[Shape<E>]) -> Shape<E> {
        use crate::ops::formula;
        let first = &inputs[0];
        match self {
            Instr::Conv(conv) => formula::windows(first, conv.channels, &conv.windows()),
            Instr::TransposedConv { channels, stride, .. } => {
                let mut shape = formula::scaled(first, *stride);
                shape[1] = E::constant(*channels as i64);
                shape
            }
            Instr::Gemm { features, .. } => {
                let mut shape = first.clone();
                shape[1] = E::constant(*features as i64);
                shape
            }
            Instr::Pool(pool) => {
                let mut shape = formula::windows(first, 0, &pool.windows());
                shape[1] = first[1].clone();
                shape
            }
            Instr::GlobalAveragePool => formula::sized(first, [1, 1]),
            Instr::AdaptiveAveragePool { size: Some(size) } => formula::sized(first, *size),
            Instr::Resize(Resize { target: Target::Factor(factor), .. }) => formula::scaled(first, *factor),
            Instr::Resize(Resize { target: Target::Like, .. }) | Instr::AdaptiveAveragePool { size: None } => {
                let mut shape = inputs[1].clone();
                shape[1] = first[1].clone();
                shape
            }
            Instr::Concat { axis } => formula::joined(inputs, *axis),
            Instr::Flatten => formula::flattened(first),
            Instr::L2Normalize { .. }
            | Instr::WeightedSum { .. }
            | Instr::Elementwise
            | Instr::LayerNorm { .. }
            | Instr::GroupNorm { .. }
            | Instr::Multiply
            | Instr::SinePositions { .. }
            | Instr::Softmax
            | Instr::ChannelShuffle { .. } => first.clone(),
            Instr::PixelShuffle { factor } => formula::spread(first, *factor),
            Instr::Reassemble { factor, .. } => formula::scaled(first, *factor),
            Instr::Mean { axis } => formula::sliced(first, *axis, 0, Some(1)),
            Instr::Slice(Slice { axis, start, length }) => formula::sliced(first, *axis, *start, *length),
            Instr::Permute { order } => formula::permuted(first, order),
            Instr::Attention { .. } => formula::attended(first, &inputs[2]),
            Instr::MatMul => formula::multiplied(first, &inputs[1]),
            Instr::Tokens => formula::tokens(first),
            Instr::Fold { size: Some(size) } => formula::folded(first, size.map(|n| E::constant(n as i64))),
            Instr::Fold { size: None } => formula::folded(first, [inputs[1][2].clone(), inputs[1][3].clone()]),
            Instr::Learned { channels, count, .. } => {
                vec![first[0].clone(), E::constant(*channels as i64), E::constant(*count as i64)]
            }
        }
    }
}

impl Convolution {
    /// The window along rows and along columns.
    pub fn windows(&self) -> [crate::ops::formula::Window; 2] {
        [0, 1].map(|axis| crate::ops::formula::Window {
            kernel: self.kernel[axis],
            stride: self.stride[axis],
            padding: self.padding[axis],
            dilation: self.dilation[axis],
        })
    }
}

impl Pool {
    /// The window along rows and along columns.
    pub fn windows(&self) -> [crate::ops::formula::Window; 2] {
        [0, 1].map(|axis| crate::ops::formula::Window {
            kernel: self.kernel[axis],
            stride: self.stride[axis],
            padding: self.padding[axis],
            dilation: 1,
        })
    }
}
