//! Element-wise work joins the epilogue of the instruction before it.
//!
//! `conv → norm → add → relu` becomes one step. The instruction before must have no other reader, since its own map is then
//! never stored. For a sum, the operand that comes last in the body takes the other one into its epilogue: both are ready
//! by then.

use super::Lowering;
use super::flow::Flow;
use crate::program::{Body, Epilogue, Instr, Slot, Step};

/// Merges element-wise steps into the steps that make their first operand.
pub(super) fn fuse_epilogues(body: &mut Body, lowering: Lowering) {
    let mut flow = Flow::of(body);
    for at in 0..flow.len() {
        if let Some(before) = producer(&mut flow, &body.outputs, at, lowering) {
            merge(&mut flow, before, at);
        }
    }
    flow.finish(body);
}

/// The step that the one at `at` can be merged into.
fn producer(flow: &mut Flow, outputs: &[Slot], at: usize, lowering: Lowering) -> Option<usize> {
    let Some(Step::Run { instr: Instr::Elementwise, args, epilogue, .. }) = flow.step(at) else { return None };
    let commutes = matches!(epilogue.as_slice(), [Epilogue::Add { .. }, ..]);
    let candidates: Vec<Slot> = if commutes { args[..2].to_vec() } else { args[..1].to_vec() };
    let made = candidates.iter().filter_map(|slot| Some((mergeable(flow, outputs, *slot, at, lowering)?, *slot)));
    let (before, slot) = made.max()?;
    // Every other operand has to be there when the step before runs.
    if args.iter().any(|arg| *arg != slot && flow.maker(*arg).is_some_and(|step| step > before)) {
        return None;
    }
    if candidates.len() == 2
        && slot == candidates[1]
        && let Some(Step::Run { args, .. }) = flow.step_mut(at)
    {
        args.swap(0, 1);
    }
    Some(before)
}

/// The step that makes a slot, where an epilogue can take on what its only reader, the step at `at`, does.
fn mergeable(flow: &Flow, outputs: &[Slot], slot: Slot, at: usize, lowering: Lowering) -> Option<usize> {
    let before = flow.maker(slot)?;
    let Some(Step::Run { instr, row, .. }) = flow.step(before) else { return None };
    let takes_epilogue = matches!(
        instr,
        Instr::Conv(_)
            | Instr::TransposedConv { .. }
            | Instr::Gemm { .. }
            | Instr::Elementwise
            | Instr::WeightedSum { .. }
    );
    let kept = lowering.keep_rows && row.is_some();
    (takes_epilogue && !kept && flow.readers(slot) == 1 && before < at && !outputs.contains(&slot)).then_some(before)
}

fn merge(flow: &mut Flow, before: usize, at: usize) {
    let Some(Step::Run { args: more, epilogue: then, out: last, row: last_row, .. }) = flow.merge(at, before) else {
        return;
    };
    if let Some(Step::Run { args, epilogue, out, row, .. }) = flow.step_mut(before) {
        args.extend(more.into_iter().skip(1));
        epilogue.extend(then);
        *out = last;
        *row = last_row;
    }
}
