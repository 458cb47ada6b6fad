//! Which modules below a name are applied one after the other and nowhere else: those are an `nn.Sequential`.

use std::collections::{BTreeMap, BTreeSet};

use neckar_spec::program::{Body, Epilogue, Instr, Slot, Step};

use super::instances::Instance;

/// The one module that a step applies to one map, and the map.
pub(super) fn application<'s>(
    instance: &'s Instance,
    step: &Step,
    call: &'s Option<(usize, String)>,
) -> Option<(&'s str, Slot, Slot)> {
    let weight = match step {
        Step::Call { args, outs, .. } => {
            let (_, path) = call.as_ref()?;
            return match (args.as_slice(), outs.as_slice()) {
                (&[arg], &[out]) => Some((path, arg, out)),
                _ => None,
            };
        }
        Step::Run { instr, epilogue, .. } => match (instr, epilogue.as_slice()) {
            (Instr::Conv(conv), []) => conv.weight,
            (
                Instr::Gemm { weight, .. }
                | Instr::TransposedConv { weight, .. }
                | Instr::LayerNorm { weight, .. }
                | Instr::GroupNorm { weight, .. },
                [],
            ) => *weight,
            (Instr::Elementwise, [Epilogue::Norm(norm)]) => norm.weight,
            (Instr::Elementwise, [Epilogue::LayerScale { weight }]) => *weight,
            _ => return None,
        },
    };
    let Step::Run { args, out, .. } = step else { return None };
    let (module, _) = instance.weights[weight as usize].rsplit_once('.')?;
    Some((module, args[0], *out))
}

/// The paths `P` whose members `P.0`, `P.1` or `P.conv`, `P.bn` are applied in their order, each to what the one before gives
/// and to nothing else. `groups` are the paths with the names of their members.
pub(super) fn sequential(
    body: &Body,
    instance: &Instance,
    groups: &[(String, Vec<String>)],
    reads: &[usize],
) -> BTreeSet<String> {
    let mut applied: BTreeMap<&str, Vec<(Slot, Slot, bool)>> = BTreeMap::new();
    for (step, call) in body.steps.iter().zip(&instance.calls) {
        if let Some((path, arg, out)) = application(instance, step, call) {
            let named = match step {
                Step::Run { row, .. } => row.is_some(),
                Step::Call { rows, .. } => rows.iter().any(Option::is_some),
            };
            applied.entry(path).or_default().push((arg, out, named));
        }
    }
    let chained = |(group, members): &&(String, Vec<String>)| {
        let mut before: Option<(Slot, bool)> = None;
        members.iter().all(|member| {
            let Some(&[(arg, out, named)]) = applied.get(format!("{group}.{member}").as_str()).map(Vec::as_slice)
            else {
                return false;
            };
            let follows = before.is_none_or(|(made, named)| made == arg && reads[made as usize] == 1 && !named);
            before = Some((out, named));
            follows
        })
    };
    groups.iter().filter(chained).map(|(group, _)| group.clone()).collect()
}
