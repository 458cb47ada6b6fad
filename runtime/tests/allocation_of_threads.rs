//! What the threads of a model allocate together.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{BodyMaker, ConvShape, random, shape};
use ndarray::ArrayD;
use neckar::{Model, Options, Weights};
use neckar_spec::program::*;
use neckar_spec::size::Size;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting what all threads ask of it.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
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

/// Runs that one block of the queue serves through which a pool of threads is woken.
const RUNS_A_BLOCK: usize = 63;

/// The only test of its binary, as others would allocate beside it.
#[test]
fn runs_of_several_threads_allocate_a_block_of_their_queue_now_and_then() {
    let mut net = BodyMaker::new("net", 1);
    let relu = Epilogue::Activation(Activation::Relu);
    let stem = net.conv("stem", [3, 64], ConvShape::square(7, 2, 3), true);
    let stem = net.run("stem", stem, &[0], vec![relu.clone()]);
    let pool = Pool { kind: PoolKind::Max, kernel: [3; 2], stride: [2; 2], padding: [1; 2] };
    let pooled = net.run("pooled", Instr::Pool(pool), &[stem], vec![]);
    let tiled = net.conv("tiled", [64, 64], ConvShape::square(3, 1, 1), true);
    let tiled = net.run("tiled", tiled, &[pooled, pooled], vec![Epilogue::Add { resize: None }, relu]);
    let lateral = net.conv("lateral", [64, 48], ConvShape::square(1, 1, 0), true);
    let out = net.run("out", lateral, &[tiled], vec![]);
    let sizes = [Size::symbol("H"), Size::symbol("W")];
    let program = net.program(vec![], vec![("image", shape(3, &sizes))], &[("out", out)], &[]);
    let weights = Weights::init(&program, 0);
    let options = Options { threads: 2, ..Options::default() };
    let model = Model::new(Arc::new(program), &weights, options).expect("the program can be run");

    let image = random(&[1, 3, 96, 96], 1);
    let mut session = model.session(&[("image", image.shape())], None).expect("the sizes are legal");
    let mut array = ArrayD::zeros(session.outputs().next().expect("there is an output").1);
    let mut run = || {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        assert!(before > 0, "the allocator counts");
        session.run_into(&[image.view()], &mut [array.view_mut()]).expect("the shapes are the session's");
        ALLOCATIONS.load(Ordering::Relaxed) - before
    };
    run();
    assert_eq!(run(), 0, "allocations of the second run");
    let runs: Vec<usize> = (0..2 * RUNS_A_BLOCK).map(|_| run()).collect();
    assert_eq!(runs.iter().sum::<usize>(), 2, "blocks of the queue in as many runs as two of them serve: {runs:?}");
}
