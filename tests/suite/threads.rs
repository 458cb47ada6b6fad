//! The number of threads changes no bit: every network with reference outputs, in both numerics.

use std::sync::Arc;

use neckar::{Model, Numerics, Options};
use neckar_spec::size::Env;
use neckar_spec::{Lowering, lower};

use crate::cases::{CASES, Case};
use crate::oracles::{Named, ORACLES, assert_same, weights};
use crate::random::inputs;

/// Each network runs at its smallest legal sizes from this on: enough for several jobs a thread.
const LEAST: i64 = 40;

fn outputs(case: &Case, numerics: Numerics) -> [Named; 4] {
    let checked = case.checked();
    let program = lower(&checked, Lowering::default());
    let size = |set: &neckar_spec::size::SizeSet| (LEAST..).find(|&n| set.contains(n)).expect("there are larger ones");
    let mut env: Env = checked.legal().sets.iter().map(|(symbol, set)| (symbol.clone(), size(set))).collect();
    env.set("B", 2);
    let inputs = inputs(&program, &env);
    let views: Vec<_> = inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
    let (weights, program) = (weights(&program), Arc::new(program));
    [1, 2, 3, 8].map(|threads| {
        let options = Options { threads, numerics, ..Options::default() };
        let model = Model::new(program.clone(), &weights, options).expect("the program suits the processor");
        model.run(&views).expect("the sizes are legal").into_iter().collect()
    })
}

fn check(numerics: Numerics) {
    for case in CASES.iter().filter(|case| ORACLES.iter().any(|oracle| oracle.case().name == case.name)) {
        let [one, more @ ..] = outputs(case, numerics);
        for outputs in more {
            assert_same(&outputs, &one);
        }
    }
}

#[test]
fn in_exact_numerics() {
    check(Numerics::Exact);
}

#[test]
fn in_fast_numerics() {
    check(Numerics::Fast);
}
