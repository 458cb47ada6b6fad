//! A NaN or an infinity in an input ends where the reference has it, of whatever instruction and epilogue; with Winograd's
//! algorithm somewhere in the tiles that read it, as [`Numerics::Fast`] says.

use std::num::FpCategory;
use std::sync::Arc;

use ndarray::{ArrayD, Dimension, IxDyn};
use neckar_spec::program::*;

use super::{Edges, check_all, drawn, maps, model, one_step, reference, run};
use crate::common::{BodyMaker, ConvShape};
use crate::cpu::simd::Isa;
use crate::{Model, Numerics};

const VALUES: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// Elements of each operand that one of the values is put at, beside the first and the last.
const ELEMENTS: usize = 3;

/// What is left of a result: whether an element is finite, and if not, what it is.
fn kind(x: f32) -> (FpCategory, bool) {
    match x.classify() {
        FpCategory::Nan => (FpCategory::Nan, false),
        FpCategory::Infinite => (FpCategory::Infinite, x > 0.0),
        _ => (FpCategory::Normal, false),
    }
}

/// The results along an axis that may tell of a cell.
struct Tiles {
    /// Results of a tile.
    results: usize,
    padding: [usize; 2],
}

impl Tiles {
    /// Those of a model of one convolution, if it computes it in tiles.
    fn of(model: &Model, conv: &Instr, operands: &[&[usize]]) -> Option<Tiles> {
        let named: Vec<(&str, &[usize])> = ["x0", "x1", "x2"].into_iter().zip(operands.iter().copied()).collect();
        let plan = model.session(&named, None).expect("the shapes are the program's").plan();
        let results = plan.parts.iter().find_map(|part| match part.algorithm {
            "winograd 2x2" => Some(2),
            "winograd 4x4" => Some(4),
            "winograd 6x6" => Some(6),
            _ => None,
        })?;
        let Instr::Conv(Convolution { padding, .. }) = *conv else { unreachable!("only convolutions have tiles") };
        Some(Tiles { results, padding })
    }

    /// Whether the tile of a result reads a cell.
    fn read(&self, result: &[usize], cell: &[usize]) -> bool {
        let along = |axis: usize| {
            let first = result[axis] / self.results * self.results;
            (first..first + self.results + 2).contains(&(cell[axis] + self.padding[axis - 2]))
        };
        result[0] == cell[0] && along(2) && along(3)
    }
}

/// The index of an element in row-major order.
fn index(shape: &[usize], mut element: usize) -> Vec<usize> {
    let mut index: Vec<usize> = shape.iter().rev().map(|&n| (element % n, element /= n).0).collect();
    index.reverse();
    index
}

/// Puts each value at some elements of each operand of a step and complains where it ends elsewhere than the reference says.
fn spread(
    name: &str,
    operands: &[&[usize]],
    edges: Edges,
    make: impl FnOnce(&mut BodyMaker) -> (Instr, Vec<Epilogue>),
) -> Option<String> {
    let mut instr = None;
    let program = one_step(operands, edges, |net| {
        let step = make(net);
        instr = Some(step.0.clone());
        step
    });
    let instr = instr.expect("it was just made");
    let weights = drawn(&program);
    let program = Arc::new(program);
    let models: Vec<(String, Model, Option<Tiles>)> = Isa::all()
        .into_iter()
        .flat_map(|isa| [Numerics::Exact, Numerics::Fast].map(|numerics| (isa, numerics)))
        .map(|(isa, numerics)| {
            let model = model(&program, &weights, 2, numerics, isa);
            let tiles = Tiles::of(&model, &instr, operands);
            (format!("{name}, {numerics:?}, on {isa:?}"), model, tiles)
        })
        .collect();
    let inputs = maps(operands);
    for (operand, shape) in operands.iter().enumerate() {
        let len = shape.iter().product::<usize>();
        let elements = [0, len - 1].into_iter().chain((1..=ELEMENTS).map(|i| i * 7919 % len));
        for (element, value) in elements.flat_map(|element| VALUES.map(|value| (element, value))) {
            let at = index(shape, element);
            let mut inputs = inputs.clone();
            inputs[operand][IxDyn(&at)] = value;
            let expected = reference(&program, &weights, &inputs);
            for (name, model, tiles) in &models {
                let tiles = tiles.as_ref().filter(|_| operand == 0);
                if let Some(complaint) = misplaced(&run(model, &inputs), &expected, tiles, &at) {
                    return Some(format!("{name}: {value} at {at:?} of operand {operand}: {complaint}"));
                }
            }
        }
    }
    None
}

