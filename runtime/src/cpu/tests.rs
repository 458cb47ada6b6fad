//! Every kernel against the naive reference, over awkward sizes, on each instruction set, with one thread and several.

use std::sync::Arc;

use ndarray::ArrayD;
use neckar_spec::program::*;
use neckar_spec::size::Size;

use super::conv::{Algorithm, winograd};
use super::simd::Isa;
use crate::common::{BodyMaker, ConvShape, distance, random, random_weights};
use crate::tensor::Dims;
use crate::{Model, Numerics, Options, Weights, naive};

/// ‖got − naive‖/‖naive‖: fp32 sums of a few thousand terms stay within some units in the last place, and Winograd's
/// within the bound that the documentation states.
const TOLERANCE: [(Numerics, f64); 2] = [(Numerics::Exact, 1e-6), (Numerics::Fast, 1e-5)];

/// A network of one step on maps of the given shapes.
fn one_step(shapes: &[&[usize]], make: impl FnOnce(&mut BodyMaker) -> (Instr, Vec<Epilogue>)) -> Program {
    let mut net = BodyMaker::new("net", shapes.len() as u32);
    let (instr, epilogue) = make(&mut net);
    let args: Vec<Slot> = (0..shapes.len() as u32).collect();
    let out = net.run("out", instr, &args, epilogue);
    let names: Vec<String> = (0..shapes.len()).map(|i| format!("x{i}")).collect();
    let sizes = |shape: &[usize]| shape.iter().map(|&n| Size::constant(n as i64)).collect();
    let inputs = names.iter().zip(shapes).map(|(name, shape)| (name.as_str(), sizes(shape))).collect();
    net.program(Vec::new(), inputs, &[("out", out)], &[])
}

/// Runs a program both ways and returns a complaint where they differ.
fn compare(name: &str, program: Program, inputs: &[ArrayD<f32>]) -> Option<String> {
    let (weights, _) = Weights::from_tensors(&program, random_weights(&program).into_iter()).expect("all are given");
    let named: Vec<(String, ArrayD<f32>)> =
        program.inputs.iter().zip(inputs).map(|(input, array)| (input.name.clone(), array.clone())).collect();
    let expected = naive::run(&program, &weights, &named).expect("the case is legal").remove(0).1;
    let program = Arc::new(program);
    let views: Vec<_> = named.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
    for (isa, (numerics, tolerance)) in Isa::all().into_iter().flat_map(|isa| TOLERANCE.map(|bound| (isa, bound))) {
        let name = format!("{name}, {numerics:?}, on {isa:?}");
        let mut first: Option<ArrayD<f32>> = None;
        for threads in 1..=3 {
            let options = Options { threads, numerics, instructions: isa.instructions(), ..Options::default() };
            let model = Model::new(program.clone(), &weights, options).expect("the program can be run");
            let got = model.run(&views).expect("the case is legal").remove("out").expect("it is an output");
            let far = distance(&got, &expected);
            if far.is_nan() || far > tolerance {
                return Some(format!("{name} is off by {far:e}"));
            }
            let first = first.get_or_insert_with(|| got.clone());
            let same = first.iter().zip(&got).all(|(a, b)| a.to_bits() == b.to_bits());
            if !same {
                return Some(format!("{name} gives other bits with {threads} threads"));
            }
        }
    }
    None
}

