//! Whole networks of the zoo on the CPU, planned and warm: `cargo bench -p neckar --bench network -- resnet50_fpn`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use neckar::ndarray::ArrayD;
use neckar::{Model, Options, Weights};
use neckar_spec::{Library, Lowering, Origin, compile, lower};

fn networks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("network");
    group.sample_size(20);
    for name in neckar_spec::zoo::names() {
        let library = Library::load(Origin::Zoo(name.into())).expect("the zoo can be read");
        let checked = compile(library, None, &[]).checked.expect("the zoo is checked");
        let env = checked.at().expect("every spec of the zoo says at which sizes its table stands");
        let program = Arc::new(lower(&checked, Lowering::default()));
        let inputs: Vec<ArrayD<f32>> = program
            .inputs
            .iter()
            .map(|input| {
                let size = |size: &neckar_spec::size::Size| size.eval(&env).unwrap_or(1) as usize;
                let shape: Vec<usize> = input.shape.iter().map(size).collect();
                let mut n = 0u32;
                ArrayD::from_shape_simple_fn(shape, || {
                    n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    n as f32 / u32::MAX as f32 - 0.5
                })
            })
            .collect();
        let model = Model::new(program.clone(), Weights::init(&program, 0), Options::default())
            .expect("a checked program makes a model");
        let named: Vec<_> =
            program.inputs.iter().zip(&inputs).map(|(input, array)| (input.name.as_str(), array.view())).collect();
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(model.run(&named).expect("the sizes of `at` are legal")));
        });
    }
    group.finish();
}

criterion_group!(benches, networks);
criterion_main!(benches);
