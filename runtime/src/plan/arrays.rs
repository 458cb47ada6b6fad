//! Values that never enter the arena: inputs that are read, and wanted maps that are written, in the caller's arrays.
//!
//! A large input or output would else be copied only to change the order of its floats.

use neckar_spec::program::Instr;

use super::{Home, Network, Planned, Value, Work, pointwise};
use crate::cpu;
use crate::tensor::Dims;

/// For each value the array that it stays in, where it does.
pub(super) fn homes(
    network: &Network,
    steps: &[Planned],
    wanted: &[(String, Value)],
    dims: &[Dims],
) -> Vec<Option<Home>> {
    let mut read = vec![false; dims.len()];
    // Which values a kernel reads or writes that only knows channels-last maps.
    let mut inside = vec![false; dims.len()];
    for step in steps {
        let instr = &network.sites[step.site].instr;
        let is_site = matches!(step.work, Work::Site { .. });
        for (position, operand) in step.work.reads().into_iter().enumerate() {
            read[operand] = true;
            inside[operand] |= !is_site || position > 0 || !reads_array(instr, &dims[operand]);
        }
        inside[step.out] |= !is_site || !writes_array(instr);
    }
    let mut homes = vec![None; dims.len()];
    let times_wanted = |value: Value| wanted.iter().filter(|(_, other)| *other == value).count();
    for (index, &input) in network.inputs.iter().enumerate() {
        homes[input] = (!inside[input] && times_wanted(input) == 0).then_some(Home::Input(index));
    }
    for (index, &(_, value)) in wanted.iter().enumerate() {
        if !inside[value] && !read[value] && times_wanted(value) == 1 && !network.inputs.contains(&value) {
            homes[value] = Some(Home::Wanted(index));
        }
    }
    homes
}

/// Whether an instruction's kernel can read its first operand channels-first.
fn reads_array(instr: &Instr, operand: &Dims) -> bool {
    match instr {
        Instr::Conv(conv) => pointwise(instr) || cpu::gathers_windows(conv, operand.channels),
        _ => false,
    }
}

/// Whether an instruction's kernel can write its result channels-first.
fn writes_array(instr: &Instr) -> bool {
    matches!(instr, Instr::Conv(conv) if conv.groups == 1)
}
