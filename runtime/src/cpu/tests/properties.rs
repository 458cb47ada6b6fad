//! Every instruction with random arguments, sizes, epilogues and numbers of threads, its maps in the caller's arrays or in
//! the arena.
//!
//! The cases are the same each time; `PROPTEST_RNG_SEED=n` tries others.

use proptest::array::uniform2;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use neckar_spec::program::*;

use super::{Edges, compare, maps, one_step};
use crate::common::{BodyMaker, ConvShape};
use crate::plan::result_shape;

/// An instruction without its weights.
#[derive(Clone, Debug)]
enum Op {
    Conv { channels: usize, shape: ConvShape, bias: bool },
    TransposedConv { channels: usize, stride: usize, bias: bool },
    Gemm { features: usize, bias: bool },
    WeightedSum(Normalise),
    LayerNorm,
    GroupNorm(usize),
    Learned { channels: usize, count: usize },
    Plain(Instr),
}

/// A step of an epilogue without its weights.
#[derive(Clone, Debug)]
enum Post {
    Norm,
    Scale,
    Activation(Activation),
    Add,
    /// A map that is smaller by the greatest factor up to this one that divides the result's sizes.
    AddResized(ResizeMode, usize),
}

#[derive(Clone, Debug)]
struct Case {
    op: Op,
    operands: Vec<Vec<usize>>,
    epilogue: Vec<Post>,
    edges: Edges,
    threads: usize,
}

impl Op {
    fn instr(&self, net: &mut BodyMaker, operands: &[Vec<usize>]) -> Instr {
        let inputs = operands[0][1];
        let bias_of = |net: &mut BodyMaker, bias: bool, n: usize| bias.then(|| net.weight("op.bias", &[n]));
        match *self {
            Op::Conv { channels, shape, bias } => net.conv("op", [inputs, channels], shape, bias),
            Op::TransposedConv { channels, stride, bias } => {
                let weight = net.weight("op.weight", &[inputs, channels, stride, stride]);
                Instr::TransposedConv { channels, stride, weight, bias: bias_of(net, bias, channels) }
            }
            Op::Gemm { features, bias } => {
                let weight = net.weight("op.weight", &[features, inputs]);
                Instr::Gemm { features, weight, bias: bias_of(net, bias, features) }
            }
            Op::WeightedSum(normalise) => {
                Instr::WeightedSum { weight: net.weight("op.weight", &[operands.len()]), normalise, eps: 1e-4 }
            }
            Op::LayerNorm => net.layer_norm("op", inputs),
            Op::GroupNorm(groups) => net.group_norm("op", groups, inputs),
            Op::Learned { channels, count } => {
                Instr::Learned { channels, count, weight: net.weight("op", &[1, count, channels]) }
            }
            Op::Plain(ref instr) => instr.clone(),
        }
    }
}

impl Case {
    fn check(&self) -> Result<(), TestCaseError> {
        let mut shapes: Vec<&[usize]> = self.operands.iter().map(Vec::as_slice).collect();
        let instr = self.op.instr(&mut BodyMaker::default(), &self.operands);
        let shape = result_shape(&instr, &shapes).expect("the operands suit the instruction");
        let addends: Vec<Option<Vec<usize>>> = self.epilogue.iter().map(|post| post.addend(&shape)).collect();
        shapes.extend(addends.iter().flatten().map(Vec::as_slice));
        let program = one_step(&shapes, self.edges, |net| {
            let instr = self.op.instr(net, &self.operands);
            let posts = self.epilogue.iter().zip(&addends).enumerate();
            (instr, posts.map(|(i, (post, addend))| post.epilogue(net, i, &shape, addend.as_deref())).collect())
        });
        // Inputs and weights are drawn so that terms and sums are of order one.
        match compare("it", program, &maps(&shapes), 1.0, [1, self.threads]) {
            None => Ok(()),
            Some(complaint) => Err(TestCaseError::fail(complaint)),
        }
    }
}

impl Post {
    /// The shape of the map that it adds to one of the given shape.
    fn addend(&self, shape: &[usize]) -> Option<Vec<usize>> {
        let factor = match *self {
            Post::Norm | Post::Scale | Post::Activation(_) => return None,
            Post::AddResized(_, most) if shape.len() == 4 => {
                (1..=most).rev().find(|factor| shape[2..].iter().all(|size| size % factor == 0)).unwrap_or(1)
            }
            Post::Add | Post::AddResized(..) => 1,
        };
        Some(shape.iter().enumerate().map(|(axis, size)| if axis < 2 { *size } else { size / factor }).collect())
    }

