//! Concatenations that are not made, as only products over the channels of each pixel read them: these read the parts one
//! after the other, which is the order of their terms.
//!
//! What is resized to the nearest cell and read like that is not made either, but read by index.

use neckar_spec::program::{Axis, Instr, Resize, ResizeMode};

use super::{Network, Planned, Value, Work, pointwise};
use crate::tensor::Dims;

/// Channels that the parts of a concatenation have on average at least: reading those of fewer takes longer than a copy.
const WIDTH: usize = 16;

/// Drops the steps of what is not made, and lets the products read its parts.
pub(super) fn read_in_parts(
    network: &Network,
    steps: Vec<Planned>,
    wanted: &[(String, Value)],
    dims: &[Dims],
) -> Vec<Planned> {
    let unmade = unmade(network, &steps, wanted, dims);
    let mut parts: Vec<Option<Vec<Value>>> = vec![None; dims.len()];
    let mut kept = Vec::new();
    for mut step in steps {
        step.work = match step.work {
            Work::Site { args, .. } if unmade[step.out] => {
                // What a resize takes its sizes from is not read.
                let is_concat = matches!(network.sites[step.site].instr, Instr::Concat { axis: Axis::Channels });
                let read = if is_concat { args.as_slice() } else { &args[..1] };
                let of = |&value: &Value| parts[value].clone().unwrap_or_else(|| vec![value]);
                let joined = read.iter().flat_map(of).collect();
                parts[step.out] = Some(joined);
                continue;
            }
            Work::Site { args, addends } => match &parts[args[0]] {
                Some(parts) => Work::Parts { whole: args[0], parts: parts.clone(), addends },
                None => Work::Site { args, addends },
            },
            other => other,
        };
        kept.push(step);
    }
    kept
}

/// Which values are not made.
fn unmade(network: &Network, steps: &[Planned], wanted: &[(String, Value)], dims: &[Dims]) -> Vec<bool> {
    // What something needs as a map of its own.
    let mut whole = vec![false; dims.len()];
    for &(_, value) in wanted {
        whole[value] = true;
    }
    let mut unmade = vec![false; dims.len()];
    // From the last step on, so that all that reads a value is known before the value is made.
    for step in steps.iter().rev() {
        let site = &network.sites[step.site];
        let mut in_parts = 0;
        if let Work::Site { args, .. } = &step.work {
            let can_be_read_in_parts = match &site.instr {
                Instr::Concat { axis: Axis::Channels } => dims[step.out].channels >= WIDTH * args.len(),
                Instr::Resize(Resize { mode: ResizeMode::Nearest, .. }) => dims[args[0]].len() <= dims[step.out].len(),
                _ => false,
            };
            unmade[step.out] = can_be_read_in_parts && site.epilogue.is_empty() && !whole[step.out];
            in_parts = match &site.instr {
                Instr::Concat { axis: Axis::Channels } if unmade[step.out] => args.len(),
                instr if pointwise(instr) => 1,
                _ => 0,
            };
        }
        for (position, read) in step.work.reads().into_iter().enumerate() {
            whole[read] |= position >= in_parts;
        }
    }
    unmade
}
