//! What the passes make of small specs, and that one which breaks a body is caught.

use super::bodies::bodies;
use super::{Lowering, Pass};
use crate::check::Checked;
use crate::program::{Body, Epilogue, Instr, Step};
use crate::{Library, Origin, compile};

fn checked(text: &str) -> Checked {
    let library = Library::load(Origin::Text { name: "test".into(), text: text.into(), folder: None })
        .expect("it has no imports");
    let compilation = compile(library, None, &[]);
    compilation.checked.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics))
}

fn with_pass(name: &str, pass: Pass) {
    let text = "arch Small {
        input x: [B, 2, 2*H, W]
        conv c: -> 2 (kernel = 3, padding = 1)
        y = relu(c(x))
        output z = x + y
    }";
    bodies(&checked(text), Lowering::default(), &[(name, pass)]);
}

#[test]
fn a_pass_that_keeps_the_body_is_sound() {
    with_pass("nothing", |_, _| {});
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(
    expected = "`Small` after the pass `drop_first`\n  left: Err(\"step 0: reads %1, which no earlier step defines\")"
)]
fn a_pass_that_leaves_a_slot_undefined_is_named() {
    with_pass("drop_first", |body: &mut Body, _| {
        body.steps.remove(0);
    });
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(
    expected = "`Small` after the pass `widen`\n  left: Err(\"step 0: makes %1 of shape [1, 2, 4, 3], which was [1, 2, 2, 1]\")"
)]
fn a_pass_that_changes_a_shape_is_named() {
    with_pass("widen", |body: &mut Body, _| {
        let Step::Run { instr: Instr::Conv(conv), .. } = &mut body.steps[0] else { return };
        conv.padding = [2, 2];
    });
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(
    expected = "`Small` after the pass `double`\n  left: Err(\"step 2: adds a map of shape [1, 2, 4, 2] to one of [1, 2, 2, 1]\")"
)]
fn a_pass_that_adds_what_does_not_fit_is_named() {
    with_pass("double", |body: &mut Body, _| {
        use crate::program::{Resize, ResizeMode, Target};
        let Step::Run { epilogue, .. } = &mut body.steps[2] else { return };
        let resize = Resize { mode: ResizeMode::Nearest, target: Target::Factor(2) };
        *epilogue = vec![Epilogue::Add { resize: Some(resize) }];
    });
}
