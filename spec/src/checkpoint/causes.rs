//! What lies behind many findings about a checkpoint at once, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Misshaped, Named, Report};
use crate::program::Program;

/// The likely causes, each in a line.
pub(super) fn causes(program: &Program, report: &Report) -> Vec<String> {
    // Of what explains names that stand on one side only, the most particular says enough.
    let names = prefix(program, report)
        .or_else(|| other_count(program, report))
        .or_else(|| bias(program, report))
        .or_else(|| other_names(report))
        .or_else(|| incomplete(report))
        .or_else(|| left_over(program, report));
    [names, transposed(report)].into_iter().flatten().chain(converted(report)).collect()
}

/// All missing names stand there with something before them, or without it.
fn prefix(program: &Program, report: &Report) -> Option<String> {
    let [missing, unused] = [&report.missing, &report.unused].map(|list| names(list));
    let first = *missing.first()?;
    if missing.len() < 2 {
        return None;
    }
    for other in &unused {
        if let Some(before) = other.strip_suffix(first).and_then(|before| before.strip_suffix('.'))
            && missing.iter().all(|name| unused.contains(&format!("{before}.{name}").as_str()))
        {
            let arch = &program.name;
            return Some(format!(
                "the checkpoint's names begin with `{before}.`, the network's do not: `arch {arch} as \"{before}\"` gives \
                 them that beginning"
            ));
        }
        if let Some(before) = first.strip_suffix(*other).filter(|before| before.ends_with('.'))
            && missing.iter().all(|name| name.strip_prefix(before).is_some_and(|rest| unused.contains(&rest)))
        {
            return Some(format!(
                "the network's names begin with `{before}`, the checkpoint's do not: `as \"…\"` in the spec gives others"
            ));
        }
    }
    None
}

/// Members of a family, consecutive ones at an end, that only one side has: another number of levels or of blocks.
fn other_count(program: &Program, report: &Report) -> Option<String> {
    let missing = names(&report.missing);
    let own: Vec<&str> = program.weights.iter().map(|weight| weight.name.as_str()).collect();
    let shared = own.iter().copied().filter(|name| !missing.contains(name));
    let theirs = members(shared.chain(names(&report.unused)));
    members(own.iter().copied()).into_iter().find_map(|(family, here)| {
        let there = theirs.get(&family)?;
        let (few, many) = if here.len() < there.len() { (&here, there) } else { (there, &here) };
        let further: Vec<&u64> = many.difference(few).collect();
        let (first, last) = (few.first()?, few.last()?);
        let is_end = further.iter().all(|n| *n > last) || further.iter().all(|n| *n < first);
        (few.is_subset(many) && !further.is_empty() && is_end).then(|| {
            let (here, there) = (here.len(), there.len());
            format!(
                "of `{family}` the network has {here} and the checkpoint {there}: was it made with another number of \
                 levels or blocks?"
            )
        })
    })
}

/// For each family, a name up to one of its numbers and without it, the numbers that it has.
fn members<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, BTreeSet<u64>> {
    let mut families: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for name in names {
        for (dot, _) in name.match_indices('.').chain([(name.len(), "")]) {
            let family = name[..dot].trim_end_matches(|c: char| c.is_ascii_digit());
            if let Ok(number) = name[family.len()..dot].parse() {
                families.entry(format!("{family}*")).or_default().insert(number);
            }
        }
    }
    families
}

