//! How fast the processor multiplies and adds: the measure of every other kernel.

use std::hint::black_box;
use std::time::Instant;

use super::simd::{BLOCK, Simd, Vectorised};
use super::{Isa, Threads};

/// Tries, of which the median counts.
const TRIES: usize = 11;

/// Jobs a thread in a try, so that a thread which is interrupted leaves its last ones to others.
const JOBS: usize = 8;

/// Multiply-adds of a chain, one after the other: some tenths of a millisecond.
const LENGTH: usize = 100_000;

/// GFLOP/s of all threads together in multiply-adds on registers alone, of which each is two operations a lane.
pub(crate) fn gflops(isa: Isa, threads: &Threads) -> f64 {
    // Enough chains to hide the latency of four or five cycles on two ports, few enough to stay in registers: which is
    // which depends on how many registers a block takes.
    let few = measure(threads, 6, &|| isa.run(Chains::<6>));
    let many = measure(threads, 12, &|| isa.run(Chains::<12>));
    few.max(many)
}

fn measure(threads: &Threads, chains: usize, run: &(dyn Fn() -> f32 + Sync)) -> f64 {
    let jobs = JOBS * threads.count();
    let operations = (2 * BLOCK * LENGTH * chains * jobs) as f64;
    let once = || {
        let began = Instant::now();
        black_box(threads.map(vec![(); jobs], |()| run()));
        operations / began.elapsed().as_secs_f64() / 1e9
    };
    // The first brings the threads and the clock up.
    once();
    let mut tries: Vec<f64> = (0..TRIES).map(|_| once()).collect();
    tries.sort_by(f64::total_cmp);
    tries[TRIES / 2]
}

/// Chains of multiply-adds that do not wait for each other.
struct Chains<const N: usize>;

impl<const N: usize> Vectorised for Chains<N> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        // Each nears 2 from a start of its own, so none grows without bound or is the same as another.
        let (half, one) = (simd.splat(black_box(0.5)), simd.splat(black_box(1.0)));
        let mut sums = [one; N];
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum = simd.splat(black_box(i as f32));
        }
        for _ in 0..LENGTH {
            for sum in &mut sums {
                *sum = simd.mul_add(*sum, half, one);
            }
        }
        let mut total = simd.splat(0.0);
        for sum in sums {
            total = simd.add(total, sum);
        }
        let mut lanes = [0.0; BLOCK];
        simd.store(total, &mut lanes);
        lanes.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chain_arrives() {
        // Each lane of each chain nears 2.
        for isa in Isa::all() {
            assert_eq!(isa.run(Chains::<6>), 6.0 * 2.0 * BLOCK as f32, "{isa:?}");
        }
    }
}
