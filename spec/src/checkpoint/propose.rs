//! A table of names proposed for a checkpoint of another tool.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, NameTable};
use crate::program::Program;

/// A proposed table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The rules.
    pub table: NameTable,
    /// Names of the network that no tensor was found for.
    pub open: Vec<String>,
    /// Names of the network with several tensors of the right shape and as likely a name: the one taken, and the others.
    pub doubtful: Vec<(String, Vec<String>)>,
}

/// Pairs a network's names with tensors of the same shape, the likest names first.
///
/// Likeness is that of the names' parts: equal numbers and equal last parts (`weight`, `running_mean`) count most. Rules that
/// differ in one number only become one with `*`.
pub fn propose(program: &Program, found: &BTreeMap<String, Entry>) -> Proposal {
    let own: Vec<&str> = program.weights.iter().map(|weight| weight.name.as_str()).collect();
    let open: Vec<usize> = (0..own.len()).filter(|&at| !found.contains_key(own[at])).collect();
    let mut free: BTreeSet<&str> = found.keys().map(String::as_str).filter(|name| !own.contains(name)).collect();
    let mut pairs: Vec<(f64, usize, &str)> = Vec::new();
    for &at in &open {
        let fits = free.iter().filter(|name| found[**name].shape == program.weights[at].shape);
        pairs.extend(fits.map(|name| (likeness(own[at], name), at, *name)));
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(b.2)));
    let mut taken: BTreeMap<usize, (&str, f64)> = BTreeMap::new();
    for &(score, at, name) in &pairs {
        if !taken.contains_key(&at) && free.remove(name) {
            taken.insert(at, (name, score));
        }
    }
    let mut proposal = Proposal::default();
    for &at in &open {
        let Some(&(name, score)) = taken.get(&at) else {
            proposal.open.push(own[at].to_owned());
            continue;
        };
        proposal.table.rules.push((own[at].to_owned(), name.to_owned()));
        let as_likely = pairs.iter().filter(|(other, pair, theirs)| *pair == at && *theirs != name && *other >= score);
        let others: Vec<String> = as_likely.map(|(_, _, name)| (*name).to_owned()).collect();
        if !others.is_empty() {
            proposal.doubtful.push((own[at].to_owned(), others));
        }
    }
    proposal.table = shortened(program, proposal.table);
    proposal
}

/// How alike two names are, part by part from the end.
fn likeness(a: &str, b: &str) -> f64 {
    let numbers =
        |name: &str| name.split('.').filter(|part| part.parse::<u64>().is_ok()).map(str::to_owned).collect::<Vec<_>>();
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    f64::from(u8::from(last(a) == last(b))) * 2.0
        + f64::from(u8::from(numbers(a) == numbers(b)))
        + strsim::jaro_winkler(a, b)
}

/// Rules that differ in their numbers only, as one with `*` where that says the same of every name.
fn shortened(program: &Program, table: NameTable) -> NameTable {
    let mut short = NameTable::default();
    for (own, theirs) in &table.rules {
        let rule = starred(own, theirs).unwrap_or_else(|| (own.clone(), theirs.clone()));
        if !short.rules.contains(&rule) {
            short.rules.push(rule);
        }
    }
    // A pattern may say more than the rules it came from.
    let same = program.weights.iter().all(|weight| short.of(&weight.name) == table.of(&weight.name));
    if same { short } else { table }
}

/// A rule with `*` in place of the numbers, where both sides hold the same in the same order, and of the last part.
fn starred(own: &str, theirs: &str) -> Option<(String, String)> {
    let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (mut own, mut theirs) = (parts(own), parts(theirs));
    let numbers = |name: &[String]| name.iter().filter(|part| part.parse::<u64>().is_ok()).cloned().collect::<Vec<_>>();
    if numbers(&own) != numbers(&theirs) {
        return None;
    }
    let same_end = own.last() == theirs.last() && own.len() > 1 && theirs.len() > 1;
    for name in [&mut own, &mut theirs] {
        let last = name.len() - 1;
        for (at, part) in name.iter_mut().enumerate() {
            if part.parse::<u64>().is_ok() || (same_end && at == last) {
                *part = "*".to_owned();
            }
        }
    }
    Some((own.join("."), theirs.join(".")))
}
