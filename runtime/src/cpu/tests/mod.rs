//! Every kernel against the naive reference, on each instruction set, with one thread and several.

mod awkward;
mod branches;
mod buffers;
mod layers;
mod nonfinite;
mod properties;
pub(crate) mod zoo;

use std::sync::Arc;

use ndarray::ArrayD;
use neckar_spec::program::*;
use neckar_spec::size::Size;

use super::simd::Isa;
use crate::common::{BodyMaker, random, random_weights};
use crate::{Model, Numerics, Options, Weights, naive};

/// The error that each may have, as [`error`] gives it: n roundings of a sum add up to some √n of them, of which each is at most
/// 6e-8, and no sum has more than 4608 terms; Winograd's algorithm stays within the bound that the documentation states.
const TOLERANCE: [(Numerics, f64); 2] = [(Numerics::Exact, 2e-6), (Numerics::Fast, 1e-5)];

/// Where a step's maps lie.
#[derive(Clone, Copy, Debug)]
enum Edges {
    /// In the caller's arrays, channels-first, where the kernel reads and writes these.
    Arrays,
    /// In the arena, channels-last, between copies.
    Arena,
}

/// A network of one step on maps of the given shapes.
fn one_step(shapes: &[&[usize]], edges: Edges, make: impl FnOnce(&mut BodyMaker) -> (Instr, Vec<Epilogue>)) -> Program {
    let mut net = BodyMaker::new("net", shapes.len() as u32);
    let (instr, epilogue) = make(&mut net);
    let inputs = 0..shapes.len() as u32;
    let out = match edges {
        Edges::Arrays => net.run("out", instr, &inputs.collect::<Vec<Slot>>(), epilogue),
        Edges::Arena => {
            let args: Vec<Slot> = inputs.map(|input| net.run("", Instr::Elementwise, &[input], vec![])).collect();
            let out = net.run("", instr, &args, epilogue);
            net.run("out", Instr::Elementwise, &[out], vec![])
        }
    };
    let names: Vec<String> = (0..shapes.len()).map(|i| format!("x{i}")).collect();
    let sizes = |shape: &[usize]| shape.iter().map(|&n| Size::constant(n as i64)).collect();
    let inputs = names.iter().zip(shapes).map(|(name, shape)| (name.as_str(), sizes(shape))).collect();
    net.program(Vec::new(), inputs, &[("out", out)], &[])
}

/// A model of a program with weights of its own.
fn model(program: &Arc<Program>, weights: &Weights, threads: usize, numerics: Numerics, isa: Isa) -> Model {
    let options = Options { threads, numerics, instructions: isa.instructions(), ..Options::default() };
    Model::new(program.clone(), weights, options).expect("the program can be run")
}

/// Random weights of a program.
fn drawn(program: &Program) -> Weights {
    Weights::from_tensors(program, random_weights(program).into_iter()).expect("all are given").0
}

/// The result of a program of one output.
fn run(model: &Model, inputs: &[ArrayD<f32>]) -> ArrayD<f32> {
    let named = model.program().inputs.iter().zip(inputs);
    let views: Vec<_> = named.map(|(input, array)| (input.name.as_str(), array.view())).collect();
    model.run(&views).expect("the case is legal").remove("out").expect("it is an output")
}

/// The same by the reference.
fn reference(program: &Program, weights: &Weights, inputs: &[ArrayD<f32>]) -> ArrayD<f32> {
    let named = program.inputs.iter().zip(inputs);
    let named: Vec<_> = named.map(|(input, array)| (input.name.clone(), array.clone())).collect();
    naive::run(program, weights, &named).expect("the case is legal").remove(0).1
}

/// ‖got − expected‖ over ‖expected‖, or over what that would be if all elements were `least`: where terms of order one
/// cancel, as they may in a result of few elements, the error is of their size and not of the sum's.
fn error(got: &ArrayD<f32>, expected: &ArrayD<f32>, least: f64) -> f64 {
    assert_eq!(got.shape(), expected.shape());
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let difference = square(&mut got.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    let size = square(&mut expected.iter().map(|&x| f64::from(x)));
    if difference == 0.0 { 0.0 } else { (difference / size.max(least.powi(2) * expected.len() as f64)).sqrt() }
}

/// Runs a program both ways and returns a complaint where they differ, or where the number of threads changes a bit.
fn compare(
    name: &str,
    program: Program,
    inputs: &[ArrayD<f32>],
    least: f64,
    threads: impl IntoIterator<Item = usize> + Clone,
) -> Option<String> {
    let weights = drawn(&program);
    let expected = reference(&program, &weights, inputs);
    let program = Arc::new(program);
    for (isa, (numerics, tolerance)) in Isa::all().into_iter().flat_map(|isa| TOLERANCE.map(|bound| (isa, bound))) {
        let name = format!("{name}, {numerics:?}, on {isa:?}");
        let mut first: Option<ArrayD<f32>> = None;
        for threads in threads.clone() {
            let got = run(&model(&program, &weights, threads, numerics, isa), inputs);
            let far = error(&got, &expected, least);
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

/// Random maps of the given shapes.
fn maps(shapes: &[&[usize]]) -> Vec<ArrayD<f32>> {
    shapes.iter().enumerate().map(|(i, shape)| random(shape, i as u64)).collect()
}

fn case(
    shapes: &[&[usize]],
    make: impl FnOnce(&mut BodyMaker) -> (Instr, Vec<Epilogue>),
    name: &str,
) -> Option<String> {
    compare(name, one_step(shapes, Edges::Arrays, make), &maps(shapes), 0.0, 1..=3)
}