/// A result that is of another kind than expected, unless it is NaN for the sake of a tile.
fn misplaced(got: &ArrayD<f32>, expected: &ArrayD<f32>, tiles: Option<&Tiles>, cell: &[usize]) -> Option<String> {
    got.indexed_iter().zip(expected).find_map(|((result, &got), &expected)| {
        let excused = tiles.is_some_and(|tiles| got.is_nan() && tiles.read(result.slice(), cell));
        let suits = kind(got) == kind(expected) || excused;
        (!suits).then(|| format!("{got} instead of {expected} at {result:?}"))
    })
}

const RELU: Activation = Activation::Relu;

#[test]
fn of_convolutions() {
    let square = ConvShape::square;
    let cases: &[(&[usize], usize, ConvShape)] = &[
        (&[2, 20, 5, 7], 19, square(1, 1, 0)),
        (&[2, 3, 13, 11], 17, square(3, 2, 1)),
        (&[1, 18, 9, 8], 5, square(3, 1, 2).dilated(2)),
        (&[1, 12, 6, 6], 9, square(3, 1, 1).grouped(3)),
        (&[2, 19, 7, 6], 19, square(3, 1, 1).grouped(19)),
        (&[1, 5, 9, 9], 6, square(2, 4, 0)),
    ];
    check_all(cases.iter().flat_map(|&(shape, out, conv)| {
        [(Edges::Arrays, false), (Edges::Arena, true)].map(|(edges, norm)| {
            spread(&format!("{shape:?} to {out}, {conv:?}, {edges:?}"), &[shape], edges, |net| {
                let instr = net.conv("conv", [shape[1], out], conv, !norm);
                (instr, if norm { vec![net.norm("norm", out)] } else { vec![] })
            })
        })
    }));
}

#[test]
fn of_convolutions_in_tiles() {
    let cases: [[usize; 4]; 3] = [[1, 100, 7, 6], [1, 60, 14, 13], [1, 40, 30, 29]];
    let conv = |net: &mut BodyMaker, channels: usize| {
        let add = Epilogue::Add { resize: None };
        (net.conv("conv", [channels; 2], ConvShape::square(3, 1, 1), true), vec![add, Epilogue::Activation(RELU)])
    };
    let sizes = cases.map(|shape| {
        let operands: [&[usize]; 2] = [&shape; 2];
        let mut instr = None;
        let program = one_step(&operands, Edges::Arrays, |net| {
            let step = conv(net, shape[1]);
            instr = Some(step.0.clone());
            step
        });
        let model = model(&Arc::new(program.clone()), &drawn(&program), 1, Numerics::Fast, Isa::all()[0]);
        Tiles::of(&model, &instr.expect("it was just made"), &operands).map(|tiles| tiles.results)
    });
    assert_eq!(sizes, [Some(2), Some(4), Some(6)], "there is a case for tiles of each size");
    check_all(
        cases
            .iter()
            .map(|shape| spread(&format!("{shape:?}"), &[shape, shape], Edges::Arrays, |net| conv(net, shape[1]))),
    );
}

const ACTIVATIONS: [Activation; 6] = [
    Activation::Relu,
    Activation::Silu,
    Activation::Sigmoid,
    Activation::Gelu,
    Activation::HardSigmoid,
    Activation::HardSwish,
];

