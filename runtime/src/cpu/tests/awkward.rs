//! Every kernel at sizes that do not suit it: single cells, odd sizes, channels that are no multiple of a vector.

use neckar_spec::program::*;

use super::{case, check_all};
use crate::common::{BodyMaker, ConvShape};

#[test]
fn convolutions() {
    let square = ConvShape::square;
    let oblong = ConvShape { kernel: [3, 1], stride: [1, 2], padding: [2, 0], dilation: [2, 1], groups: 1 };
    let cases: &[(&[usize], usize, ConvShape)] = &[
        (&[1, 1, 1, 1], 1, square(1, 1, 0)),
        (&[1, 1, 1, 1], 1, square(3, 1, 1)),
        (&[1, 16, 6, 1], 16, square(1, 1, 0)),
        (&[1, 17, 7, 1], 17, square(1, 1, 0)),
        (&[1, 15, 5, 1], 15, square(1, 1, 0)),
        (&[2, 5, 13, 17], 33, square(1, 1, 0)),
        (&[3, 64, 7, 7], 48, square(1, 2, 0)),
        (&[1, 7, 9, 9], 20, square(1, 3, 0)),
        (&[1, 3, 33, 31], 16, square(7, 2, 3)),
        (&[2, 3, 20, 20], 18, square(3, 2, 1)),
        (&[2, 3, 9, 100], 16, square(3, 2, 1)),
        (&[1, 2, 8, 41], 9, square(5, 1, 2)),
        (&[1, 3, 28, 42], 12, square(14, 14, 0)),
        (&[1, 16, 14, 14], 16, square(3, 1, 1)),
        (&[1, 31, 11, 5], 47, square(3, 1, 1)),
        (&[2, 130, 8, 9], 35, square(3, 1, 1)),
        (&[1, 400, 3, 3], 5, square(3, 1, 0)),
        (&[1, 8, 5, 5], 6, square(5, 1, 2)),
        (&[1, 8, 12, 12], 6, square(2, 5, 0)),
        (&[1, 18, 15, 15], 7, square(3, 1, 4).dilated(4)),
        (&[1, 4, 9, 9], 7, square(3, 2, 2).dilated(2)),
        (&[1, 18, 9, 11], 19, oblong),
        (&[2, 32, 6, 6], 64, square(3, 1, 1).grouped(2)),
        (&[1, 12, 6, 6], 9, square(3, 1, 1).grouped(3)),
        (&[1, 64, 5, 5], 64, square(1, 1, 0).grouped(4)),
        (&[1, 6, 7, 7], 12, square(3, 1, 1).grouped(6)),
        (&[1, 1, 7, 7], 1, square(3, 1, 1)),
        (&[2, 16, 7, 7], 16, square(3, 1, 1).grouped(16)),
        (&[1, 37, 9, 8], 37, square(3, 2, 1).grouped(37)),
        (&[1, 33, 9, 9], 33, square(5, 1, 4).dilated(2).grouped(33)),
    ];
    convolve(cases);
}

/// In tiles of six, four and two results a side, of which the last hang over the border.
#[test]
fn convolutions_in_tiles() {
    let square = ConvShape::square(3, 1, 1);
    convolve(&[
        (&[2, 35, 17, 18], 37, square),
        (&[1, 33, 15, 16], 34, square),
        (&[1, 80, 11, 10], 83, square),
        (&[1, 33, 17, 18], 34, ConvShape::square(3, 1, 0)),
    ]);
}

/// More than a block of them for each thread.
#[test]
fn a_convolution_of_many_tiles() {
    convolve(&[(&[1, 64, 48, 50], 40, ConvShape::square(3, 1, 1))]);
}

/// Each with a bias, and with a norm and an activation.
fn convolve(cases: &[(&[usize], usize, ConvShape)]) {
    check_all(cases.iter().flat_map(|&(shape, out, conv)| {
        [false, true].map(|bias| {
            let make = |net: &mut BodyMaker| {
                let instr = net.conv("conv", [shape[1], out], conv, bias);
                let norm = net.norm("norm", out);
                (instr, if bias { vec![] } else { vec![norm, Epilogue::Activation(Activation::Silu)] })
            };
            case(&[shape], make, &format!("{shape:?} to {out}, {conv:?}, bias {bias}"))
        })
    }));
}

