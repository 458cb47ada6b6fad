//! Element-wise work joins the epilogue of the instruction before it.
//!
//! `conv → norm → add → relu` becomes one step. The instruction before must have no other reader, since its own map is then
//! never stored. For a sum, the operand that comes last in the body takes the other one into its epilogue: both are ready
//! by then.

use super::Lowering;
use crate::program::{Body, Epilogue, Instr, Slot, Step};

/// Merges element-wise steps into the steps that make their first operand.
pub(super) fn fuse_epilogues(body: &mut Body, lowering: Lowering) {
    let mut at = 0;
    while at < body.steps.len() {
        match producer(body, at, lowering) {
            Some(before) => merge(body, before, at),
            None => at += 1,
        }
    }
}

/// The step that the one at `at` can be merged into.
fn producer(body: &mut Body, at: usize, lowering: Lowering) -> Option<usize> {
    let Step::Run { instr: Instr::Elementwise, args, epilogue, .. } = &body.steps[at] else { return None };
    let commutes = matches!(epilogue.as_slice(), [Epilogue::Add { .. }, ..]);
    let candidates: Vec<Slot> = if commutes { args[..2].to_vec() } else { args[..1].to_vec() };
    let made = candidates.iter().filter_map(|slot| Some((mergeable(body, *slot, at, lowering)?, *slot)));
    let (before, slot) = made.max()?;
    // Every other operand has to be there when the step before runs.
    if args.iter().any(|arg| *arg != slot && maker(body, *arg).is_some_and(|step| step > before)) {
        return None;
    }
    if candidates.len() == 2
        && slot == candidates[1]
        && let Step::Run { args, .. } = &mut body.steps[at]
    {
        args.swap(0, 1);
    }
    Some(before)
}

/// The step that makes a slot, where an epilogue can take on what its only reader, the step at `at`, does.
fn mergeable(body: &Body, slot: Slot, at: usize, lowering: Lowering) -> Option<usize> {
    let before = maker(body, slot)?;
    let Step::Run { instr, row, .. } = &body.steps[before] else { return None };
    let takes_epilogue = matches!(
        instr,
        Instr::Conv(_)
            | Instr::TransposedConv { .. }
            | Instr::Gemm { .. }
            | Instr::Elementwise
            | Instr::WeightedSum { .. }
    );
    let readers = readers(body, slot);
    let kept = lowering.keep_rows && row.is_some();
    (takes_epilogue && !kept && readers == 1 && before < at && !body.outputs.contains(&slot)).then_some(before)
}

fn merge(body: &mut Body, before: usize, at: usize) {
    let Step::Run { args: more, epilogue: then, out: last, row: last_row, .. } = body.steps.remove(at) else { return };
    if let Step::Run { args, epilogue, out, row, .. } = &mut body.steps[before] {
        args.extend(more.into_iter().skip(1));
        epilogue.extend(then);
        *out = last;
        *row = last_row;
    }
}

/// The step that makes a slot; none for an input.
pub(super) fn maker(body: &Body, slot: Slot) -> Option<usize> {
    body.steps.iter().position(|step| match step {
        Step::Run { out, .. } => *out == slot,
        Step::Call { outs, .. } => outs.contains(&slot),
    })
}

/// How many times a slot is read.
pub(super) fn readers(body: &Body, slot: Slot) -> usize {
    let args = body.steps.iter().flat_map(|step| match step {
        Step::Run { args, .. } | Step::Call { args, .. } => args,
    });
    args.filter(|arg| **arg == slot).count()
}