    fn epilogue(&self, net: &mut BodyMaker, index: usize, shape: &[usize], addend: Option<&[usize]>) -> Epilogue {
        match (self, addend) {
            (Post::Norm, _) => net.norm(&format!("norm{index}"), shape[1]),
            (Post::Scale, _) => Epilogue::LayerScale { weight: net.weight(&format!("scale{index}"), &[shape[1]]) },
            (Post::Activation(activation), _) => Epilogue::Activation(*activation),
            (Post::AddResized(mode, _), Some(&[_, _, height, _])) => {
                let target = Target::Factor(shape[2] / height);
                Epilogue::Add { resize: Some(Resize { mode: *mode, target }) }
            }
            (Post::Add | Post::AddResized(..), _) => Epilogue::Add { resize: None },
        }
    }
}

fn config(cases: u32) -> ProptestConfig {
    let given = ProptestConfig::default();
    let rng_seed = if given.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { given.rng_seed };
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..given }
}

fn activation() -> impl Strategy<Value = Activation> {
    let hard = [Activation::Gelu, Activation::HardSigmoid, Activation::HardSwish];
    prop::sample::select(
        [Activation::Relu, Activation::Silu, Activation::Sigmoid].into_iter().chain(hard).collect::<Vec<_>>(),
    )
}

fn mode() -> impl Strategy<Value = ResizeMode> {
    prop_oneof![
        Just(ResizeMode::Nearest),
        Just(ResizeMode::Bilinear),
        Just(ResizeMode::AlignCorners),
        Just(ResizeMode::Bicubic),
        Just(ResizeMode::BicubicAntialiased)
    ]
}

fn post() -> impl Strategy<Value = Post> {
    prop_oneof![
        Just(Post::Norm),
        Just(Post::Scale),
        activation().prop_map(Post::Activation),
        Just(Post::Add),
        (mode(), 1..=4_usize).prop_map(|(mode, most)| Post::AddResized(mode, most)),
    ]
}

/// An instruction on operands with all that is done around it.
fn case(step: impl Strategy<Value = (Op, Vec<Vec<usize>>)>) -> impl Strategy<Value = Case> {
    let edges = prop_oneof![Just(Edges::Arrays), Just(Edges::Arena)];
    (step, vec(post(), 0..=4), edges, 2..=5_usize).prop_map(|((op, operands), epilogue, edges, threads)| Case {
        op,
        operands,
        epilogue,
        edges,
        threads,
    })
}

/// A map's shape.
fn map() -> impl Strategy<Value = Vec<usize>> {
    (1..=3_usize, 1..=40_usize, uniform2(1..=12_usize))
        .prop_map(|(batch, channels, [h, w])| vec![batch, channels, h, w])
}

/// Of a map, a sequence or a vector.
fn any_shape() -> impl Strategy<Value = Vec<usize>> {
    (map(), 2..=4_usize).prop_map(|(mut shape, axes)| {
        shape.truncate(axes);
        shape
    })
}

/// Groups, input and output channels.
fn groups() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        3 => uniform2(1..=40_usize).prop_map(|[inputs, outputs]| [1, inputs, outputs]),
        1 => (2..=4_usize, uniform2(1..=18_usize)).prop_map(|(n, [inputs, outputs])| [n, n * inputs, n * outputs]),
        1 => (2..=40_usize).prop_map(|n| [n; 3]),
    ]
}

/// Kernels that reach beyond the padded map leave nothing, so maps are at least as large.
fn convolution() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    let window = (uniform2(1..=5_usize), uniform2(1..=4_usize), uniform2(0..=4_usize), uniform2(1..=3_usize), groups());
    (window, 1..=3_usize, uniform2(1..=14_usize), any::<bool>()).prop_map(|(window, batch, sizes, bias)| {
        let (kernel, stride, padding, dilation, [groups, inputs, channels]) = window;
        let least = |axis: usize| (dilation[axis] * (kernel[axis] - 1) + 1).saturating_sub(2 * padding[axis]);
        let shape = ConvShape { kernel, stride, padding, dilation, groups };
        let operand = vec![batch, inputs, sizes[0].max(least(0)), sizes[1].max(least(1))];
        (Op::Conv { channels, shape, bias }, vec![operand])
    })
}

/// Those of three by three taps at stride one and of many channels, for which there are several algorithms.
fn square_convolution() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    let padding = uniform2(0..=2_usize);
    (padding, uniform2(40..=140_usize), 1..=2_usize, uniform2(3..=26_usize), any::<bool>()).prop_map(
        |(padding, [inputs, channels], batch, [height, width], bias)| {
            let shape = ConvShape { padding, ..ConvShape::square(3, 1, 0) };
            (Op::Conv { channels, shape, bias }, vec![vec![batch, inputs, height, width]])
        },
    )
}