#[test]
fn of_epilogues() {
    let wide: &[usize] = &[2, 21, 6, 8];
    let resized = [ResizeMode::Nearest, ResizeMode::Bilinear, ResizeMode::AlignCorners];
    let additions = [1, 2].into_iter().flat_map(|factor| {
        resized.map(|mode| (Some(Resize { mode, target: Target::Factor(factor) }), 6 / factor, 8 / factor))
    });
    check_all([(None, 6, 8)].into_iter().chain(additions).flat_map(|(resize, height, width)| {
        [true, false].map(|by_conv| {
            let add = Epilogue::Add { resize };
            let first: &[usize] = if by_conv { &[2, 9, 6, 8] } else { wide };
            spread(
                &format!("{add:?} to a product: {by_conv}"),
                &[first, &[2, 21, height, width]],
                Edges::Arena,
                |net| {
                    let conv = net.conv("conv", [9, 21], ConvShape::square(1, 1, 0), true);
                    let instr = if by_conv { conv } else { Instr::Elementwise };
                    (instr, vec![add.clone(), net.norm("norm", 21)])
                },
            )
        })
    }));
    check_all(ACTIVATIONS.into_iter().flat_map(|activation| {
        [[true, false], [false, true]].map(|[before, after]| {
            spread(&format!("{activation:?}, norm before {before}, after {after}"), &[wide], Edges::Arrays, |net| {
                let norm = net.norm("norm", 21);
                let activation = Epilogue::Activation(activation);
                (Instr::Elementwise, if before { vec![norm, activation] } else { vec![activation, norm] })
            })
        })
    }));
}

#[test]
fn of_other_products() {
    check_all([1, 2, 3].into_iter().map(|stride| {
        spread(&format!("transposed by {stride}"), &[&[2, 19, 5, 3]], Edges::Arena, |net| {
            let weight = net.weight("weight", &[19, 21, stride, stride]);
            let bias = Some(net.weight("bias", &[21]));
            (Instr::TransposedConv { channels: 21, stride, weight, bias }, vec![Epilogue::Activation(RELU)])
        })
    }));
    let gemm = spread("a product", &[&[3, 37]], Edges::Arrays, |net| {
        let weight = net.weight("weight", &[18, 37]);
        (Instr::Gemm { features: 18, weight, bias: None }, vec![net.norm("norm", 18)])
    });
    check_all([gemm].into_iter());
}

#[test]
fn of_pools_and_averages() {
    let kinds = [PoolKind::Max, PoolKind::Average { count_padding: true }, PoolKind::Average { count_padding: false }];
    let windows = [(3, 2, 1), (2, 2, 0), (1, 3, 0)].map(|(kernel, stride, padding)| ([kernel; 2], stride, padding));
    let pools = windows.into_iter().flat_map(|(kernel, stride, padding)| {
        kinds.map(|kind| Instr::Pool(Pool { kind, kernel, stride: [stride; 2], padding: [padding; 2] }))
    });
    let averages = [Instr::GlobalAveragePool, Instr::AdaptiveAveragePool { size: Some([3, 2]) }];
    check_all(
        pools
            .chain(averages)
            .map(|instr| spread(&format!("{instr:?}"), &[&[2, 19, 7, 9]], Edges::Arrays, |_| (instr.clone(), vec![]))),
    );
}

#[test]
fn of_resizes() {
    let modes = [
        ResizeMode::Nearest,
        ResizeMode::Bilinear,
        ResizeMode::AlignCorners,
        ResizeMode::Bicubic,
        ResizeMode::BicubicAntialiased,
    ];
    check_all(modes.into_iter().flat_map(|mode| {
        let by_factor = [1, 2, 3].map(|factor| {
            let resize = Resize { mode, target: Target::Factor(factor) };
            spread(&format!("{resize:?}"), &[&[2, 5, 4, 3]], Edges::Arrays, |_| (Instr::Resize(resize), vec![]))
        });
        let like = [[7, 5], [1, 1], [2, 9]].map(|[height, width]| {
            let resize = Resize { mode, target: Target::Like };
            let like: &[usize] = &[2, 3, height, width];
            let name = format!("{resize:?} {like:?}");
            spread(&name, &[&[2, 5, 4, 3], like], Edges::Arrays, |_| (Instr::Resize(resize), vec![]))
        });
        by_factor.into_iter().chain(like)
    }));
}