#[test]
fn epilogues() {
    let by = |mode, factor| Some(Resize { mode, target: Target::Factor(factor) });
    let cases: &[(&[usize], Option<Resize>)] = &[
        (&[2, 21, 6, 8], None),
        (&[2, 21, 6, 8], by(ResizeMode::Nearest, 1)),
        (&[2, 21, 3, 4], by(ResizeMode::Nearest, 2)),
        (&[2, 21, 3, 4], by(ResizeMode::Bilinear, 2)),
        (&[2, 21, 3, 4], by(ResizeMode::AlignCorners, 2)),
    ];
    check_all(cases.iter().flat_map(|&(addend, resize)| {
        [0, 1, 2].map(|kind| {
            let add = Epilogue::Add { resize };
            let relu = Epilogue::Activation(Activation::Relu);
            let sigmoid = Epilogue::Activation(Activation::Sigmoid);
            let make = |net: &mut BodyMaker| match kind {
                0 => (net.conv("conv", [9, 21], ConvShape::square(3, 1, 1), true), vec![add.clone(), relu, add]),
                1 => {
                    let conv = net.conv("conv", [9, 21], ConvShape::square(1, 1, 0), false);
                    let (before, after) = (net.norm("before", 21), net.norm("after", 21));
                    (conv, vec![before, relu, add.clone(), after, add, sigmoid])
                }
                _ => (Instr::Elementwise, vec![add.clone(), net.norm("norm", 21), relu, add]),
            };
            let input: &[usize] = if kind == 2 { &[2, 21, 6, 8] } else { &[2, 9, 6, 8] };
            case(&[input, addend, addend], make, &format!("{kind}: a map {addend:?} added with {resize:?}"))
        })
    }));
}

#[test]
fn transposed_convolutions_and_products() {
    let transposed: &[(&[usize], usize, usize)] =
        &[(&[1, 1, 1, 1], 1, 2), (&[2, 19, 5, 7], 21, 2), (&[1, 16, 3, 3], 16, 4), (&[1, 5, 13, 11], 33, 3)];
    check_all(transposed.iter().map(|&(shape, channels, stride)| {
        let make = |net: &mut BodyMaker| {
            let weight = net.weight("up.weight", &[shape[1], channels, stride, stride]);
            let bias = Some(net.weight("up.bias", &[channels]));
            let norm = net.norm("norm", channels);
            let relu = Epilogue::Activation(Activation::Relu);
            let add = Epilogue::Add { resize: None };
            (Instr::TransposedConv { channels, stride, weight, bias }, vec![norm, relu, add])
        };
        let addend = [shape[0], channels, shape[2] * stride, shape[3] * stride];
        case(&[shape, &addend], make, &format!("transposed {shape:?} to {channels} by {stride}"))
    }));

    let products: &[(&[usize], usize)] = &[(&[1, 1], 1), (&[3, 17], 5), (&[1, 1000], 37), (&[7, 390], 100)];
    check_all(products.iter().map(|&(shape, features)| {
        let make = |net: &mut BodyMaker| {
            let weight = net.weight("fc.weight", &[features, shape[1]]);
            let bias = Some(net.weight("fc.bias", &[features]));
            (Instr::Gemm { features, weight, bias }, vec![net.norm("norm", features)])
        };
        case(&[shape], make, &format!("product {shape:?} to {features}"))
    }));
}

#[test]
fn pools() {
    let shapes: &[&[usize]] = &[&[1, 1, 1, 1], &[2, 19, 7, 9], &[1, 64, 16, 16], &[3, 5, 1, 13], &[1, 16, 40, 33]];
    let windows = [(3, 2, 1), (2, 2, 0), (1, 1, 0), (5, 1, 2), (1, 3, 0), (2, 5, 1)];
    let kinds = [PoolKind::Max, PoolKind::Average { count_padding: true }, PoolKind::Average { count_padding: false }];
    let fits = |shape: &[usize], (kernel, _, padding): (usize, usize, usize)| {
        shape[2..].iter().all(|size| size + 2 * padding >= kernel)
    };
    check_all(shapes.iter().flat_map(|&shape| {
        windows.into_iter().filter(move |&window| fits(shape, window)).flat_map(move |(kernel, stride, padding)| {
            kinds.map(|kind| {
                let (kernel, stride, padding) = ([kernel; 2], [stride; 2], [padding; 2]);
                let pool = Pool { kind, kernel, stride, padding };
                let name = format!("{shape:?} {pool:?}");
                case(&[shape], |_| (Instr::Pool(pool), vec![Epilogue::Activation(Activation::Relu)]), &name)
            })
        })
    }));
    let averages = [
        Instr::GlobalAveragePool,
        Instr::AdaptiveAveragePool { size: Some([3, 2]) },
        Instr::AdaptiveAveragePool { size: Some([7, 7]) },
    ];
    check_all(shapes.iter().chain([&&[1, 70, 67, 71][..]]).flat_map(|shape| {
        averages.clone().map(|instr| case(&[shape], |_| (instr.clone(), vec![]), &format!("{shape:?} {instr:?}")))
    }));
}