fn transposed() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (map(), 1..=40_usize, 1..=4_usize, any::<bool>())
        .prop_map(|(operand, channels, stride, bias)| (Op::TransposedConv { channels, stride, bias }, vec![operand]))
}

fn product() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (1..=9_usize, 1..=700_usize, 1..=70_usize, any::<bool>(), prop::option::of(1..=30_usize)).prop_map(
        |(batch, inputs, features, bias, tokens)| {
            let operand = [batch, inputs].into_iter().chain(tokens).collect();
            (Op::Gemm { features, bias }, vec![operand])
        },
    )
}

/// As the language has it, padding is at most half of a window.
fn pool() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    let kind =
        prop_oneof![Just(PoolKind::Max), any::<bool>().prop_map(|count_padding| PoolKind::Average { count_padding }),];
    (kind, uniform2(1..=5_usize), uniform2(1..=6_usize), uniform2(0..=2_usize), map()).prop_map(
        |(kind, kernel, stride, padding, mut operand)| {
            let padding = [0, 1].map(|axis| padding[axis].min(kernel[axis] / 2));
            for axis in 0..2 {
                operand[2 + axis] = operand[2 + axis].max(kernel[axis].saturating_sub(2 * padding[axis]));
            }
            (Op::Plain(Instr::Pool(Pool { kind, kernel, stride, padding })), vec![operand])
        },
    )
}

fn average() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (uniform2(1..=9_usize), map(), 0..3).prop_map(|(size, operand, kind)| {
        let like = vec![operand[0], 3, size[0], size[1]];
        match kind {
            0 => (Op::Plain(Instr::GlobalAveragePool), vec![operand]),
            1 => (Op::Plain(Instr::AdaptiveAveragePool { size: Some(size) }), vec![operand]),
            _ => (Op::Plain(Instr::AdaptiveAveragePool { size: None }), vec![operand, like]),
        }
    })
}

fn resize() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (mode(), prop::option::of(1..=4_usize), map(), map()).prop_map(|(mode, factor, operand, mut like)| {
        like[0] = operand[0];
        let (target, operands) = match factor {
            Some(factor) => (Target::Factor(factor), vec![operand]),
            None => (Target::Like, vec![operand, like]),
        };
        (Op::Plain(Instr::Resize(Resize { mode, target })), operands)
    })
}

fn concatenation() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    let parts = any_shape().prop_flat_map(|shape| (axis_of(&shape), Just(shape), vec(1..=40_usize, 1..=4)));
    parts.prop_map(|(axis, shape, sizes)| {
        let size = |i: usize, n: usize, own: usize| if i == axis.index() { own } else { n };
        let operand = |&own: &usize| shape.iter().enumerate().map(|(i, &n)| size(i, n, own)).collect();
        (Op::Plain(Instr::Concat { axis }), sizes.iter().map(operand).collect())
    })
}

/// Along any axis that the shape has.
fn axis_of(shape: &[usize]) -> impl Strategy<Value = Axis> + use<> {
    prop::sample::select([Axis::Channels, Axis::Rows, Axis::Columns][..shape.len() - 1].to_vec())
}

fn slice() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    let parts = any_shape().prop_flat_map(|shape| (axis_of(&shape), uniform2(0..40_usize), any::<bool>(), Just(shape)));
    parts.prop_map(|(axis, [start, length], to_the_end, shape)| {
        let size = shape[axis.index()];
        let start = start % size;
        let length = (!to_the_end).then_some(1 + length % (size - start));
        (Op::Plain(Instr::Slice(Slice { axis, start, length })), vec![shape])
    })
}

fn mean() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    any_shape()
        .prop_flat_map(|shape| (axis_of(&shape), Just(shape)))
        .prop_map(|(axis, shape)| (Op::Plain(Instr::Mean { axis }), vec![shape]))
}

fn permutation() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    any_shape()
        .prop_flat_map(|shape| (Just((1..shape.len()).collect::<Vec<_>>()).prop_shuffle(), Just(shape)))
        .prop_map(|(axes, shape)| {
            let order = std::iter::once(0).chain(axes).collect();
            (Op::Plain(Instr::Permute { order }), vec![shape])
        })
}

/// The gate is of the same size or of 1 along each axis.
fn product_of_maps() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (any_shape(), [any::<bool>(), any::<bool>(), any::<bool>()]).prop_map(|(shape, repeated)| {
        let size = |(axis, &n): (usize, &usize)| if axis > 0 && repeated[axis - 1] { 1 } else { n };
        let gate = shape.iter().enumerate().map(size).collect();
        (Op::Plain(Instr::Multiply), vec![shape, gate])
    })
}

