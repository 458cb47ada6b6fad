//! Every distinct layer of the zoo at its documented sizes, and some that the zoo lacks, with normal inputs and He weights.
//!
//! A convolution is too large for the reference, which therefore computes the windows of some positions, all output channels
//! of each; what else there is it computes whole.

use std::collections::BTreeSet;
use std::f64::consts::TAU;
use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use neckar_spec::Origin;
use neckar_spec::program::*;

use super::zoo::{self, Sized};
use super::{Edges, TOLERANCE, error, model, one_step, reference, run};
use crate::common::{BodyMaker, random};
use crate::cpu::simd::Isa;
use crate::plan::{Network, Plan, Reach};
use crate::{Instructions, Numerics, Session, Weights};

/// Depthwise and grouped convolutions at the sizes that they have in MobileNetV2 and ResNeXt-50, vectors of unit length, and an
/// activation without an instruction before it.
const OTHERS: &str = "arch Others at H = 112, W = 112 {
    input a: [B, 32, H, W]
    input b: [B, 96, H, W]
    input c: [B, 128, H/2, W/2]
    conv depthwise: -> 32 (kernel = 3, padding = 1, groups = 32)
    conv down: -> 96 (kernel = 3, stride = 2, padding = 1, groups = 96)
    conv grouped: -> 128 (kernel = 3, padding = 1, groups = 32)
    layer_norm h_norm
    output d = l2_normalize(depthwise(a)), e = down(b), f = grouped(c), g = relu(a), h = h_norm(b)
}";

/// Multiply-accumulates beyond which plain Rust, an order slower, is left out.
const SLOW: i64 = 4_000_000_000;

/// Positions of a convolution that the reference computes, beside the corners.
const POSITIONS: usize = 20;

/// Algorithms that some layer has to be computed by, so that none goes untried at a real size.
const ALGORITHMS: [&str; 15] = [
    "average",
    "concat",
    "depthwise",
    "elementwise",
    "flatten",
    "gemm",
    "group norm",
    "l2 normalize",
    "layer norm",
    "pool",
    "resample",
    "weighted sum",
    "winograd 2x2",
    "winograd 4x4",
    "winograd 6x6",
];

/// An instruction with weights of its own on operands of some shapes.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    instr: Instr,
    weights: Vec<Vec<usize>>,
    operands: Vec<Vec<usize>>,
}

/// Every distinct layer of a network.
fn layers((program, shapes): &Sized) -> Vec<Layer> {
    let network = Network::new(program);
    let plan =
        Plan::new(&network, shapes, network.rows.clone(), Reach::Arrays).expect("the documented sizes are legal");
    let mut layers = Vec::new();
    for site in &network.sites {
        let (instr, (args, _)) = (&site.instr, site.operands());
        let ids = instr.weights();
        let mut own = vec![0; program.weights.len()];
        for (i, &id) in ids.iter().enumerate() {
            own[id as usize] = i as WeightId;
        }
        let layer = Layer {
            instr: instr.with_weights(&own),
            weights: ids.iter().map(|&id| program.weights[id as usize].shape.clone()).collect(),
            operands: args.iter().map(|&arg| plan.values[arg].shape.clone()).collect(),
        };
        if !layers.contains(&layer) {
            layers.push(layer);
        }
    }
    layers
}

impl Layer {
    fn program(&self) -> Program {
        let shapes: Vec<&[usize]> = self.operands.iter().map(Vec::as_slice).collect();
        one_step(&shapes, Edges::Arrays, |net: &mut BodyMaker| {
            for (i, shape) in self.weights.iter().enumerate() {
                let weight = net.weight(&format!("w{i}"), shape);
                let fan_in = shape[1..].iter().product::<usize>().max(1);
                net.weights[weight as usize].init = Init::Normal { std: (2.0 / fan_in as f32).sqrt() };
            }
            (self.instr.clone(), Vec::new())
        })
    }

    /// Whether plain Rust takes too long for it.
    fn is_slow(&self) -> bool {
        let shape = |shape: &Vec<usize>| shape.iter().map(|&n| n as i64).collect::<Vec<i64>>();
        let operands: Vec<Vec<i64>> = self.operands.iter().map(shape).collect();
        self.instr.macs(&operands, &self.instr.shape(&operands)) > SLOW
    }

    /// Runs it in every way and tells by which algorithms, or complains.
    fn check(&self) -> Result<BTreeSet<&'static str>, String> {
        let program = self.program();
        let weights = Weights::init(&program, 0);
        let inputs: Vec<ArrayD<f32>> =
            self.operands.iter().enumerate().map(|(i, shape)| normal(shape, i as u64)).collect();
        let sample = Sample::new(self, &program, &weights, &inputs);
        let program = Arc::new(program);
        let mut algorithms = BTreeSet::new();
        for isa in Isa::all() {
            if self.is_slow() && isa.instructions() == Instructions::Portable {
                continue;
            }
            let mut exact = "";
            for (numerics, tolerance) in TOLERANCE {
                let model = model(&program, &weights, 2, numerics, isa);
                let algorithm = algorithm(&model.session(&self.named(), None).expect("the shapes are the program's"));
                // Where both choose the same there is nothing new to run.
                if numerics == Numerics::Fast && algorithm == exact {
                    continue;
                }
                exact = algorithm;
                algorithms.insert(algorithm);
                let far = sample.error(&run(&model, &inputs));
                if far.is_nan() || far > tolerance {
                    return Err(format!("{self:?} by {algorithm}, {numerics:?}, on {isa:?}: off by {far:e}"));
                }
            }
        }
        Ok(algorithms)
    }

    fn named(&self) -> Vec<(&'static str, &[usize])> {
        ["x0", "x1", "x2", "x3", "x4"].into_iter().zip(self.operands.iter().map(Vec::as_slice)).collect()
    }
}

