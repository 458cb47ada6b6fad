//! Models that share threads.

mod common;

use std::sync::Arc;
use std::thread;

use common::{program, random};
use ndarray::ArrayD;
use neckar::rayon::{ThreadPool, ThreadPoolBuilder};
use neckar::{Model, Options, Pool, Program, Weights};
use neckar_spec::Origin;

fn lite_fpn() -> Arc<Program> {
    Arc::new(program(Origin::Zoo("lite_fpn".into())))
}

fn model(program: &Arc<Program>, seed: u64, options: Options) -> Model {
    Model::new(program.clone(), Weights::init(program, seed), options).expect("the program can be run")
}

/// A model's outputs, of inputs in which the first has so many rows.
fn run(model: &Model, height: usize) -> Vec<ArrayD<f32>> {
    let inputs: Vec<(String, ArrayD<f32>)> = (0..4)
        .map(|level| (format!("B{}", level + 1), random(&[1, 32 << level, height >> level, 64 >> level], level as u64)))
        .collect();
    let views: Vec<_> = inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
    model.run(&views).expect("the sizes are legal").into_iter().map(|(_, array)| array).collect()
}

/// What models of two seeds give on one thread, at two heights.
fn expected(program: &Arc<Program>) -> [[Vec<ArrayD<f32>>; 2]; 2] {
    [1, 2].map(|seed| {
        let alone = model(program, seed, Options { threads: 1, ..Options::default() });
        [32, 48].map(|height| run(&alone, height))
    })
}

fn pool(threads: usize) -> Arc<ThreadPool> {
    Arc::new(ThreadPoolBuilder::new().num_threads(threads).build().expect("they can be started"))
}

fn shared(pool: &Arc<ThreadPool>) -> Options {
    Options { pool: Some(pool.clone().into()), ..Options::default() }
}

#[test]
fn two_models_share_a_pool() {
    let program = lite_fpn();
    let expected = expected(&program);
    for threads in [1, 3] {
        let pool = Pool::new(threads).expect("they can be started");
        let options = Options { pool: Some(pool.clone()), threads: 7, ..Options::default() };
        let models = [1, 2].map(|seed| model(&program, seed, options.clone()));
        assert_eq!(models.each_ref().map(Model::thread_count), [threads; 2]);
        // Each from two threads at once, at two sizes.
        thread::scope(|scope| {
            for (model, expected) in models.iter().zip(&expected) {
                for (height, expected) in [32, 48].into_iter().zip(expected) {
                    scope.spawn(move || (0..3).for_each(|_| assert_eq!(run(model, height), *expected)));
                }
            }
        });
    }
}

#[test]
fn a_model_runs_in_tasks_of_its_own_pool() {
    let program = lite_fpn();
    let expected = expected(&program);
    let pool = pool(2);
    // The first runs plan, all at once: a thread that waits for one takes up another.
    for _ in 0..4 {
        let models = [1, 2].map(|seed| model(&program, seed, shared(&pool)));
        pool.scope(|scope| {
            for i in 0..8 {
                let (model, expected) = (&models[i % 2], &expected[i % 2][i / 2 % 2]);
                scope.spawn(move |_| assert_eq!(run(model, [32, 48][i / 2 % 2]), *expected));
            }
        });
    }
}

#[test]
fn a_model_runs_in_tasks_of_another_pool() {
    let program = lite_fpn();
    let expected = expected(&program);
    let (own, other) = (pool(2), pool(2));
    let model = model(&program, 1, shared(&own));
    other.scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|_| assert_eq!(run(&model, 32), expected[0][0]));
        }
    });
}