fn weighted_sum() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    let normalise = prop_oneof![Just(Normalise::Softplus), Just(Normalise::Relu), Just(Normalise::Softmax)];
    (normalise, any_shape(), 1..=4_usize)
        .prop_map(|(normalise, shape, operands)| (Op::WeightedSum(normalise), vec![shape; operands]))
}

/// Maps of more cells than a block of a group norm has among them.
fn group_norm() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (1..=5_usize, 1..=30_usize, any_shape(), 1..=9_usize).prop_map(|(groups, channels, mut shape, larger)| {
        shape[1] = groups * channels;
        if let Some(size) = shape.get_mut(2) {
            *size *= larger;
        }
        (Op::GroupNorm(groups), vec![shape])
    })
}

fn attention() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (1..=2_usize, 1..=3_usize, uniform2(1..=40_usize), uniform2(1..=120_usize)).prop_map(
        |(batch, heads, [width, value_width], [queries, keys])| {
            let operands = vec![
                vec![batch, heads * width, queries],
                vec![batch, heads * width, keys],
                vec![batch, heads * value_width, keys],
            ];
            (Op::Plain(Instr::Attention { heads }), operands)
        },
    )
}

fn matmul() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (1..=3_usize, uniform2(1..=40_usize), 1..=60_usize)
        .prop_map(|(batch, [m, n], k)| (Op::Plain(Instr::MatMul), vec![vec![batch, m, k], vec![batch, k, n]]))
}

fn tokens() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (map(), 0..3).prop_map(|(map, kind)| {
        let [batch, channels, height, width] = map[..] else { unreachable!("a map has four axes") };
        let folded = vec![batch, channels, height * width];
        match kind {
            0 => (Op::Plain(Instr::Tokens), vec![map]),
            1 => (Op::Plain(Instr::Fold { size: None }), vec![folded, map]),
            _ => (Op::Plain(Instr::Fold { size: Some([height, width]) }), vec![folded]),
        }
    })
}

fn positions() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (map(), any::<bool>(), 1..=20_usize).prop_map(|(mut map, learned, count)| match learned {
        true => (Op::Learned { channels: map[1], count }, vec![map]),
        false => {
            map[1] *= 4;
            (Op::Plain(Instr::SinePositions { temperature: 1e4 }), vec![map])
        }
    })
}

fn shuffle() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (map(), 1..=4_usize, any::<bool>()).prop_map(|(mut map, n, pixels)| match pixels {
        true => {
            map[1] *= n * n;
            (Op::Plain(Instr::PixelShuffle { factor: n }), vec![map])
        }
        false => {
            map[1] *= n;
            (Op::Plain(Instr::ChannelShuffle { groups: n }), vec![map])
        }
    })
}

fn reassembly() -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    (map(), 0..=3_usize, 1..=3_usize).prop_map(|(map, reach, factor)| {
        let kernel = 2 * reach + 1;
        let kernels = vec![map[0], kernel * kernel, map[2] * factor, map[3] * factor];
        (Op::Plain(Instr::Reassemble { kernel, factor }), vec![map, kernels])
    })
}

fn plain(instr: Instr) -> impl Strategy<Value = (Op, Vec<Vec<usize>>)> {
    any_shape().prop_map(move |shape| (Op::Plain(instr.clone()), vec![shape]))
}

macro_rules! properties {
    ($($name:ident: $cases:literal of $step:expr;)+) => {
        $(proptest! {
            #![proptest_config(config($cases))]

            #[test]
            fn $name(case in case($step)) {
                case.check()?;
            }
        })+
    };
}

properties! {
    convolutions: 96 of convolution();
    square_convolutions: 32 of square_convolution();
    transposed_convolutions: 32 of transposed();
    products: 32 of product();
    pools: 32 of pool();
    averages: 24 of average();
    resizes: 32 of resize();
    concatenations: 24 of concatenation();
    flattened_maps: 24 of plain(Instr::Flatten);
    normalised_vectors: 24 of plain(Instr::L2Normalize { eps: 1e-3 });
    weighted_sums: 24 of weighted_sum();
    elementwise: 24 of plain(Instr::Elementwise);
    layer_norms: 32 of any_shape().prop_map(|shape| (Op::LayerNorm, vec![shape]));
    group_norms: 32 of group_norm();
    slices: 24 of slice();
    means: 24 of mean();
    permutations: 24 of permutation();
    products_of_maps: 24 of product_of_maps();
    attentions: 32 of attention();
    matrix_products: 24 of matmul();
    tokens_and_maps: 24 of tokens();
    placed: 24 of positions();
    shares: 24 of plain(Instr::Softmax);
    shuffles: 32 of shuffle();
    reassemblies: 32 of reassembly();
}
