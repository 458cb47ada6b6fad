//! How long an expansion takes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use neckar_codegen::expand_spec;
use neckar_spec::{Library, Origin};

fn expansion(criterion: &mut Criterion) {
    for name in ["lite_fpn", "resnet50_fpn"] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let library = Library::load(Origin::Zoo(black_box(name).into())).expect("a spec of the zoo");
                expand_spec(library, None, &[], None).expect("a spec without errors")
            });
        });
    }
}

criterion_group!(benches, expansion);
criterion_main!(benches);
