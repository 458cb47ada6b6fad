//! A run uses the whole arena that was planned and no more, and never reads what it did not write.

use std::sync::Arc;

use ndarray::ArrayD;
use neckar_spec::program::Program;

use super::{drawn, maps, model, zoo};
use crate::cpu::Isa;
use crate::{Numerics, Session, arena_bytes};

/// A NaN that no arithmetic makes.
const POISON: f32 = f32::from_bits(0x7fab_cdef);

/// The outputs of a run.
fn outputs(session: &mut Session, inputs: &[ArrayD<f32>]) -> Vec<ArrayD<f32>> {
    let mut outputs: Vec<ArrayD<f32>> = session.outputs().map(|(_, shape)| ArrayD::zeros(shape)).collect();
    let views: Vec<_> = inputs.iter().map(|array| array.view()).collect();
    let mut written: Vec<_> = outputs.iter_mut().map(|array| array.view_mut()).collect();
    session.run_into(&views, &mut written).expect("the shapes are the session's");
    outputs
}

fn check(program: Program, shapes: &[Vec<usize>], numerics: Numerics) {
    let name = format!("{}, {numerics:?}", program.name);
    let (weights, program) = (drawn(&program), Arc::new(program));
    let model = model(&program, &weights, 2, numerics, Isa::all()[0]);
    let names = program.inputs.iter().map(|input| input.name.as_str());
    let named: Vec<(&str, &[usize])> = names.zip(shapes.iter().map(Vec::as_slice)).collect();
    let inputs = maps(&named.iter().map(|(_, shape)| *shape).collect::<Vec<_>>());
    let session = || model.session(&named, None).expect("the documented sizes are legal");
    let clean = outputs(&mut session(), &inputs);
    let mut poisoned = session();
    let state = &mut poisoned.state;
    state.arena.fill(POISON);
    state.shared.fill(POISON);
    for workspace in &mut state.workspaces {
        workspace.floats.fill(POISON);
        workspace.offsets.fill(usize::MAX);
    }
    for ((output, clean), poisoned) in program.outputs.iter().zip(&clean).zip(outputs(&mut poisoned, &inputs)) {
        assert!(clean.iter().all(|x| x.is_finite()), "{name}: `{}` is not finite", output.name);
        let same = clean.iter().zip(&poisoned).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{name}: `{}` depends on what was in the buffers", output.name);
    }
    let arena = &poisoned.state.arena;
    let peak = arena.iter().rposition(|x| x.to_bits() != POISON.to_bits()).map_or(0, |last| last + 1);
    assert_eq!(peak, arena.len(), "{name}: floats of the arena that were written");
    let planned = arena_bytes(&program, &named).expect("the documented sizes are legal");
    assert_eq!(size_of_val(&arena[..]), planned, "{name}: bytes of the arena");
}

#[test]
fn the_arena_is_used_to_its_end_and_read_where_it_was_written() {
    for (program, shapes) in zoo::all() {
        for numerics in [Numerics::Exact, Numerics::Fast] {
            check(program.clone(), &shapes, numerics);
        }
    }
}
