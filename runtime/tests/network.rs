//! A whole network made by hand: the fast path against the reference, and everything that a model and a session offer.

mod common;

use std::sync::Arc;

use common::{BodyMaker, ConvShape, distance, random, random_weights, shape};
use ndarray::{ArrayD, ArrayViewD, Axis};
use neckar::{ArenaPlace, Error, Layout, Model, Options, Program, Role, Weights, naive};
use neckar_spec::program::*;
use neckar_spec::size::Size;

/// ‖fast − naive‖/‖naive‖ through a dozen steps, each of which rounds to fp32.
const TOLERANCE: f64 = 2e-6;

const RELU: Epilogue = Epilogue::Activation(Activation::Relu);

/// A residual block: two 3×3 convolutions with norms, the input added before the last activation.
fn residual(channels: usize) -> (Body, Vec<Weight>) {
    let mut block = BodyMaker::new("Residual", 1);
    let conv = ConvShape::square(3, 1, 1);
    let (first, norm) = (block.conv("conv1", [channels; 2], conv, false), block.norm("bn1", channels));
    let a = block.run("a", first, &[0], vec![norm, RELU]);
    let (second, norm) = (block.conv("conv2", [channels; 2], conv, false), block.norm("bn2", channels));
    let out = block.run("", second, &[a, 0], vec![norm, Epilogue::Add { resize: None }, RELU]);
    (block.body(&[out]), block.weights)
}

/// A small pyramid: a stem, a residual block called twice (the second time with the same weights), a coarser level that is
/// added to the finer one when up-sampled, a concatenation, and a head on the pooled map.
fn pyramid() -> Program {
    let (block, block_weights) = residual(20);
    let mut net = BodyMaker::new("Pyramid", 1);
    let (stem, norm) = (net.conv("stem", [3, 20], ConvShape::square(3, 2, 1), false), net.norm("stem_bn", 20));
    let c2 = net.run("C2", stem, &[0], vec![norm, RELU]);
    let passed: Vec<WeightId> =
        block_weights.iter().map(|weight| net.weight(&format!("block.{}", weight.name), &weight.shape)).collect();
    let c2 = net.call("block", 0, &[c2], passed.clone(), "C2_a");
    let c2 = net.call("again", 0, &[c2], passed, "C2_b");
    let down = net.conv("down", [20, 40], ConvShape::square(3, 2, 1), true);
    let c3 = net.run("C3", down, &[c2], vec![Epilogue::Activation(Activation::Silu)]);
    let lateral3 = net.conv("lateral3", [40, 24], ConvShape::square(1, 1, 0), false);
    let p3 = net.run("P3", lateral3, &[c3], vec![]);
    let lateral2 = net.conv("lateral2", [20, 24], ConvShape::square(1, 1, 0), false);
    let up = Resize { mode: ResizeMode::Nearest, target: Target::Factor(2) };
    let p2 = net.run("P2", lateral2, &[c2, p3], vec![Epilogue::Add { resize: Some(up) }]);
    let pool = Pool { kind: PoolKind::Max, kernel: [2; 2], stride: [2; 2], padding: [0; 2] };
    let pooled = net.run("pooled", Instr::Pool(pool), &[p2], vec![]);
    let both = net.run("both", Instr::Concat { axis: neckar_spec::program::Axis::Channels }, &[pooled, p3], vec![]);
    let mean = net.run("", Instr::GlobalAveragePool, &[both], vec![]);
    let flat = net.run("flat", Instr::Flatten, &[mean], vec![]);
    let (weight, bias) = (net.weight("fc.weight", &[10, 48]), Some(net.weight("fc.bias", &[10])));
    let fc = net.run("fc", Instr::Gemm { features: 10, weight, bias }, &[flat], vec![]);
    let h = [Size::symbol("H").scale(4), Size::symbol("W").scale(4)];
    let outputs = [("P.P2", p2), ("P.P3", p3), ("class", fc)];
    net.program(vec![block], vec![("image", shape(3, &h))], &outputs, &[])
}

