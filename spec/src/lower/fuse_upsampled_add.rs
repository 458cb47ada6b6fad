//! A coarser level that is up-sampled only to be added is sampled where it is added.

use super::Lowering;
use super::fuse_epilogues::{maker, readers};
use crate::program::{Body, Epilogue, Instr, Resize, ResizeMode, Step, Target};

/// Moves nearest up-sampling by a factor into the addition that is its only reader. Other modes blend several cells for
/// each result, which a pass of its own does with less work.
pub(super) fn fuse_upsampled_add(body: &mut Body, lowering: Lowering) {
    let mut at = 0;
    while at < body.steps.len() {
        match fusable(body, at, lowering) {
            Some((position, add, resize_step)) => {
                let Step::Run { instr: Instr::Resize(resize), args: coarse, .. } = body.steps[resize_step].clone()
                else {
                    return;
                };
                if let Step::Run { args, epilogue, .. } = &mut body.steps[at] {
                    args[position] = coarse[0];
                    epilogue[add] = Epilogue::Add { resize: Some(resize) };
                }
                body.steps.remove(resize_step);
            }
            None => at += 1,
        }
    }
}

/// In the step at `at`: the operand, the epilogue that adds it, and the step that up-samples it.
fn fusable(body: &Body, at: usize, lowering: Lowering) -> Option<(usize, usize, usize)> {
    let Step::Run { instr, args, epilogue, .. } = &body.steps[at] else { return None };
    let adds = epilogue.iter().enumerate().filter(|(_, step)| matches!(step, Epilogue::Add { .. }));
    let count = adds.clone().count();
    let first = args.len().checked_sub(count)?;
    let plain = adds.zip(first..).filter(|((_, step), _)| matches!(step, Epilogue::Add { resize: None }));
    for ((add, _), position) in plain {
        // The step must read the fine size elsewhere: an epilogue alone cannot tell it.
        let Some(before) = maker(body, args[position]) else { continue };
        let Step::Run { instr: resize, epilogue: none, row, .. } = &body.steps[before] else { continue };
        let nearest = matches!(resize, Instr::Resize(Resize { mode: ResizeMode::Nearest, target: Target::Factor(_) }));
        let kept = (lowering.keep_rows && row.is_some()) || body.outputs.contains(&args[position]);
        if nearest
            && none.is_empty()
            && !kept
            && readers(body, args[position]) == 1
            && first >= 1
            && instr.operands() != Some(0)
        {
            return Some((position, add, before));
        }
    }
    None
}
