//! A coarser level that is up-sampled only to be added is sampled where it is added.

use super::Lowering;
use super::flow::Flow;
use crate::program::{Body, Epilogue, Instr, Resize, ResizeMode, Slot, Step, Target};

/// Moves nearest up-sampling by a factor into the addition that is its only reader. Other modes blend several cells for
/// each result, which a pass of its own does with less work.
pub(super) fn fuse_upsampled_add(body: &mut Body, lowering: Lowering) {
    let mut flow = Flow::of(body);
    for at in 0..flow.len() {
        let Some((position, add, resize_step)) = fusable(&flow, &body.outputs, at, lowering) else { continue };
        let Some(Step::Run { instr: Instr::Resize(resize), args: coarse, .. }) = flow.merge(resize_step, at) else {
            continue;
        };
        if let Some(Step::Run { args, epilogue, .. }) = flow.step_mut(at) {
            args[position] = coarse[0];
            epilogue[add] = Epilogue::Add { resize: Some(resize) };
        }
    }
    flow.finish(body);
}

/// In the step at `at`: the operand, the epilogue that adds it, and the step that up-samples it.
fn fusable(flow: &Flow, outputs: &[Slot], at: usize, lowering: Lowering) -> Option<(usize, usize, usize)> {
    let Some(Step::Run { instr, args, epilogue, .. }) = flow.step(at) else { return None };
    let adds = epilogue.iter().enumerate().filter(|(_, step)| matches!(step, Epilogue::Add { .. }));
    let count = adds.clone().count();
    let first = args.len().checked_sub(count)?;
    let plain = adds.zip(first..).filter(|((_, step), _)| matches!(step, Epilogue::Add { resize: None }));
    for ((add, _), position) in plain {
        // The step must read the fine size elsewhere: an epilogue alone cannot tell it.
        let Some(before) = flow.maker(args[position]) else { continue };
        let Some(Step::Run { instr: resize, epilogue: none, row, .. }) = flow.step(before) else { continue };
        let nearest = matches!(resize, Instr::Resize(Resize { mode: ResizeMode::Nearest, target: Target::Factor(_) }));
        let kept = (lowering.keep_rows && row.is_some()) || outputs.contains(&args[position]);
        if nearest
            && none.is_empty()
            && !kept
            && flow.readers(args[position]) == 1
            && first >= 1
            && instr.operands() != Some(0)
        {
            return Some((position, add, before));
        }
    }
    None
}
