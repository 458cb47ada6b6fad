//! What the audit reckons against what is really there and done: multiply-accumulates counted in the plain kernels,
//! parameters and buffers in the tensors that a program holds.

use neckar::ndarray::{ArrayD, IxDyn};
use neckar::{Weights, naive};
use neckar_spec::audit::audit;
use neckar_spec::size::Env;
use neckar_spec::{Checked, Library, Lowering, Origin, compile, lower};

use crate::cases::CASES;
use crate::generate::Random;
use crate::generate::network::{Flavour, Network};

/// How many random networks are counted.
const NETWORKS: usize = 200;

#[test]
fn the_zoo() {
    for case in CASES {
        counted(case.name, &case.checked(), 1, 2);
    }
}

#[test]
fn random_networks() {
    let (mut left, mut macs, mut seed) = (NETWORKS, 0, 0);
    while left > 0 {
        let random = &mut Random::new(seed);
        let network = Network::random(random, Flavour::Any);
        let text = network.text(|_| None);
        seed += 1;
        let origin = Origin::Text { name: "random.arch".into(), text: text.clone(), folder: None };
        let library = Library::load(origin).expect("a text needs no file");
        // A join may fit at no size at all.
        if let Some(checked) = compile(library, None, &[]).checked {
            macs += counted(&text, &checked, 8 + random.below(8) as i64, 1 + random.below(2) as i64);
            left -= 1;
        }
    }
    assert!(seed < 2 * NETWORKS as u64, "{seed} networks were drawn");
    assert!(macs > 1_000_000, "{macs} multiply-accumulates in all");
}

/// Compares a network at the smallest legal sizes from some on, and gives its multiply-accumulates.
fn counted(name: &str, checked: &Checked, least: i64, batch: i64) -> u64 {
    let sets = checked.legal().sets.iter();
    let size = |set: &neckar_spec::size::SizeSet| set.iter_from(least).next().expect("it has legal sizes");
    let mut env: Env = sets.map(|(symbol, set)| (symbol.clone(), size(set))).collect();
    env.set("B", batch);
    let program = lower(checked, Lowering::default());
    let inputs = program.inputs.iter().map(|input| {
        let shape: Vec<usize> =
            input.shape.iter().map(|size| size.eval(&env).expect("a value each") as usize).collect();
        (input.name.clone(), ArrayD::zeros(IxDyn(&shape)))
    });
    let weights = Weights::init(&program, 0);
    let inputs: Vec<_> = inputs.collect();
    let done = naive::multiply_accumulates(&program, &weights, &inputs).expect("the sizes are legal");
    let total = audit(checked, Some(&env)).total;
    assert_eq!(total.macs, Some(done), "{name} at {env:?}");

    let (mut parameters, mut buffers) = (0, 0);
    for (name, tensor) in weights.iter() {
        // As PyTorch calls what training does not change.
        let is_buffer = name.ends_with(".running_mean") || name.ends_with(".running_var");
        *(if is_buffer { &mut buffers } else { &mut parameters }) += tensor.len() as u64;
    }
    assert_eq!((total.parameters, total.buffers), (parameters, buffers), "{name}");
    done
}