fn check_all(complaints: impl Iterator<Item = Option<String>>) {
    let complaints: Vec<String> = complaints.flatten().collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn case(
    shapes: &[&[usize]],
    make: impl FnOnce(&mut BodyMaker) -> (Instr, Vec<Epilogue>),
    name: &str,
) -> Option<String> {
    let inputs: Vec<ArrayD<f32>> = shapes.iter().enumerate().map(|(i, shape)| random(shape, i as u64)).collect();
    compare(name, one_step(shapes, make), &inputs)
}

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
        (&[1, 64, 48, 50], 40, square(3, 1, 1)),
    ];
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
fn fast_convolutions_of_real_sizes_stay_within_the_stated_error() {
    let layers: &[&[usize]] = &[
        &[1, 64, 56, 56],
        &[1, 128, 28, 28],
        &[1, 128, 32, 64],
        &[1, 256, 14, 14],
        &[1, 256, 28, 28],
        &[1, 256, 7, 7],
        &[1, 512, 7, 7],
    ];
    let mut products = Vec::new();
    check_all(layers.iter().map(|&shape| {
        let conv = ConvShape::square(3, 1, 1);
        let dims = Dims::of(shape).expect("a map has four axes");
        let mut instr = None;
        let make = |net: &mut BodyMaker| {
            instr = Some(net.conv("conv", [shape[1], shape[1]], conv, true));
            (instr.clone().expect("it was just made"), Vec::new())
        };
        let complaint = case(&[shape], make, &format!("{shape:?}"));
        if let Some(Instr::Conv(conv)) = instr {
            products.push(Algorithm::choose(&conv, [dims, dims], Numerics::Fast));
        }
        complaint
    }));
    for n in winograd::PRODUCTS {
        assert!(
            products.contains(&Algorithm::Winograd { products: n }),
            "none of the layers takes {n} products: {products:?}"
        );
    }
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
        Instr::AdaptiveAveragePool { size: [3, 2] },
        Instr::AdaptiveAveragePool { size: [7, 7] },
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
            case(&[shape, &[2, 1, 7, 9], &[2, 32, 7, 9]], |_| (Instr::Concat, relu()), "concat"),
            case(&[&[3, 5], &[3, 2]], |_| (Instr::Concat, relu()), "concat of vectors"),
            case(&[shape], |_| (Instr::Flatten, vec![]), "flatten"),
            case(&[&[2, 1, 40, 40]], |net| (Instr::Flatten, vec![net.norm("norm", 1600)]), "flatten and norm"),
            case(&[shape], |_| (Instr::L2Normalize { eps: 1e-12 }, vec![]), "l2"),
            case(&[&[2, 2, 30, 41]], |_| (Instr::L2Normalize { eps: 0.9 }, vec![]), "l2 with a large eps"),
            case(&[&[4, 300]], |_| (Instr::L2Normalize { eps: 1e-12 }, relu()), "l2 of vectors"),
            case(&[&[2, 19, 11]], |net| (Instr::Elementwise, vec![net.norm("norm", 19)]), "one spatial axis"),
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

#[test]
fn every_instruction_takes_an_epilogue() {
    let pool = |kind| Instr::Pool(Pool { kind, kernel: [3; 2], stride: [2; 2], padding: [1; 2] });
    let resize = |mode, target| Instr::Resize(Resize { mode, target });
    let (a, b): (&[usize], &[usize]) = (&[2, 19, 6, 9], &[2, 5, 4, 11]);
    let cases: &[(Instr, &[&[usize]], [usize; 4])] = &[
        (pool(PoolKind::Max), &[a], [2, 19, 3, 5]),
        (pool(PoolKind::Average { count_padding: true }), &[a], [2, 19, 3, 5]),
        (Instr::GlobalAveragePool, &[a], [2, 19, 1, 1]),
        (Instr::AdaptiveAveragePool { size: [4, 3] }, &[a], [2, 19, 4, 3]),
        (resize(ResizeMode::Nearest, Target::Factor(2)), &[a], [2, 19, 12, 18]),
        (resize(ResizeMode::Bilinear, Target::Like), &[a, b], [2, 19, 4, 11]),
        (Instr::Concat, &[a, a], [2, 38, 6, 9]),
        (Instr::L2Normalize { eps: 1e-12 }, &[a], [2, 19, 6, 9]),
        (Instr::WeightedSum { weight: 0, normalise: Normalise::Relu, eps: 1e-4 }, &[a, a], [2, 19, 6, 9]),
        (Instr::Elementwise, &[a], [2, 19, 6, 9]),
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
                (instr.clone(), vec![net.norm("norm", result[1]), same, silu(), resized])
            };
            case(&shapes, make, &format!("{instr:?} and a map added by {mode:?}"))
        })
    }));
    let flatten =
        |net: &mut BodyMaker| (Instr::Flatten, vec![net.norm("norm", 60), Epilogue::Add { resize: None }, silu()]);
    check_all(std::iter::once(case(&[&[2, 3, 4, 5][..], &[2, 60]], flatten, "flatten")));
}

#[test]
fn nan_comes_through() {
    let shape: &[usize] = &[1, 20, 6, 6];
    let mut input = random(shape, 3);
    input[[0, 7, 2, 3]] = f32::NAN;
    let pool = Pool { kind: PoolKind::Max, kernel: [3; 2], stride: [1; 2], padding: [1; 2] };
    let relu = vec![Epilogue::Activation(Activation::Relu)];
    for (instr, reaches) in [(Instr::Elementwise, 1), (Instr::Pool(pool), 9)] {
        let program = Arc::new(one_step(&[shape], |_| (instr, relu.clone())));
        for isa in Isa::all() {
            let weights = Weights::init(&program, 0);
            let model = Model::new(
                program.clone(),
                &weights,
                Options { instructions: isa.instructions(), ..Options::default() },
            )
            .expect("it can be run");
            let outputs = model.run(&[("x0", input.view())]).expect("NaN is a value");
            let nan = outputs.get("out").expect("it is an output").iter().filter(|x| x.is_nan()).count();
            assert_eq!(nan, reaches, "{isa:?}");
        }
    }
}