/// Biases, and nothing else, that only one side has.
fn bias(program: &Program, report: &Report) -> Option<String> {
    let layer = |name: &str| name.strip_suffix(".bias").map(str::to_owned);
    let layers = |list: &[Named]| list.iter().map(|named| layer(&named.name)).collect::<Option<Vec<String>>>();
    let (missing, unused) = (layers(&report.missing)?, layers(&report.unused)?);
    let found = |name: String| report.applied.contains(&name);
    // A norm's bias does not come and go with an argument.
    let is_norm = |layer: &str| {
        let mean = format!("{layer}.running_mean");
        program.weights.iter().any(|weight| weight.name == mean)
    };
    let has_weight = |layer: &String| found(format!("{layer}.weight")) && !is_norm(layer);
    match (missing.as_slice(), unused.as_slice()) {
        ([first, more @ ..], []) if missing.iter().all(has_weight) => {
            let more = and_more(more.len());
            Some(format!("`{first}`{more} has no bias in the checkpoint: is `bias = false` left out in the spec?"))
        }
        ([], [first, more @ ..]) if unused.iter().all(has_weight) => {
            let more = and_more(more.len());
            Some(format!("`{first}`{more} has a bias in the checkpoint: is `bias = false` one too many in the spec?"))
        }
        _ => None,
    }
}

/// As many names are missing as are left over, and each is like one of these.
fn other_names(report: &Report) -> Option<String> {
    let paired = report.missing.len() == report.unused.len() && report.missing.iter().all(|named| named.near.is_some());
    let says = "a layer's name in checkpoints is what `as \"…\"` in the spec gives it";
    (paired && !report.missing.is_empty()).then(|| says.to_owned())
}

/// Weights are missing, and nothing stands in their place.
fn incomplete(report: &Report) -> Option<String> {
    let says = "a checkpoint holds all weights of its network: save the whole `state_dict`";
    (!report.missing.is_empty() && report.unused.is_empty()).then(|| says.to_owned())
}

/// Nothing is missing, and something is left over.
fn left_over(program: &Program, report: &Report) -> Option<String> {
    let unused = names(&report.unused);
    let first = *unused.first().filter(|_| report.missing.is_empty())?;
    let part = first.split_once('.').map(|(part, _)| format!("{part}."));
    let part = part.filter(|part| {
        unused.iter().all(|name| name.starts_with(part))
            && !program.weights.iter().any(|weight| weight.name.starts_with(part))
    });
    let pattern = part.map_or_else(|| first.to_owned(), |part| format!("{part}*"));
    Some(format!("what a checkpoint may hold besides, the spec says: `ignore \"{pattern}\"`"))
}

/// A matrix or kernel with its axes in another order.
fn transposed(report: &Report) -> Option<String> {
    let is_transposed = |misshaped: &&Misshaped| {
        let mut sorted = [misshaped.found.clone(), misshaped.expected.clone()];
        sorted.iter_mut().for_each(|shape| shape.sort_unstable());
        sorted[0] == sorted[1]
    };
    let transposed: Vec<&Misshaped> = report.misshaped.iter().filter(is_transposed).collect();
    let (first, more) = transposed.split_first()?;
    let order = match first.expected.len() {
        2 => "PyTorch's [out, in]",
        4 => "PyTorch's [out, in, rows, columns]",
        _ => "PyTorch's",
    };
    let (name, more) = (&first.name, and_more(more.len()));
    Some(format!(
        "`{name}`{more} looks transposed: its axes are in another order than {order}; permute them as you save"
    ))
}

/// Values of less precision, a line a type.
fn converted(report: &Report) -> impl Iterator<Item = String> {
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for converted in report.converted.iter().filter(|converted| converted.dtype != "F64") {
        types.entry(&converted.dtype).or_default().push(&converted.name);
    }
    types.into_iter().map(|(dtype, names)| {
        let more = and_more(names.len() - 1);
        let (first, is) = (names[0], if names.len() > 1 { "are" } else { "is" });
        format!("`{first}`{more} {is} {dtype} and read as F32: results are those of weights rounded to {dtype}")
    })
}

fn names(list: &[Named]) -> Vec<&str> {
    list.iter().map(|named| named.name.as_str()).collect()
}

/// ` and 3 more`.
fn and_more(count: usize) -> String {
    if count > 0 { format!(" and {count} more") } else { String::new() }
}
