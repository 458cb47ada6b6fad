//! Faults planted in the kernels, which the checks have to find.

use ndarray::ArrayD;
use neckar_spec::Origin;

use super::compiled::available;
use super::{Dtype, ORDERS, compare};
use crate::common::random;
use crate::cpu::zoo::sized;

/// Whether a complaint that holds some words is made of a pyramid on tensor cores in which a text of the source stands in place of
/// another.
fn caught(right: &str, wrong: &str, words: &str) {
    if !available() {
        return;
    }
    let settings = [("levels", "3"), ("channels", "[64, 64, 64]"), ("c", "64")];
    let (program, shapes) = sized(Origin::Zoo("fpn".into()), &settings, &[("H", 8), ("W", 12)]);
    let inputs: Vec<ArrayD<f32>> = shapes.iter().enumerate().map(|(i, shape)| random(shape, i as u64)).collect();
    let change = |source: String| {
        assert!(source.contains(right), "the source has no `{right}`");
        source.replace(right, wrong)
    };
    let complaints = compare("fpn", &program, &inputs, &[(Dtype::Bf16, &ORDERS)], &change);
    assert!(complaints.iter().any(|complaint| complaint.contains(words)), "{complaints:?}");
}

const BARRIER: &str = "        __syncthreads();\n        if (step + STAGES - 1 < steps)";

#[test]
fn a_missing_barrier() {
    caught(BARRIER, "        if (step + STAGES - 1 < steps)", "off by NaN");
}

#[test]
fn a_wait_that_is_too_short() {
    caught("copies_done<STAGES - 2>()", "copies_done<STAGES - 1>()", "off by NaN");
}

#[test]
fn lanes_that_are_swapped() {
    caught("lane / 8 % 2));", "1 - lane / 8 % 2));", "off by");
}

#[test]
fn a_barrier_that_some_threads_do_not_reach() {
    caught(BARRIER, &BARRIER.replace("__sync", "if (warp < 2) __sync"), "barrier");
}

#[test]
fn copies_that_are_not_aligned() {
    caught("piece * 8;\n        bool inside", "piece * 8 + 1;\n        bool inside", "not aligned");
}