#[test]
fn resizes() {
    let sizes: &[[usize; 4]] =
        &[[1, 1, 1, 1], [1, 1, 3, 5], [4, 6, 7, 5], [7, 5, 4, 6], [2, 9, 1, 20], [13, 8, 26, 24]];
    let modes = [ResizeMode::Nearest, ResizeMode::Bilinear, ResizeMode::AlignCorners];
    check_all(sizes.iter().flat_map(|&[h, w, h2, w2]| {
        modes.into_iter().flat_map(move |mode| {
            let (from, like) = ([2, 19, h, w], [2, 3, h2, w2]);
            let factors = [1, 2, 3].map(|factor| {
                let resize = Resize { mode, target: Target::Factor(factor) };
                case(&[&from], |_| (Instr::Resize(resize), vec![]), &format!("{from:?} {resize:?}"))
            });
            let resize = Resize { mode, target: Target::Like };
            let like =
                case(&[&from, &like], |_| (Instr::Resize(resize), vec![]), &format!("{from:?} {resize:?} {like:?}"));
            factors.into_iter().chain([like])
        })
    }));
}

#[test]
fn the_rest() {
    let shape: &[usize] = &[2, 19, 7, 9];
    let relu = || vec![Epilogue::Activation(Activation::Relu)];
    check_all(
        [
            case(
                &[shape, &[2, 1, 7, 9], &[2, 32, 7, 9]],
                |_| (Instr::Concat { axis: Axis::Channels }, relu()),
                "concat",
            ),
            case(&[&[3, 5], &[3, 2]], |_| (Instr::Concat { axis: Axis::Channels }, relu()), "concat of vectors"),
            case(&[shape], |_| (Instr::Flatten, vec![]), "flatten"),
            case(&[&[2, 1, 40, 40]], |net| (Instr::Flatten, vec![net.norm("norm", 1600)]), "flatten and norm"),
            case(&[shape], |_| (Instr::L2Normalize { eps: 1e-12 }, vec![]), "l2"),
            case(&[&[2, 2, 30, 41]], |_| (Instr::L2Normalize { eps: 0.9 }, vec![]), "l2 with a large eps"),
            case(&[&[4, 300]], |_| (Instr::L2Normalize { eps: 1e-12 }, relu()), "l2 of vectors"),
            case(&[&[2, 19, 11]], |net| (Instr::Elementwise, vec![net.norm("norm", 19)]), "one spatial axis"),
            case(
                &[&[1, 96, 257], &[1, 96, 257], &[1, 96, 257]],
                |_| (Instr::Attention { heads: 3 }, relu()),
                "attention",
            ),
            case(&[&[2, 6, 1], &[2, 6, 1], &[2, 9, 1]], |_| (Instr::Attention { heads: 3 }, vec![]), "one token"),
            case(
                &[&[1, 64, 97], &[1, 64, 100], &[1, 20, 100], &[1, 20, 97]],
                |_| {
                    (
                        Instr::Attention { heads: 1 },
                        vec![Epilogue::Add { resize: None }, Epilogue::Activation(Activation::Gelu)],
                    )
                },
                "attention and a map added",
            ),
            case(&[shape], |net| (net.layer_norm("norm", shape[1]), relu()), "layer norm"),
            case(&[&[1, 384, 5]], |net| (net.layer_norm("norm", 384), vec![]), "layer norm of tokens"),
            case(&[shape], |net| (net.group_norm("norm", 1, shape[1]), relu()), "group norm in one group"),
            case(&[shape], |net| (net.group_norm("norm", shape[1], shape[1]), vec![]), "a group a channel"),
            case(&[&[2, 72, 17, 31]], |net| (net.group_norm("norm", 8, 72), vec![]), "group norm over blocks"),
            case(&[&[3, 24]], |net| (net.group_norm("norm", 6, 24), vec![]), "group norm of vectors"),
            case(&[shape], |net| scaled(net, Instr::Elementwise, shape[1]), "scale"),
            case(
                &[shape],
                |net| {
                    let conv = net.conv("conv", [shape[1], 7], ConvShape::square(1, 1, 0), true);
                    scaled(net, conv, 7)
                },
                "scale behind a convolution",
            ),
        ]
        .into_iter(),
    );
    check_all([Normalise::Softplus, Normalise::Relu, Normalise::Softmax].into_iter().map(|normalise| {
        let make = |net: &mut BodyMaker| {
            let weight = net.weight("w", &[3]);
            (Instr::WeightedSum { weight, normalise, eps: 1e-4 }, relu())
        };
        case(&[shape, shape, shape], make, &format!("{normalise:?}"))
    }));
}

