//! A session's runs allocate nothing, and weights that are given away are not held twice.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use common::{BodyMaker, ConvShape, random, random_weights, shape};
use ndarray::ArrayD;
use neckar::{Model, Options, Weights};
use neckar_spec::program::*;
use neckar_spec::size::Size;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes that the thread holds, and the most that it held.
    static HELD: Cell<[isize; 2]> = const { Cell::new([0; 2]) };
}

/// The system's allocator, counting what each thread asks of it.
struct Counting;

impl Counting {
    fn hold(bytes: isize) {
        HELD.with(|held| {
            let [now, most] = held.get();
            held.set([now + bytes, most.max(now + bytes)]);
        });
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        Counting::hold(layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Counting::hold(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_run_into_arrays_allocates_nothing() {
    let mut net = BodyMaker::new("net", 1);
    let relu = Epilogue::Activation(Activation::Relu);
    let (stem, norm) = (net.conv("stem", [3, 20], ConvShape::square(7, 2, 3), false), net.norm("bn", 20));
    let stem = net.run("stem", stem, &[0], vec![norm, relu.clone()]);
    let depthwise = net.conv("depthwise", [20, 20], ConvShape::square(3, 1, 1).grouped(20), true);
    let fine = net.run("fine", depthwise, &[stem], vec![relu.clone()]);
    let pool = Pool { kind: PoolKind::Max, kernel: [3; 2], stride: [2; 2], padding: [1; 2] };
    let coarse = net.run("coarse", Instr::Pool(pool), &[fine], vec![]);
    let lateral = net.conv("lateral", [20, 20], ConvShape::square(3, 1, 1), true);
    let [nearest, bilinear] = [ResizeMode::Nearest, ResizeMode::Bilinear]
        .map(|mode| Epilogue::Add { resize: Some(Resize { mode, target: Target::Factor(2) }) });
    let sum = net.run("sum", lateral, &[fine, coarse, coarse], vec![nearest, bilinear, relu]);
    let both = net.run("both", Instr::Concat { axis: Axis::Channels }, &[sum, fine], vec![]);
    let average = net.run("average", Instr::AdaptiveAveragePool { size: Some([2, 2]) }, &[both], vec![]);
    let flat = net.run("flat", Instr::Flatten, &[average], vec![]);
    let weight = net.weight("fc.weight", &[7, 160]);
    let fc = net.run("fc", Instr::Gemm { features: 7, weight, bias: None }, &[flat], vec![]);
    let unit = net.run("unit", Instr::L2Normalize { eps: 1e-12 }, &[fc], vec![]);
    let sizes = [Size::symbol("H"), Size::symbol("W")];
    let program = net.program(vec![], vec![("image", shape(3, &sizes))], &[("sum", sum), ("unit", unit)], &[]);
    let weights = Weights::init(&program, 0);
    let options = Options { threads: 1, ..Options::default() };
    let model = Model::new(Arc::new(program), &weights, options).expect("the program can be run");

    let image = random(&[2, 3, 48, 40], 1);
    let mut session = model.session(&[("image", image.shape())], None).expect("the sizes are legal");
    let mut arrays: Vec<ArrayD<f32>> = session.outputs().map(|(_, shape)| ArrayD::zeros(shape)).collect();
    let inputs = [image.view()];
    let mut outputs: Vec<_> = arrays.iter_mut().map(|array| array.view_mut()).collect();
    let before = ALLOCATIONS.with(Cell::get);
    assert!(before > 0, "the allocator counts");
    for _ in 0..3 {
        session.run_into(&inputs, &mut outputs).expect("the shapes are the session's");
    }
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
}

#[test]
fn weights_that_are_given_away_are_freed_as_they_are_packed() {
    let mut net = BodyMaker::new("net", 1);
    let mut last = 0;
    for i in 0..10 {
        let conv = net.conv(&format!("conv{i}"), [64, 64], ConvShape::square(1, 1, 0), false);
        last = net.run(&format!("y{i}"), conv, &[last], vec![]);
    }
    let sizes = [Size::symbol("H"), Size::symbol("W")];
    let program = Arc::new(net.program(vec![], vec![("x", shape(64, &sizes))], &[("y", last)], &[]));
    let one = 64 * 64 * size_of::<f32>() as isize;
    let options = Options { threads: 1, ..Options::default() };
    // What a model adds to what is held, at most, in tensors.
    let growth = |make: &dyn Fn(Weights) -> Model| {
        // Made on this thread, whose allocations are counted; `Weights::init` would share the work.
        let (weights, _) =
            Weights::from_tensors(&program, random_weights(&program).into_iter()).expect("all are given");
        let [now, _] = HELD.with(Cell::get);
        HELD.with(|held| held.set([now, now]));
        let model = make(weights);
        let [after, most] = HELD.with(Cell::get);
        drop(model);
        [after - now, most - now].map(|bytes| bytes as f64 / one as f64)
    };
    let given = growth(&|weights| Model::new(program.clone(), weights, options.clone()).expect("it can be run"));
    assert!(given[0] < 1.0 && given[1] < 3.0, "{given:?} tensors beside ten");
    let lent = growth(&|weights| {
        let model = Model::new(program.clone(), &weights, options.clone()).expect("it can be run");
        let [now, _] = HELD.with(Cell::get);
        assert!(now > 20 * one, "both the weights and the packed ones are there");
        model
    });
    assert!(lent[1] > 10.0, "{lent:?} tensors beside ten");
}
