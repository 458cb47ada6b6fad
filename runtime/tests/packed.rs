//! The memory of packed weights.

mod common;

use std::sync::Arc;

use common::{distance, program, random};
use ndarray::ArrayD;
use neckar::{Error, Model, Numerics, Options, Program, Weights};
use neckar_spec::Origin;

/// The inputs of lite_fpn, of which the first has so many rows and columns.
fn inputs([height, width]: [usize; 2]) -> Vec<(String, ArrayD<f32>)> {
    let input = |level: usize| {
        let shape = [1, 32 << level, height >> level, width >> level];
        (format!("B{}", level + 1), random(&shape, level as u64))
    };
    (0..4).map(input).collect()
}

/// The sizes of its `at` clause.
const USUAL: [usize; 2] = [64, 128];

fn model(program: &Arc<Program>, options: Options) -> Result<Model, Error> {
    Model::new(program.clone(), Weights::init(program, 0), options)
}

fn run(model: &Model, size: [usize; 2]) -> Vec<ArrayD<f32>> {
    let inputs = inputs(size);
    let views: Vec<_> = inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
    model.run(&views).expect("the sizes are legal").into_iter().map(|(_, array)| array).collect()
}

/// The algorithms of the 3 × 3 convolutions of a plan.
fn algorithms(model: &Model, size: [usize; 2]) -> Vec<&'static str> {
    let inputs = inputs(size);
    let shapes: Vec<_> = inputs.iter().map(|(name, array)| (name.as_str(), array.shape())).collect();
    let plan = model.session(&shapes, None).expect("the sizes are legal").plan();
    let convolutions = plan.parts.iter().filter(|part| part.instruction.starts_with("conv 3x3"));
    convolutions.map(|part| part.algorithm).collect()
}

fn lite_fpn() -> Arc<Program> {
    Arc::new(program(Origin::Zoo("lite_fpn".into())))
}

#[test]
fn packed_weights_keep_within_their_bound() {
    let program = lite_fpn();
    let exact =
        model(&program, Options { numerics: Numerics::Exact, ..Options::default() }).expect("there is no bound");
    let expected = run(&exact, USUAL);
    let least = exact.packed_bytes();
    let weights: usize = program.weights.iter().map(|weight| weight.shape.iter().product::<usize>()).sum();
    assert!(least >= weights * 4 * 9 / 10, "{least} bytes of {weights} weights");

    let free = model(&program, Options::default()).expect("there is no bound");
    let fastest = algorithms(&free, USUAL);
    let most = free.packed_bytes();
    assert!(most > 2 * least, "{most} bytes with transformed weights, {least} without");

    let mut transformed = Vec::new();
    for bound in [least, least + (most - least) / 4, least + (most - least) / 2, most] {
        let options = |threads| Options { max_packed_bytes: Some(bound), threads, ..Options::default() };
        let bounded = model(&program, options(2)).expect("the bound can be kept");
        let outputs = run(&bounded, USUAL);
        for (output, expected) in outputs.iter().zip(&expected) {
            let far = distance(output, expected);
            assert!(far < 1e-5, "{far:e} within {bound} bytes");
        }
        // Plans for other sizes take no more.
        run(&bounded, [32, 48]);
        run(&bounded, [128, 96]);
        assert!(bounded.packed_bytes() <= bound, "{} bytes, bound to {bound}", bounded.packed_bytes());
        let used = algorithms(&bounded, USUAL);
        transformed.push(used.iter().filter(|name| name.starts_with("winograd")).count());
        if bound == most {
            assert_eq!(used, fastest);
        }

        // Neither threads nor what ran before change a bit.
        let other = model(&program, options(1)).expect("the bound can be kept");
        run(&other, [128, 96]);
        assert_eq!(run(&other, USUAL), outputs);
    }
    assert!(transformed[0] == 0 && transformed.is_sorted(), "{transformed:?}");
    assert!(transformed[1] > 0 && transformed[1] < transformed[3], "{transformed:?}");
}

#[test]
fn a_bound_that_cannot_be_kept_says_what_can() {
    let program = lite_fpn();
    let exact =
        model(&program, Options { numerics: Numerics::Exact, ..Options::default() }).expect("there is no bound");
    let least = exact.packed_bytes();
    let options = Options { max_packed_bytes: Some(least - 1), ..Options::default() };
    let error = model(&program, options).expect_err("a byte is missing");
    assert_eq!(
        error.to_string(),
        format!(
            "the packed weights of `LiteFpn` take at least {least} bytes, and `max_packed_bytes` is {}; allow {least} or more",
            least - 1
        )
    );
}
