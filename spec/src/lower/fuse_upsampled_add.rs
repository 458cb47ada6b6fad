//! A coarser level that is up-sampled only to be added is sampled where it is added.
//!
//! The sum then reads the coarse map, which is there before the finer level, so that afterwards it can join the instruction
//! that makes the finer one.

use super::Lowering;
use super::explain::{Miss, Reason};
use super::flow::Flow;
use crate::program::{Body, Epilogue, Instr, Slot, Step};

/// Moves resampling into the addition that is its only reader. The other operand of the sum has the size of the result, so a
/// resize that takes its size from a map needs that map no more.
pub(super) fn fuse_upsampled_add(body: &mut Body, lowering: Lowering) -> Vec<Miss> {
    let mut flow = Flow::of(body, lowering);
    let mut misses = Vec::new();
    for at in 0..flow.len() {
        let Some(Step::Run { instr: Instr::Resize(_), out, row, .. }) = flow.step(at) else { continue };
        let Some(reader) = flow.reader(*out) else { continue };
        let passing = flow.is_passing(*out, at, row.as_ref());
        match passing.and_then(|()| addition(&flow, at, *out, reader)) {
            Ok(add) => merge(&mut flow, at, reader, add),
            Err(reason) => misses.push(Miss { step: at, reason }),
        }
    }
    flow.finish(body);
    misses
}

/// Where a map is added in the step that reads it.
struct Addition {
    /// The map's position among the operands.
    operand: usize,
    /// The addition's place in the epilogue.
    post: usize,
}

/// Where the step `by` adds a slot that the step `map` makes.
fn addition(flow: &Flow, map: usize, slot: Slot, by: usize) -> Result<Addition, Reason<usize>> {
    let not_added = || Reason::NotAdded { map, by };
    let Some(Step::Run { instr, args, epilogue, .. }) = flow.step(by) else { return Err(not_added()) };
    let operand = args.iter().position(|arg| *arg == slot).ok_or_else(not_added)?;
    let own = args.len() - Epilogue::addends(epilogue);
    if let Some(addend) = operand.checked_sub(own) {
        let mut adds = epilogue.iter().enumerate().filter(|(_, post)| matches!(post, Epilogue::Add { .. }));
        return adds.nth(addend).map(|(post, _)| Addition { operand, post }).ok_or_else(not_added);
    }
    match (instr, epilogue.as_slice()) {
        (Instr::Elementwise, [Epilogue::Add { resize: None }, ..]) => Ok(Addition { operand, post: 0 }),
        (Instr::Elementwise, [Epilogue::Add { resize: Some(_) }, ..]) => Err(Reason::GivesSize { map }),
        _ => Err(not_added()),
    }
}

fn merge(flow: &mut Flow, at: usize, reader: usize, Addition { operand, post }: Addition) {
    let Some(Step::Run { instr: Instr::Resize(resize), args: coarse, .. }) = flow.merge(at, reader) else { return };
    let Some(Step::Run { args, epilogue, .. }) = flow.step_mut(reader) else { return };
    if operand == 0 {
        // The operand that has the size of the result comes first.
        args.swap(0, 1);
    }
    args[operand.max(1)] = coarse[0];
    epilogue[post] = Epilogue::Add { resize: Some(resize) };
}
