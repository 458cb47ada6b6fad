//! A session's runs allocate nothing.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use common::{BodyMaker, ConvShape, random, shape};
use ndarray::ArrayD;
use neckar::{Model, Options, Weights};
use neckar_spec::program::*;
use neckar_spec::size::Size;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting what each thread asks of it.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
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
    let both = net.run("both", Instr::Concat, &[sum, fine], vec![]);
    let average = net.run("average", Instr::AdaptiveAveragePool { size: [2, 2] }, &[both], vec![]);
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
