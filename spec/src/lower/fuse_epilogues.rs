//! Element-wise work joins the epilogue of the instruction before it.
//!
//! `conv → norm → add → relu` becomes one step, and so does `pool → norm → relu`: a backend applies an epilogue to the result
//! of every instruction. The instruction before must have no other reader, since its own map is then never stored. For a
//! sum, the operand that comes last in the body takes the other one into its epilogue: both are ready by then.

use super::Lowering;
use super::explain::{Miss, Reason};
use super::flow::Flow;
use crate::program::{Body, Epilogue, Instr, Slot, Step};

/// Merges element-wise steps into the steps that make their first operand.
pub(super) fn fuse_epilogues(body: &mut Body, lowering: Lowering) -> Vec<Miss> {
    let mut flow = Flow::of(body, lowering);
    let mut misses = Vec::new();
    for at in 0..flow.len() {
        let Some(Step::Run { instr: Instr::Elementwise, args, epilogue, .. }) = flow.step(at) else { continue };
        // Two floats add up alike in either order.
        let commutes = matches!(epilogue.as_slice(), [Epilogue::Add { resize: None }, ..]);
        let found = args[..if commutes { 2 } else { 1 }].iter().map(|slot| producer(&flow, args, *slot));
        let found: Vec<_> = found.collect();
        match found.iter().enumerate().find_map(|(position, before)| Some((position, *before.as_ref().ok()?))) {
            Some((position, before)) => merge(&mut flow, before, at, position),
            None => misses.extend(found.into_iter().filter_map(Result::err).map(|reason| Miss { step: at, reason })),
        }
    }
    flow.finish(body);
    misses
}

/// The step that makes a slot, where it can take on what an element-wise step with these operands does to it.
fn producer(flow: &Flow, args: &[Slot], slot: Slot) -> Result<usize, Reason<usize>> {
    let before = flow.maker(slot).ok_or(Reason::Outside)?;
    let Some(Step::Run { row, .. }) = flow.step(before) else { return Err(Reason::Block { map: before }) };
    flow.is_passing(slot, before, row.as_ref())?;
    // Every other operand has to be there when the step before runs.
    let others = args.iter().filter(|arg| **arg != slot).filter_map(|arg| flow.maker(*arg));
    match others.max().filter(|other| *other > before) {
        Some(other) => Err(Reason::MadeLater { map: before, other }),
        None => Ok(before),
    }
}

/// Merges the step at `at` into the one that makes its operand at `position`.
fn merge(flow: &mut Flow, before: usize, at: usize, position: usize) {
    let Some(Step::Run { args: mut more, epilogue: then, out: last, row: last_row, .. }) = flow.merge(at, before)
    else {
        return;
    };
    more.remove(position);
    if let Some(Step::Run { args, epilogue, out, row, .. }) = flow.step_mut(before) {
        args.extend(more);
        epilogue.extend(then);
        *out = last;
        *row = last_row;
    }
}