/// An instruction whose result is scaled, activated and scaled again.
fn scaled(net: &mut BodyMaker, instr: Instr, channels: usize) -> (Instr, Vec<Epilogue>) {
    let [first, last] = ["first", "last"].map(|name| Epilogue::LayerScale { weight: net.weight(name, &[channels]) });
    (instr, vec![first, Epilogue::Activation(Activation::Gelu), last])
}

#[test]
fn moves_and_gates() {
    let relu = || vec![Epilogue::Activation(Activation::Relu)];
    let slice = |axis, start, length| Instr::Slice(Slice { axis, start, length });
    let permute = |order: &[usize]| Instr::Permute { order: order.to_vec() };
    let map: &[usize] = &[2, 19, 7, 9];
    let cases: &[(Instr, &[&[usize]])] = &[
        (Instr::Concat { axis: Axis::Rows }, &[map, &[2, 19, 1, 9], &[2, 19, 4, 9]]),
        (Instr::Concat { axis: Axis::Columns }, &[map, &[2, 19, 7, 1], map]),
        (Instr::Concat { axis: Axis::Rows }, &[&[2, 19, 1], &[2, 19, 5]]),
        (slice(Axis::Channels, 3, Some(16)), &[map]),
        (slice(Axis::Channels, 18, None), &[map]),
        (slice(Axis::Channels, 1, Some(2)), &[&[3, 5]]),
        (slice(Axis::Rows, 2, Some(3)), &[map]),
        (slice(Axis::Rows, 1, None), &[&[2, 19, 5]]),
        (slice(Axis::Columns, 8, None), &[map]),
        (permute(&[0, 1, 3, 2]), &[map]),
        (permute(&[0, 2, 1, 3]), &[map]),
        (permute(&[0, 3, 2, 1]), &[map]),
        (permute(&[0, 2, 3, 1]), &[map]),
        (permute(&[0, 2, 1]), &[&[2, 19, 5]]),
        (Instr::Mean { axis: Axis::Channels }, &[map]),
        (Instr::Softmax, &[map]),
        (Instr::Softmax, &[&[2, 1, 3, 4]]),
        (Instr::Softmax, &[&[2, 100, 3]]),
        (Instr::PixelShuffle { factor: 2 }, &[&[2, 100, 5, 3]]),
        (Instr::PixelShuffle { factor: 3 }, &[&[2, 9, 2, 5]]),
        (Instr::ChannelShuffle { groups: 2 }, &[&[2, 40, 5, 3]]),
        (Instr::ChannelShuffle { groups: 19 }, &[map]),
        (Instr::ChannelShuffle { groups: 4 }, &[&[2, 20, 7]]),
        (Instr::Reassemble { kernel: 5, factor: 2 }, &[map, &[2, 25, 14, 18]]),
        (Instr::Reassemble { kernel: 1, factor: 3 }, &[map, &[2, 1, 21, 27]]),
        (Instr::Reassemble { kernel: 7, factor: 1 }, &[&[1, 70, 2, 3], &[1, 49, 2, 3]]),
        (Instr::AdaptiveAveragePool { size: None }, &[map, &[2, 5, 3, 4]]),
        (Instr::AdaptiveAveragePool { size: None }, &[map, &[2, 5, 1, 1]]),
        (Instr::Mean { axis: Axis::Rows }, &[map]),
        (Instr::Mean { axis: Axis::Columns }, &[map]),
        (Instr::Mean { axis: Axis::Rows }, &[&[2, 19, 70]]),
        (Instr::Multiply, &[map, map]),
        (Instr::Multiply, &[map, &[2, 19, 1, 1]]),
        (Instr::Multiply, &[map, &[2, 1, 7, 9]]),
        (Instr::Multiply, &[map, &[2, 19, 7, 1]]),
        (Instr::Multiply, &[map, &[2, 19, 1, 9]]),
        (Instr::Multiply, &[map, &[2, 1, 1, 1]]),
        (Instr::Multiply, &[&[3, 5], &[3, 1]]),
        (Instr::Multiply, &[&[1, 64, 40, 33], &[1, 64, 1, 1]]),
    ];
    check_all(
        cases.iter().map(|(instr, shapes)| case(shapes, |_| (instr.clone(), relu()), &format!("{instr} {shapes:?}"))),
    );
}