#[test]
fn of_the_rest() {
    let shape: &[usize] = &[2, 19, 5, 4];
    check_all(
        [
            spread("concat", &[shape, &[2, 3, 5, 4]], Edges::Arrays, |_| {
                (Instr::Concat { axis: Axis::Channels }, vec![Epilogue::Activation(RELU)])
            }),
            spread("flatten", &[shape], Edges::Arrays, |_| (Instr::Flatten, vec![])),
            spread("l2", &[shape], Edges::Arrays, |_| (Instr::L2Normalize { eps: 1e-12 }, vec![])),
            spread("elementwise", &[shape], Edges::Arrays, |_| (Instr::Elementwise, vec![])),
            spread("attention", &[&[2, 8, 5], &[2, 8, 7], &[2, 4, 7]], Edges::Arrays, |_| {
                (Instr::Attention { heads: 2 }, vec![])
            }),
            spread("matmul", &[&[2, 5, 3], &[2, 3, 4]], Edges::Arrays, |_| (Instr::MatMul, vec![])),
            spread("layer norm", &[shape], Edges::Arrays, |net| (net.layer_norm("norm", 19), vec![])),
            spread("group norm", &[&[2, 18, 5, 4]], Edges::Arrays, |net| (net.group_norm("norm", 3, 18), vec![])),
            spread("scale", &[shape], Edges::Arrays, |net| {
                (Instr::Elementwise, vec![Epilogue::LayerScale { weight: net.weight("factors", &[19]) }])
            }),
            spread("product", &[shape, &[2, 19, 1, 1]], Edges::Arrays, |_| (Instr::Multiply, vec![])),
            spread("scale", &[shape], Edges::Arrays, |_| (Instr::Elementwise, vec![Epilogue::Scale { factor: 0.5 }])),
            spread("mean of rows", &[shape], Edges::Arrays, |_| (Instr::Mean { axis: Axis::Rows }, vec![])),
            spread("mean of channels", &[shape], Edges::Arrays, |_| (Instr::Mean { axis: Axis::Channels }, vec![])),
            spread("slice", &[shape], Edges::Arrays, |_| {
                (Instr::Slice(Slice { axis: Axis::Channels, start: 3, length: Some(9) }), vec![])
            }),
            spread("softmax", &[shape], Edges::Arrays, |_| (Instr::Softmax, vec![])),
            spread("pixel shuffle", &[&[2, 12, 5, 4]], Edges::Arrays, |_| (Instr::PixelShuffle { factor: 2 }, vec![])),
            spread("channel shuffle", &[&[2, 12, 5, 4]], Edges::Arrays, |_| {
                (Instr::ChannelShuffle { groups: 3 }, vec![])
            }),
            spread("reassembled", &[shape, &[2, 9, 10, 8]], Edges::Arrays, |_| {
                (Instr::Reassemble { kernel: 3, factor: 2 }, vec![])
            }),
            spread("permuted", &[shape], Edges::Arrays, |_| (Instr::Permute { order: vec![0, 2, 3, 1] }, vec![])),
        ]
        .into_iter(),
    );
    check_all([Normalise::Softplus, Normalise::Relu, Normalise::Softmax].into_iter().map(|normalise| {
        spread(&format!("{normalise:?}"), &[shape, shape, shape], Edges::Arrays, |net| {
            let weight = net.weight("w", &[3]);
            (Instr::WeightedSum { weight, normalise, eps: 1e-4 }, vec![Epilogue::Activation(RELU)])
        })
    }));
}