fn model(threads: usize) -> (Model, Weights) {
    let program = pyramid();
    let (weights, _) = Weights::from_tensors(&program, random_weights(&program).into_iter()).expect("all are given");
    let options = Options { threads, ..Options::default() };
    (Model::new(Arc::new(program), &weights, options).expect("the program can be run"), weights)
}

fn bits(array: &ArrayD<f32>) -> Vec<u32> {
    array.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn the_fast_path_is_near_the_reference() {
    let (model, weights) = model(2);
    for size in [[1, 3, 4, 4], [2, 3, 36, 28], [1, 3, 64, 96]] {
        let image = random(&size, 5);
        let expected =
            naive::run(model.program(), &weights, &[("image".to_owned(), image.clone())]).expect("the sizes are legal");
        let outputs = model.run(&[("image", image.view())]).expect("the sizes are legal");
        assert_eq!(outputs.len(), 3);
        for ((name, expected), (own, got)) in expected.iter().zip(outputs.iter()) {
            assert_eq!(name, own);
            assert!(distance(got, expected) < TOLERANCE, "{name} at {size:?}: {}", distance(got, expected));
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let image = random(&[2, 3, 64, 96], 5);
    let run = |threads| model(threads).0.run(&[("image", image.view())]).expect("the sizes are legal");
    let one = run(1);
    for threads in [2, 3, 7] {
        for ((name, a), (_, b)) in one.iter().zip(run(threads).iter()) {
            assert_eq!(bits(a), bits(b), "{name} with {threads} threads");
        }
    }
}

#[test]
fn some_outputs_need_fewer_steps_and_give_the_same_bits() {
    let (model, _) = model(1);
    let image = random(&[1, 3, 32, 32], 5);
    let inputs = [("image", image.view())];
    let all = model.run(&inputs).expect("the sizes are legal");
    let some = model.run_only(&inputs, &["P.P3"]).expect("the output exists");
    assert_eq!(some.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["P.P3"]);
    assert_eq!(bits(some.get("P.P3").expect("it was asked for")), bits(all.get("P.P3").expect("it is an output")));
    let list = model.run_only(&inputs, &["P"]).expect("the list exists");
    assert_eq!(list.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["P.P2", "P.P3"]);

    let shapes: &[(&str, &[usize])] = &[("image", &[1, 3, 32, 32])];
    let session = model.session(shapes, Some(&["P.P3"])).expect("the sizes are legal");
    let plan = session.plan();
    assert!(plan.parts.iter().all(|part| part.row() != Some("P2")), "{plan:?}");
}

#[test]
fn rows_are_named_as_the_spec_nests_them() {
    let (model, _) = model(2);
    let image = random(&[1, 3, 16, 24], 5);
    let rows = model.rows(&[("image", image.view())]).expect("the sizes are legal");
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["C2", "block.a", "C2_a", "again.a", "C2_b", "C3", "P3", "P2", "pooled", "both", "flat", "fc"]);
    let outputs = model.run(&[("image", image.view())]).expect("the sizes are legal");
    for (row, output) in [("P2", "P.P2"), ("P3", "P.P3"), ("fc", "class")] {
        let row = &rows.iter().find(|(name, _)| name == row).expect("it is a row").1;
        assert_eq!(bits(row), bits(outputs.get(output).expect("it is an output")));
    }
}

#[test]
fn a_session_runs_into_arrays_of_any_strides() {
    let (model, _) = model(2);
    let image = random(&[2, 3, 16, 24], 5);
    let expected = model.run(&[("image", image.view())]).expect("the sizes are legal");
    let mut session = model.session(&[("image", image.shape())], None).expect("the sizes are legal");
    // Channels-last in the caller's memory, rows from the bottom.
    let mut strange = ArrayD::zeros(vec![2, 24, 16, 3]).permuted_axes(vec![0, 3, 2, 1]);
    strange.invert_axis(Axis(2));
    strange.assign(&image);
    let mut outputs: Vec<ArrayD<f32>> = session.outputs().map(|(_, shape)| ArrayD::zeros(shape)).collect();
    outputs[0] = ArrayD::zeros(vec![2, 12, 8, 24]).permuted_axes(vec![0, 3, 2, 1]);
    for _ in 0..2 {
        let mut views: Vec<_> = outputs.iter_mut().map(|array| array.view_mut()).collect();
        session.run_into(&[strange.view()], &mut views).expect("the shapes are the session's");
        for (got, (name, expected)) in outputs.iter().zip(expected.iter()) {
            assert_eq!(bits(got), bits(expected), "{name}");
        }
    }
    assert!(session.peak_bytes() >= 4 * 2 * 20 * 8 * 12 * 2, "{}", session.peak_bytes());
}

#[test]
fn a_profile_times_each_part_of_the_plan() {
    let (model, _) = model(1);
    let image = random(&[1, 3, 16, 16], 5);
    let mut session = model.session(&[("image", image.shape())], None).expect("the sizes are legal");
    let mut outputs = session.empty_outputs();
    let times = session.run_profiled(&[image.view()], &mut outputs.views_mut()).expect("the arrays are the session's");
    assert_eq!(outputs, model.run(&[("image", image.view())]).expect("the sizes are legal"));
    assert_eq!(times.len(), session.plan().parts.len());
    assert!(times.iter().any(|time| !time.is_zero()));
}

#[test]
fn a_plan_says_what_is_executed() {
    let (model, _) = model(2);
    let shape: &[usize] = &[1, 3, 16, 16];
    let session = model.session(&[("image", shape)], None).expect("the sizes are legal");
    let plan = session.plan();
    let (first, outputs) = (&plan.parts[0], &plan.parts[plan.parts.len() - 3..]);
    let edges = [Layout::ChannelsFirst, Layout::ChannelsLast];
    // The stem reads the image as the caller has it.
    assert_eq!((first.row(), first.time, first.layouts), (Some("C2"), 1, edges));
    let names: Vec<&Role> = outputs.iter().map(|part| &part.role).collect();
    assert_eq!(names, ["P.P2", "P.P3", "class"].map(|name| Role::Output(name.into())).each_ref());
    assert!(outputs.iter().all(|part| part.place.is_none() && [part.layouts[1], part.layouts[0]] == edges));

    let part = |row: &str| plan.parts.iter().find(|part| part.row() == Some(row)).expect("the row takes a step");
    // 20 · 8 · 8 cells of 3 · 3 · 3 taps; the image, the map and the weight are read or written once.
    let stem = part("C2");
    assert_eq!((stem.instruction.as_str(), stem.algorithm), ("conv 3x3/2 + norm + relu", "gemm"));
    assert_eq!((&stem.operands, stem.shape.as_slice()), (&vec![shape.to_vec()], &[1, 20, 8, 8][..]));
    assert_eq!((stem.macs, stem.bytes), (20 * 64 * 27, 4 * (3 * 256 + 20 * 64 + 20 * 27)));
    // The coarser level is read as it is, a quarter of the finer.
    let merged = part("P2");
    assert_eq!(merged.instruction, "conv 1x1/1 + add nearest");
    assert_eq!(merged.operands, [[1, 20, 8, 8], [1, 24, 4, 4]]);
    assert_eq!((merged.macs, merged.bytes), (24 * 64 * 20, 4 * (20 * 64 + 24 * 16 + 24 * 64 + 24 * 20)));
    let class = part("fc");
    assert_eq!((class.macs, class.bytes), (480, 4 * (48 + 10 + 480 + 10)));
    assert_eq!((part("pooled").macs, part("flat").instruction.as_str()), (0, "average"));

    // Maps that are needed at the same time lie apart, but for a concatenation and its slice, and all within the arena.
    assert_eq!(part("pooled").notes, ["writes channels 0..24 of both"]);
    let maps = plan.parts.iter().filter(|part| part.row() != Some("pooled"));
    let placed: Vec<(usize, ArenaPlace)> = maps.filter_map(|part| Some((part.time, part.place?))).collect();
    for (i, (from, place)) in placed.iter().enumerate() {
        assert!(place.offset + place.bytes <= plan.arena_bytes && *from <= place.until);
        for (since, other) in &placed[..i] {
            let meet = from <= &other.until && since <= &place.until;
            let apart = place.offset + place.bytes <= other.offset || other.offset + other.bytes <= place.offset;
            assert!(apart || !meet, "{place:?} and {other:?}");
        }
    }
    assert_eq!(session.peak_bytes(), plan.arena_bytes + 2 * plan.workspace_bytes + plan.shared_bytes);

    // A convolution writes an output that no step reads as the caller wants it.
    let plan = model.session(&[("image", shape)], Some(&["P.P3"])).expect("the sizes are legal").plan();
    let last = &plan.parts[plan.parts.len() - 1];
    assert_eq!(
        (last.row(), last.place, last.layouts),
        (Some("P3"), None, [Layout::ChannelsLast, Layout::ChannelsFirst])
    );
}

#[test]
fn threads_share_a_model() {
    let (model, _) = model(2);
    let run = |model: &Model, seed: u64, height: usize| {
        let image = random(&[1, 3, height, 16], seed);
        model.run(&[("image", image.view())]).expect("the sizes are legal")
    };
    let cases: Vec<(u64, usize)> = (0..8).map(|i| (i, 16 + 4 * (i as usize % 3))).collect();
    let expected: Vec<_> = cases.iter().map(|&(seed, height)| run(&model, seed, height)).collect();
    std::thread::scope(|scope| {
        for (&(seed, height), expected) in cases.iter().zip(&expected) {
            let model = model.clone();
            scope.spawn(move || {
                for _ in 0..5 {
                    assert_eq!(run(&model, seed, height), *expected);
                }
            });
        }
    });
}

#[test]
fn an_input_can_be_an_output() {
    let mut net = BodyMaker::new("net", 2);
    let relu = net.run("y", Instr::Elementwise, &[0], vec![RELU]);
    let inputs = ["a", "b"].map(|name| (name, shape(3, &[Size::symbol("H")]))).to_vec();
    let program = net.program(vec![], inputs, &[("y", relu), ("b", 1), ("y_too", relu)], &[]);
    let weights = Weights::init(&program, 0);
    let model = Model::new(Arc::new(program), &weights, Options::default()).expect("the program can be run");
    let (a, b) = (random(&[2, 3, 5], 1), random(&[2, 3, 5], 2));
    let outputs = model.run(&[("b", b.view()), ("a", a.view())]).expect("the sizes agree");
    assert_eq!(outputs.get("b"), Some(&b));
    assert_eq!(outputs.get("y"), Some(&a.mapv(|x| x.max(0.0))));
    assert_eq!(outputs.get("y_too"), outputs.get("y"));
}

#[test]
fn wrong_arrays_for_a_session() {
    let (model, _) = model(1);
    let mut session = model.session(&[("image", &[1, 3, 16, 16])], Some(&["class"])).expect("the sizes are legal");
    let (image, other) = (random(&[1, 3, 16, 16], 1), random(&[1, 3, 16, 20], 1));
    let mut run = |inputs: &[ArrayViewD<f32>], output: &[usize]| {
        let mut arrays: Vec<ArrayD<f32>> = output.iter().map(|&features| ArrayD::zeros(vec![1, features])).collect();
        let mut views: Vec<_> = arrays.iter_mut().map(|array| array.view_mut()).collect();
        session.run_into(inputs, &mut views).map_err(|error: Error| error.to_string())
    };
    assert_eq!(run(&[image.view()], &[10]), Ok(()));
    for (inputs, output, expected) in [
        (vec![], &[10][..], "0 inputs are given, expected 1"),
        (
            vec![other.view()],
            &[10],
            "input `image` has the shape [1, 3, 16, 20], but the session is for [1, 3, 16, 16]; make one for this shape",
        ),
        (vec![image.view()], &[], "0 outputs are given, expected 1"),
        (vec![image.view()], &[9], "output `class` has the shape [1, 9], expected [1, 10]"),
    ] {
        assert_eq!(run(&inputs, output), Err(expected.to_owned()));
    }
}
