//! Every network of the zoo at random legal sizes and batches against the plain reference, and with any number of threads
//! against itself. What takes a whole picture runs at its smallest legal sizes: the reference is slow.

use std::sync::Arc;

use neckar::ndarray::{ArrayD, IxDyn};
use neckar::{Model, Numerics, Options, Outputs, naive};
use neckar_spec::program::Program;
use neckar_spec::size::Env;
use neckar_spec::{Lowering, lower};

use crate::cases::{CASES, Case};
use crate::formula;
use crate::oracles::weights;

/// Each network runs once with each batch from 1 to this.
const BATCHES: usize = 4;

/// Of what is drawn, sizes up to this many rows and columns.
const LARGEST: i64 = 48;

/// The relative error that exact numerics allow.
const TOLERANCE: f64 = 1e-5;

#[test]
fn necks() {
    against_the_reference(false);
}

#[test]
fn whole_networks() {
    against_the_reference(true);
}

/// Those that take a picture, or the others.
fn against_the_reference(picture: bool) {
    for case in CASES {
        let checked = case.checked();
        let program = lower(&checked, Lowering::default());
        if program.inputs.iter().any(|input| input.image.is_some()) != picture {
            continue;
        }
        let weights = weights(&program);
        let models = [1, 3].map(|threads| {
            let options = Options { threads, numerics: Numerics::Exact, ..Options::default() };
            Model::new(Arc::new(program.clone()), &weights, options).expect("the program suits the processor")
        });
        let mut draws = formula::draws(case.name);
        for batch in 1..=BATCHES {
            let sizes = checked.legal().sets.iter().map(|(symbol, set)| {
                let mut legal = (1..=4096).filter(|&n| set.contains(n));
                let size = if picture {
                    legal.nth((batch + usize::from(symbol.as_str() == "H")) % 2)
                } else {
                    let small: Vec<i64> = legal.take_while(|&n| n <= LARGEST).collect();
                    Some(small[pick(&mut draws, small.len())])
                };
                (symbol.clone(), size.expect("the zoo's networks have small legal sizes"))
            });
            let mut env: Env = sizes.collect();
            env.set("B", batch as i64);
            let inputs = inputs(&program, &env);
            let expected = naive::run(&program, &weights, &inputs).expect("the sizes are legal");
            let views: Vec<_> = inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
            let [one, three] = models.each_ref().map(|model| model.run(&views).expect("the sizes are legal"));
            compare(case, &env, &one, &expected);
            for ((name, one), (_, three)) in one.iter().zip(three.iter()) {
                assert!(bits(one).eq(bits(three)), "{}: {name} depends on the number of threads at {env:?}", case.name);
            }
        }
    }
}

/// A number below `n`.
fn pick(draws: &mut impl Iterator<Item = f64>, n: usize) -> usize {
    (draws.next().expect("draws go on without end") * n as f64) as usize
}

/// A program's inputs at some sizes, drawn by name.
pub fn inputs(program: &Program, env: &Env) -> Vec<(String, ArrayD<f32>)> {
    let input = |input: &neckar_spec::program::Input| {
        let shape: Vec<usize> =
            input.shape.iter().map(|size| size.eval(env).expect("every symbol has a value") as usize).collect();
        let values = formula::input(&input.name, &shape);
        let array = ArrayD::from_shape_vec(IxDyn(&shape), values).expect("as many values as the shape asks for");
        (input.name.clone(), array)
    };
    program.inputs.iter().map(input).collect()
}

fn bits(array: &ArrayD<f32>) -> impl Iterator<Item = u32> {
    array.iter().map(|value| value.to_bits())
}

fn compare(case: &Case, env: &Env, found: &Outputs, expected: &[(String, ArrayD<f32>)]) {
    assert_eq!(found.len(), expected.len(), "{}", case.name);
    for ((name, found), (expected_name, expected)) in found.iter().zip(expected) {
        assert_eq!((name, found.shape()), (expected_name.as_str(), expected.shape()), "{}", case.name);
        let norm = |squares: &mut dyn Iterator<Item = f64>| squares.sum::<f64>().sqrt();
        let differences = found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b));
        let error = norm(&mut differences.map(|difference| difference.powi(2)));
        let relative = error / norm(&mut expected.iter().map(|&value| f64::from(value).powi(2)));
        let case = case.name;
        assert!(
            relative <= TOLERANCE,
            "{case}: {name} is off by {relative:e} at {env:?}, at most {TOLERANCE:e} is allowed"
        );
    }
}