fn algorithm(session: &Session) -> &'static str {
    let plan = session.plan();
    plan.parts.iter().find(|part| part.time == 1).expect("there is a step").algorithm
}

/// Standard normal floats by the method of Box and Muller.
fn normal(shape: &[usize], seed: u64) -> ArrayD<f32> {
    let mut floats = random(shape, 2 * seed);
    floats.zip_mut_with(&random(shape, 2 * seed + 1), |x, &angle| {
        let uniform = (1.0 - f64::from(*x)) / 2.0;
        *x = ((-2.0 * uniform.ln()).sqrt() * (TAU / 2.0 * f64::from(angle)).cos()) as f32;
    });
    floats
}

/// What the reference says of a layer's result.
struct Sample {
    /// Image, row and column of each position; none where all are there.
    positions: Option<Vec<[usize; 3]>>,
    expected: ArrayD<f32>,
}

impl Sample {
    fn new(layer: &Layer, program: &Program, weights: &Weights, inputs: &[ArrayD<f32>]) -> Sample {
        let Instr::Conv(conv) = &layer.instr else {
            return Sample { positions: None, expected: reference(program, weights, inputs) };
        };
        let [operand] = &layer.operands[..] else { unreachable!("a convolution has one operand") };
        let shape = layer.instr.shape(&[operand.iter().map(|&n| n as i64).collect()]);
        let [batch, _, height, width] = shape[..] else { unreachable!("its result has four axes") };
        let [batch, height, width] = [batch, height, width].map(|n| n as usize);
        let mut positions = vec![[0, 0, 0], [0, 0, width - 1], [0, height - 1, 0], [batch - 1, height - 1, width - 1]];
        let draws = random(&[POSITIONS, 3], 7).mapv(|x| f64::from(x + 1.0) / 2.0);
        let below = |u: f64, n: usize| (u * n as f64) as usize;
        positions.extend(
            (0..POSITIONS)
                .map(|i| [below(draws[[i, 0]], batch), below(draws[[i, 1]], height), below(draws[[i, 2]], width)]),
        );
        let windows = cut(conv, &inputs[0], &positions);
        let alone = Convolution { padding: [0, 0], ..conv.clone() };
        let alone = Layer { instr: Instr::Conv(alone), operands: vec![windows.shape().to_vec()], ..layer.clone() };
        Sample { positions: Some(positions), expected: reference(&alone.program(), weights, &[windows]) }
    }

    fn error(&self, got: &ArrayD<f32>) -> f64 {
        let Some(positions) = &self.positions else { return error(got, &self.expected, 0.0) };
        let at = |index: IxDyn| {
            let [image, y, x] = positions[index[0]];
            got[[image, index[1], y, x]]
        };
        error(&ArrayD::from_shape_fn(self.expected.raw_dim(), at), &self.expected, 0.0)
    }
}

/// The window of each position as an image of its own, zeros where it reaches into the padding.
fn cut(conv: &Convolution, input: &ArrayD<f32>, positions: &[[usize; 3]]) -> ArrayD<f32> {
    let [_, channels, height, width] = *input.shape() else { unreachable!("a map has four axes") };
    let span = |axis: usize| conv.dilation[axis] * (conv.kernel[axis] - 1) + 1;
    let shape = IxDyn(&[positions.len(), channels, span(0), span(1)]);
    ArrayD::from_shape_fn(shape, |index| {
        let [image, row, column] = positions[index[0]];
        let y = (row * conv.stride[0] + index[2]).checked_sub(conv.padding[0]).filter(|&y| y < height);
        let x = (column * conv.stride[1] + index[3]).checked_sub(conv.padding[1]).filter(|&x| x < width);
        y.zip(x).map_or(0.0, |(y, x)| input[[image, index[1], y, x]])
    })
}

#[test]
fn the_layers_of_the_zoo_stay_within_the_stated_error() {
    let others = Origin::Text { name: "others.arch".into(), text: OTHERS.into(), folder: None };
    // The maps of a picture of 640 × 640.
    let large = zoo::sized(Origin::Zoo("fpn".into()), &[], &[("H", 160), ("W", 160)]);
    let mut distinct: Vec<Layer> = Vec::new();
    for network in zoo::all().chain([large, zoo::sized(others, &[], &[])]) {
        distinct.extend(layers(&network).into_iter().filter(|layer| !distinct.contains(layer)).collect::<Vec<_>>());
    }
    let mut algorithms = BTreeSet::new();
    let mut complaints = Vec::new();
    for layer in &distinct {
        match layer.check() {
            Ok(used) => algorithms.extend(used),
            Err(complaint) => complaints.push(complaint),
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let untried: Vec<&str> = ALGORITHMS.into_iter().filter(|name| !algorithms.contains(name)).collect();
    assert!(untried.is_empty(), "no layer is computed by {untried:?}");
}
