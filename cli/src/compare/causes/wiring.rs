//! Steps that read another map than the one meant, and tensors under another's name.

use std::collections::BTreeSet;

use ndarray::ArrayD;
use neckar_spec::program::{Epilogue, Slot};

use super::fuse::operand;
use super::{Cause, Hypothesis, Part};
use crate::compare::network::Tensor;
use crate::compare::part::Change;
use crate::compare::step::Step;

const READ: &str = "which map is passed on in `forward`, before or after its convolution";
const NAMES: &str = "the names under which tensors are kept, and whether a layer between them is skipped";

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let mut ways = Vec::new();
    for (at, own) in step.args.iter().enumerate() {
        let Some(shape) = part.tensor(*own).map(|x| x.shape().to_vec()) else { continue };
        // To read what the maker of an operand reads is to leave that step out, which other families say better.
        let behind: &[Slot] = part.maker(*own).map_or(&[], |maker| maker.args.as_slice());
        let others = rows(part).into_iter().filter(|slot| slot != own && !behind.contains(slot) && *slot < step.out);
        for other in others.filter(|slot| part.tensor(*slot).is_some_and(|x| x.shape() == shape)) {
            let mut args = step.args.clone();
            args[at] = other;
            let cause = format!("the reference reads {}, the spec {}", operand(part, other), operand(part, *own));
            ways.push(Hypothesis::new(cause, READ, Change::step(step.with_args(args))));
        }
    }
    if step.out == part.target
        && let Some(shape) = part.tensor(step.out).map(|x| x.shape().to_vec())
    {
        for other in rows(part).into_iter().filter(|slot| *slot < step.out && !step.args.contains(slot)) {
            if part.tensor(other).is_some_and(|x| x.shape() == shape) {
                let sum = Step {
                    epilogue: step.epilogue.iter().cloned().chain([Epilogue::Add { resize: None }]).collect(),
                    args: step.args.iter().copied().chain([other]).collect(),
                    ..step.clone()
                };
                let cause = format!("the reference adds {} to it, the spec nothing", operand(part, other));
                ways.push(Hypothesis::new(cause, READ, Change::step(sum)));
            }
        }
    }
    ways
}

/// Whether the reference's tensor is that of another row.
pub fn another_row(part: &Part, theirs: &ArrayD<f32>, same: impl Fn(&Tensor) -> bool) -> Option<Cause> {
    let others = part.network.tensors.keys().filter(|slot| **slot != part.target);
    let mut rows = others.filter(|slot| part.network.is_input(**slot) || part.network.row(**slot).is_some());
    let found = rows.find(|slot| {
        part.tensor(**slot).is_some_and(|own| own.shape() == theirs.shape() && same(own))
            || part.network.tensors.get(slot).is_some_and(&same)
    })?;
    Some(Cause::new(format!("the reference has {} here", operand(part, *found)), NAMES))
}

/// The rows and inputs that the reference gives, and those within the part.
fn rows(part: &Part) -> BTreeSet<Slot> {
    let within = part.steps.iter().map(|step| step.out).filter(|slot| part.network.row(*slot).is_some());
    let inputs = 0..part.network.program.inputs.len() as Slot;
    part.known.keys().copied().chain(within).chain(inputs).collect()
}
