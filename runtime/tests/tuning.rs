//! Algorithms that a tuning says.

mod common;

use std::sync::Arc;

use common::{BodyMaker, ConvShape, distance, random, shape};
use ndarray::ArrayD;
use neckar::{Algorithm, ConvolutionSizes, Error, Instructions, Model, Numerics, Options, Program, Tuning, Weights};
use neckar_spec::size::Size;

/// A 3 × 3 convolution of stride 1, one of stride 2, and again one of stride 1.
fn network() -> Arc<Program> {
    let mut net = BodyMaker::new("net", 1);
    let first = net.conv("first", [16, 24], ConvShape::square(3, 1, 1), true);
    let first = net.run("a", first, &[0], vec![]);
    let down = net.conv("down", [24, 24], ConvShape::square(3, 2, 1), false);
    let down = net.run("b", down, &[first], vec![]);
    let last = net.conv("last", [24, 40], ConvShape::square(3, 1, 1), true);
    let last = net.run("c", last, &[down], vec![]);
    let sizes = [Size::symbol("H"), Size::symbol("W")];
    Arc::new(net.program(vec![], vec![("x", shape(16, &sizes))], &[("a", first), ("c", last)], &[]))
}

const SIZE: [usize; 4] = [2, 16, 24, 20];

fn model(options: Options) -> Result<Model, Error> {
    let program = network();
    Model::new(program.clone(), Weights::init(&program, 3), options)
}

fn tuned(tuning: Tuning) -> Options {
    Options { tuning: Some(Arc::new(tuning)), ..Options::default() }
}

/// The algorithms of a plan's convolutions, and what these are.
fn plan(model: &Model, size: [usize; 4]) -> Vec<(ConvolutionSizes, &'static str)> {
    let plan = model.session(&[("x", &size)], None).expect("the sizes are legal").plan();
    plan.parts.into_iter().filter_map(|part| Some((part.convolution?, part.algorithm))).collect()
}

fn algorithms(model: &Model, size: [usize; 4]) -> Vec<&'static str> {
    plan(model, size).into_iter().map(|(_, algorithm)| algorithm).collect()
}

fn run(model: &Model) -> Vec<ArrayD<f32>> {
    let outputs = model.run(&[("x", random(&SIZE, 1).view())]).expect("the sizes are legal");
    outputs.into_iter().map(|(_, array)| array).collect()
}

#[test]
fn one_algorithm_for_all() {
    let exact = Options { numerics: Numerics::Exact, ..Options::default() };
    let expected = run(&model(exact).expect("it can be run"));
    let named = [
        (Algorithm::Direct, "gemm"),
        (Algorithm::Winograd2, "winograd 2x2"),
        (Algorithm::Winograd4, "winograd 4x4"),
        (Algorithm::Winograd6, "winograd 6x6"),
    ];
    for (algorithm, name) in named {
        let forced = model(tuned(Tuning::everywhere(algorithm))).expect("it can be run");
        assert_eq!(algorithms(&forced, SIZE), [name, "gemm", name]);
        for (output, expected) in run(&forced).iter().zip(&expected) {
            let far = distance(output, expected);
            assert!(far < 1e-5, "{algorithm}: {far:e}");
        }
        let exact = Options { numerics: Numerics::Exact, ..tuned(Tuning::everywhere(algorithm)) };
        assert_eq!(algorithms(&model(exact).expect("it can be run"), SIZE), ["gemm"; 3]);
    }
}

#[test]
fn what_was_measured_is_taken_and_the_rest_estimated() {
    let free = model(Options::default()).expect("it can be run");
    let instructions = free.instructions();
    let [(first, _), (down, _), (last, _)] = <[_; 3]>::try_from(plan(&free, SIZE)).expect("three convolutions");
    assert_eq!((first.input, first.output), ([2, 16, 24, 20], [2, 24, 24, 20]));
    assert_eq!((down.stride, down.output), ([2, 2], [2, 24, 12, 10]));
    assert_eq!((last.kernel, last.input, last.output), ([3, 3], [2, 24, 12, 10], [2, 40, 12, 10]));

    let by_estimate = algorithms(&free, SIZE)[2];
    let times = [(Algorithm::Direct, 3.0), (Algorithm::Winograd2, 1.0), (Algorithm::Winograd6, 2.0)];
    let tuning = Tuning::measured(instructions, 5, [(first.clone(), times.into())]);
    let options = |threads| Options { threads, ..tuned(tuning.clone()) };
    let one = model(options(1)).expect("it can be run");
    assert_eq!(algorithms(&one, SIZE), ["winograd 2x2", "gemm", by_estimate]);
    // Another size is another convolution.
    assert_eq!(algorithms(&one, [2, 16, 24, 22]), algorithms(&free, [2, 16, 24, 22]));
    let outputs = run(&one);
    for threads in [2, 3] {
        assert_eq!(run(&model(options(threads)).expect("it can be run")), outputs, "{threads} threads");
    }
    assert_ne!(run(&free)[0], outputs[0], "another algorithm rounds differently");
}

#[test]
fn a_tuning_of_other_instructions_is_refused() {
    let own = model(Options::default()).expect("it can be run").instructions();
    let other = if own == Instructions::Avx2 { Instructions::Portable } else { Instructions::Avx2 };
    let error = model(tuned(Tuning::measured(other, 2, []))).expect_err("it is of other instructions");
    assert!(matches!(error, Error::Tuning(_)));
    let expected = format!("the tuning was measured with {other} instructions, and the model runs with {own}; ");
    assert!(error.to_string().starts_with(&expected), "{error}");
}
