//! The memory of a plan without weights.

mod common;

use std::sync::Arc;

use common::program;
use neckar::{Error, Model, Options, Program, Weights, arena_bytes};
use neckar_spec::Origin;

fn peak_bytes(program: &Program, inputs: &[(&str, &[usize])]) -> usize {
    let weights = Weights::init(program, 0);
    let options = Options { threads: 1, ..Options::default() };
    let model = Model::new(Arc::new(program.clone()), &weights, options).expect("the CPU is there");
    model.session(inputs, None).expect("the shapes suit").peak_bytes()
}

#[test]
fn is_what_a_session_takes() {
    let text = "arch A { input x: [B, 8, H, W] output y = max_pool(relu(x), kernel = 2) }";
    let small = program(Origin::Text { name: "a.arch".into(), text: text.into(), folder: None });
    for shape in [[1, 8, 8, 8], [3, 8, 10, 6]] {
        let inputs: [(&str, &[usize]); 1] = [("x", &shape)];
        let bytes = arena_bytes(&small, &inputs).expect("the shapes suit");
        // Pools and activations need no workspace, so nothing else is in a session.
        assert_eq!(bytes, peak_bytes(&small, &inputs));
        // At least the operand and the result of the pool are there at once: 5/4 of the input.
        assert!(bytes >= 4 * shape.iter().product::<usize>() * 5 / 4, "{bytes}");
    }
    // A convolution's workspace comes on top.
    let fpn = program(Origin::Zoo("lite_fpn".into()));
    let inputs: [(&str, &[usize]); 4] =
        [("B1", &[1, 32, 16, 16]), ("B2", &[1, 64, 8, 8]), ("B3", &[1, 128, 4, 4]), ("B4", &[1, 256, 2, 2])];
    let bytes = arena_bytes(&fpn, &inputs).expect("the shapes suit");
    assert!(bytes > 0 && bytes <= peak_bytes(&fpn, &inputs));
    assert!(matches!(arena_bytes(&fpn, &inputs[1..]), Err(Error::Input(_))));
    assert!(matches!(arena_bytes(&small, &[("x", &[1, 8, 1, 8])]), Err(Error::Size(_))));
}