#[test]
fn every_instruction_takes_an_epilogue() {
    let pool = |kind| Instr::Pool(Pool { kind, kernel: [3; 2], stride: [2; 2], padding: [1; 2] });
    let resize = |mode, target| Instr::Resize(Resize { mode, target });
    let (a, b): (&[usize], &[usize]) = (&[2, 19, 6, 9], &[2, 5, 4, 11]);
    type Case<'a> = (Instr, &'a [&'a [usize]], [usize; 4]);
    let cases: &[Case] = &[
        (pool(PoolKind::Max), &[a], [2, 19, 3, 5]),
        (pool(PoolKind::Average { count_padding: true }), &[a], [2, 19, 3, 5]),
        (Instr::GlobalAveragePool, &[a], [2, 19, 1, 1]),
        (Instr::AdaptiveAveragePool { size: Some([4, 3]) }, &[a], [2, 19, 4, 3]),
        (resize(ResizeMode::Nearest, Target::Factor(2)), &[a], [2, 19, 12, 18]),
        (resize(ResizeMode::Bilinear, Target::Like), &[a, b], [2, 19, 4, 11]),
        (Instr::Concat { axis: Axis::Channels }, &[a, a], [2, 38, 6, 9]),
        (Instr::L2Normalize { eps: 1e-12 }, &[a], [2, 19, 6, 9]),
        (Instr::WeightedSum { weight: 0, normalise: Normalise::Relu, eps: 1e-4 }, &[a, a], [2, 19, 6, 9]),
        (Instr::Elementwise, &[a], [2, 19, 6, 9]),
        (Instr::Multiply, &[a, a], [2, 19, 6, 9]),
        (Instr::Mean { axis: Axis::Rows }, &[a], [2, 19, 1, 9]),
        (Instr::Mean { axis: Axis::Channels }, &[a], [2, 1, 6, 9]),
        (Instr::Slice(Slice { axis: Axis::Channels, start: 2, length: None }), &[a], [2, 17, 6, 9]),
        (Instr::Permute { order: vec![0, 1, 3, 2] }, &[a], [2, 19, 9, 6]),
        (Instr::Concat { axis: Axis::Rows }, &[a, a], [2, 19, 12, 9]),
        (Instr::Softmax, &[a], [2, 19, 6, 9]),
        (Instr::ChannelShuffle { groups: 1 }, &[a], [2, 19, 6, 9]),
        (Instr::PixelShuffle { factor: 2 }, &[&[2, 12, 2, 3]], [2, 3, 4, 6]),
        (Instr::Reassemble { kernel: 3, factor: 2 }, &[a, &[2, 9, 12, 18]], [2, 19, 12, 18]),
        (Instr::AdaptiveAveragePool { size: None }, &[a, b], [2, 19, 4, 11]),
    ];
    let silu = || Epilogue::Activation(Activation::Silu);
    let modes = [ResizeMode::Nearest, ResizeMode::Bilinear, ResizeMode::AlignCorners];
    check_all(cases.iter().flat_map(|(instr, operands, result)| {
        modes.into_iter().map(move |mode| {
            let coarse = [result[0], result[1], 2, 3];
            let shapes = [*operands, &[&result[..], &coarse[..]][..]].concat();
            let make = |net: &mut BodyMaker| {
                if let Instr::WeightedSum { .. } = instr {
                    net.weight("w", &[operands.len()]);
                }
                let like = Some(Resize { mode, target: Target::Like });
                let [same, resized] = [None, like].map(|resize| Epilogue::Add { resize });
                let scale = Epilogue::Scale { factor: -0.7 };
                (instr.clone(), vec![net.norm("norm", result[1]), same, scale, silu(), resized])
            };
            case(&shapes, make, &format!("{instr:?} and a map added by {mode:?}"))
        })
    }));
    let flatten =
        |net: &mut BodyMaker| (Instr::Flatten, vec![net.norm("norm", 60), Epilogue::Add { resize: None }, silu()]);
    check_all(std::iter::once(case(&[&[2, 3, 4, 5][..], &[2, 60]], flatten, "flatten")));
}
