//! What lies behind many findings about a checkpoint at once.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Misshaped, Report};
use crate::program::Program;

/// The likely causes, each in a line.
pub(super) fn causes(program: &Program, report: &Report) -> Vec<String> {
    [prefix(report), transposed(report), other_count(program, report), half(report)].into_iter().flatten().collect()
}

/// All missing names stand there with something before them, or without it.
fn prefix(report: &Report) -> Option<String> {
    let [missing, unused] =
        [&report.missing, &report.unused].map(|list| list.iter().map(|named| named.name.as_str()).collect::<Vec<_>>());
    let first = *missing.first()?;
    if missing.len() < 2 {
        return None;
    }
    let all = |here: &dyn Fn(&str) -> bool| missing.iter().all(|name| here(name));
    for other in &unused {
        if let Some(before) = other.strip_suffix(first).filter(|before| before.ends_with('.'))
            && all(&|name| unused.iter().any(|other| other.strip_prefix(before) == Some(name)))
        {
            return Some(format!("the checkpoint's names begin with `{before}`, the network's do not"));
        }
        if let Some(before) = first.strip_suffix(*other).filter(|before| before.ends_with('.'))
            && all(&|name| name.strip_prefix(before).is_some_and(|rest| unused.contains(&rest)))
        {
            return Some(format!("the network's names begin with `{before}`, the checkpoint's do not"));
        }
    }
    None
}

/// A matrix or kernel with its axes in another order.
fn transposed(report: &Report) -> Option<String> {
    let is_transposed = |misshaped: &&Misshaped| {
        let mut sorted = [misshaped.found.clone(), misshaped.expected.clone()];
        sorted.iter_mut().for_each(|shape| shape.sort_unstable());
        sorted[0] == sorted[1]
    };
    let transposed: Vec<&str> = report.misshaped.iter().filter(is_transposed).map(|own| own.name.as_str()).collect();
    let first = transposed.first()?;
    let more = if transposed.len() > 1 { format!(" and {} more", transposed.len() - 1) } else { String::new() };
    let order = "[out, in] of linear layers and [out, in, rows, columns] of convolutions";
    Some(format!("`{first}`{more} looks transposed: its axes are in another order than PyTorch's {order}"))
}

/// Members of a family that only one side has: another number of levels or of blocks.
fn other_count(program: &Program, report: &Report) -> Option<String> {
    let names = |list: &[super::Named]| list.iter().map(|named| named.name.clone()).collect::<Vec<_>>();
    let own: Vec<String> = program.weights.iter().map(|weight| weight.name.clone()).collect();
    let (missing, unused) = (names(&report.missing), names(&report.unused));
    let shared: Vec<String> = own.iter().filter(|name| !missing.contains(name)).cloned().collect();
    let theirs: Vec<String> = shared.iter().chain(&unused).cloned().collect();
    let (own, theirs) = (members(&own), members(&theirs));
    let (family, (here, there)) = own.iter().find_map(|(family, here)| {
        let there = theirs.get(family)?;
        (here != there && !here.is_disjoint(there)).then_some((family, (here, there)))
    })?;
    let counts = |members: &BTreeSet<u64>| members.len();
    Some(format!(
        "of `{family}` the network has {} and the checkpoint {}: was it made with another number of levels or blocks?",
        counts(here),
        counts(there)
    ))
}

/// For each family, a name with one of its numbers taken out, the numbers that it has.
fn members(names: &[String]) -> BTreeMap<String, BTreeSet<u64>> {
    let mut families: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for name in names {
        let parts: Vec<&str> = name.split('.').collect();
        for (at, part) in parts.iter().enumerate() {
            if let Ok(number) = part.parse() {
                let family = format!("{}.*", parts[..at].join("."));
                families.entry(family).or_default().insert(number);
            }
        }
    }
    families
}

/// Values of half the precision.
fn half(report: &Report) -> Option<String> {
    let first = report.converted.first()?;
    let alike = report.converted.iter().filter(|converted| converted.dtype == first.dtype).count();
    let dtype = &first.dtype;
    Some(format!("{alike} tensors are {dtype} and are read as F32; results are those of weights rounded to {dtype}"))
        .filter(|_| dtype != "F64")
}
