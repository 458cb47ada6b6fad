//! Sets of sizes: a finite prefix, then residues.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::constant::{LegalSizes, Run};
use super::expression::lcm;

/// The longest period of a set, and the most runs that are written out to intersect two. Sets beyond it are left
/// undecided: at 2^16 a set takes a millisecond.
pub(super) const LIMIT: i64 = 1 << 16;

/// A set of sizes n ≥ 1 that is periodic from some size on.
///
/// The form is canonical (shortest period, then least start), so equal sets compare equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct SizeSet {
    /// From here on only n mod period matters.
    start: i64,
    period: i64,
    /// The members below the start, in runs that do not touch.
    prefix: Vec<Run>,
    /// n mod period of the members from the start on, in runs that do not touch.
    residues: Vec<Run>,
}

/// A set as read, before it is known to be well formed.
#[derive(Deserialize)]
struct Parts {
    start: i64,
    period: i64,
    prefix: Vec<Run>,
    residues: Vec<Run>,
}

impl TryFrom<Parts> for SizeSet {
    type Error = &'static str;

    fn try_from(parts: Parts) -> Result<SizeSet, Self::Error> {
        let Parts { start, period, prefix, residues } = parts;
        let within = |runs: &[Run], bounds: std::ops::Range<i64>| {
            runs.iter().all(|run| run.0 <= run.1 && bounds.contains(&run.0) && bounds.contains(&run.1))
                && runs.windows(2).all(|pair| pair[1].0 - pair[0].1 > 1)
        };
        if start >= 1 && (1..=LIMIT).contains(&period) && within(&prefix, 1..start) && within(&residues, 0..period) {
            Ok(SizeSet { start, period, prefix, residues })
        } else {
            Err("a set of sizes is not well formed")
        }
    }
}

impl SizeSet {
    /// Every size from 1 on.
    pub fn all() -> SizeSet {
        SizeSet { start: 1, period: 1, prefix: Vec::new(), residues: vec![(0, 0)] }
    }

    /// No size.
    pub fn none() -> SizeSet {
        SizeSet { start: 1, period: 1, prefix: Vec::new(), residues: Vec::new() }
    }

    /// The sizes of which a function says so: those below `start` one by one, from there on those of one period
    /// repeated. None where `start` or `period` is below 1 or above 2^16.
    pub fn from_fn(start: i64, period: i64, mut member: impl FnMut(i64) -> bool) -> Option<SizeSet> {
        let within = 1..=LIMIT;
        if !within.contains(&start) || !within.contains(&period) {
            return None;
        }
        let mut runs = Vec::new();
        for n in (1..start + period).filter(|n| member(*n)) {
            push(&mut runs, (n, n));
        }
        Some(SizeSet::canonical(start, period, &runs))
    }

    /// The sizes whose remainder by `modulus` is one of those given. None for a modulus below 1 or above 2^16.
    pub fn from_residues(residues: &[i64], modulus: i64) -> Option<SizeSet> {
        let residues: Option<BTreeSet<i64>> =
            residues.iter().map(|residue| residue.checked_rem_euclid(modulus)).collect();
        let residues = residues.filter(|_| modulus > 0)?;
        SizeSet::from_fn(1, modulus, |n| residues.contains(&(n % modulus)))
    }

    /// These sizes and no others. None where one is below 1 or above a limit.
    pub fn from_sizes(members: &[i64]) -> Option<SizeSet> {
        let most = members.iter().copied().max().unwrap_or(0);
        let sizes = members.iter().all(|&n| n > 0);
        SizeSet::from_fn(most.checked_add(1)?, 1, |n| members.contains(&n)).filter(|_| sizes)
    }

    /// The sizes from `least` on, and of the smaller ones those from `first` on of which a function says so. None where
    /// that are more than 2^16 to ask.
    pub(super) fn from_threshold(first: i64, least: i64, mut member: impl FnMut(i64) -> bool) -> Option<SizeSet> {
        let (first, least) = (first.max(1), least.max(1));
        if least - first > LIMIT || least == i64::MAX {
            return None;
        }
        let mut runs = Vec::new();
        for n in (first..least).filter(|n| member(*n)) {
            push(&mut runs, (n, n));
        }
        push(&mut runs, (least, least));
        Some(SizeSet::canonical(least, 1, &runs))
    }

    /// The members of runs that are in order, do not touch and start at 1 or later.
    pub(super) fn finite(runs: Vec<Run>) -> SizeSet {
        SizeSet { start: runs.last().map_or(1, |run| run.1 + 1), period: 1, prefix: runs, residues: Vec::new() }
    }

    /// The members given, in order and below `i64::MAX`.
    pub(super) fn of(members: &[i64]) -> SizeSet {
        let mut runs = Vec::new();
        members.iter().for_each(|n| push(&mut runs, (*n, *n)));
        SizeSet::finite(runs)
    }

    /// The members given and, from `start` on, what they are there repeated; they are in order and hold a period from the
    /// start on. None where start or period are above 2^16.
    pub(super) fn from_members(start: i64, period: i64, members: impl IntoIterator<Item = i64>) -> Option<SizeSet> {
        if !(1..=LIMIT).contains(&start) || !(1..=LIMIT).contains(&period) {
            return None;
        }
        let mut runs = Vec::new();
        for n in members {
            push(&mut runs, (n, n));
        }
        Some(SizeSet::canonical(start, period, &runs))
    }

    /// As the constant that a generated module holds.
    pub fn members(&self) -> LegalSizes<'_> {
        LegalSizes::new(self.start, self.period, &self.prefix, &self.residues)
    }

    /// From here on only the remainder by the [modulus](SizeSet::modulus) matters.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The shortest period of the members from the start on.
    pub fn modulus(&self) -> i64 {
        self.period
    }

    /// The remainders by the modulus of the members from the start on, in order.
    pub fn residues(&self) -> impl Iterator<Item = i64> + '_ {
        self.residues.iter().flat_map(|run| run.0..=run.1)
    }

    /// Whether it ends: no size is legal from some point on.
    pub fn is_finite(&self) -> bool {
        self.residues.is_empty()
    }

    /// Whether a size is a member.
    pub fn contains(&self, n: i64) -> bool {
        self.members().has(n)
    }

    /// Whether no size is a member.
    pub fn is_empty(&self) -> bool {
        self.prefix.is_empty() && self.residues.is_empty()
    }

    /// Whether every size is a member.
    pub fn is_all(&self) -> bool {
        *self == SizeSet::all()
    }

    /// The members of both. None where the common period, or the work to find it, is beyond 2^16.
    pub fn intersect(&self, other: &SizeSet) -> Option<SizeSet> {
        // Where one is everything or ends there is no need for the common period.
        match (self.is_all(), other.is_all()) {
            (true, _) => return Some(other.clone()),
            (_, true) => return Some(self.clone()),
            _ => {}
        }
        for (finite, other) in [(self, other), (other, self)] {
            if let Some(members) = finite.listed() {
                return Some(SizeSet::of(&members.filter(|n| other.contains(*n)).collect::<Vec<_>>()));
            }
        }
        let period = lcm(self.period, other.period).filter(|period| *period <= LIMIT)?;
        let start = self.start.max(other.start);
        let end = start.checked_add(period)?;
        let (ours, theirs) = (self.runs_below(end)?, other.runs_below(end)?);
        Some(SizeSet::canonical(start, period, &overlap(&ours, &theirs)))
    }

    /// The members of either. None as for [`SizeSet::intersect`].
    pub fn union(&self, other: &SizeSet) -> Option<SizeSet> {
        Some(self.complement().intersect(&other.complement())?.complement())
    }

    /// The members in order; none where they go on without end, or are more than 2^16.
    pub(super) fn listed(&self) -> Option<impl Iterator<Item = i64> + '_> {
        let count = self.prefix.iter().try_fold(0i64, |count, run| count.checked_add(run.1 - run.0 + 1))?;
        let few = self.is_finite() && count <= LIMIT;
        few.then(|| self.prefix.iter().flat_map(|run| run.0..=run.1))
    }

    /// The sizes that are no members.
    pub fn complement(&self) -> SizeSet {
        SizeSet { prefix: gaps(&self.prefix, 1, self.start), residues: gaps(&self.residues, 0, self.period), ..*self }
    }

    /// The greatest member up to a size, and the least from it on: what to crop and what to pad it to.
    pub fn nearest(&self, n: i64) -> (Option<i64>, Option<i64>) {
        (self.members().last(n), self.pad_to(n))
    }

    /// The least member from a size on: what to pad it to.
    pub fn pad_to(&self, n: i64) -> Option<i64> {
        self.members().next(n)
    }

    /// How much to add to a size to make it legal: 0 where it is, none where no greater one is.
    pub fn padding(&self, n: i64) -> Option<i64> {
        self.pad_to(n)?.checked_sub(n)
    }

    /// The members from a size on, in order.
    pub fn iter_from(&self, n: i64) -> impl Iterator<Item = i64> + '_ {
        std::iter::successors(self.pad_to(n), |last| self.pad_to(last.checked_add(1)?))
    }

    /// The least member and those from some common sizes on; none where every size or only finitely many are members.
    pub fn examples(&self) -> Vec<i64> {
        const COMMON: [i64; 4] = [1, 224, 320, 640];
        if self.is_finite() || self.period == 1 {
            return Vec::new();
        }
        let mut examples: Vec<i64> = COMMON.iter().filter_map(|n| self.pad_to(*n)).collect();
        examples.dedup();
        examples
    }

    /// The set in words, for a symbol of that name: `H mod 32 in {0, 29..31}`, `H >= 7`, `every H`.
    pub fn describe(&self, symbol: &str) -> String {
        if self.is_empty() {
            return format!("no {symbol}");
        }
        if self.residues.is_empty() {
            return format!("{symbol} in {{{}}}", list(&self.prefix));
        }
        // The first member of the tail says more than where the period happens to begin.
        let from = self.pad_to(self.start).unwrap_or(self.start);
        let full = self.period == 1;
        let mut text = match (full, self.start) {
            (true, 1) => format!("every {symbol}"),
            (true, _) => format!("{symbol} >= {from}"),
            (false, _) => format!("{symbol} mod {} in {{{}}}", self.period, list(&self.residues)),
        };
        if !full && self.start > 1 {
            text += &format!(", from {from}");
        }
        if !self.prefix.is_empty() {
            text += &format!("; and {}", list(&self.prefix));
        }
        text
    }

    /// From the members below `start + period`, which hold at least one period after the start.
    fn canonical(start: i64, period: i64, runs: &[Run]) -> SizeSet {
        let mut tail = vec![false; period as usize];
        for run in runs {
            for n in run.0.max(start)..=run.1.min(start + period - 1) {
                tail[(n % period) as usize] = true;
            }
        }
        shorten(&mut tail);
        let period = tail.len() as i64;

        let mut start = start;
        match tail.as_slice() {
            // One step each, however long the prefix is.
            [false] => start = runs.last().map_or(1, |run| run.1 + 1),
            [true] => start = runs.last().map_or(start, |run| run.0),
            _ => {
                while start > 1 && find(runs, start - 1) == tail[((start - 1) % period) as usize] {
                    start -= 1;
                }
            }
        }

        let mut residues = Vec::new();
        for (n, _) in tail.iter().enumerate().filter(|(_, member)| **member) {
            push(&mut residues, (n as i64, n as i64));
        }
        let below = runs.iter().filter(|run| run.0 < start);
        let prefix = below.map(|run| (run.0, run.1.min(start - 1))).collect();
        SizeSet { start, period, prefix, residues }
    }

    /// The members below a size, in runs; none where there would be more than 2^16.
    fn runs_below(&self, end: i64) -> Option<Vec<Run>> {
        let mut runs = Vec::new();
        for run in &self.prefix {
            push_clipped(&mut runs, *run, 1, end);
        }
        match self.residues.as_slice() {
            [] => return Some(runs),
            // One run, however far the end is.
            [(0, last)] if last + 1 == self.period => {
                push_clipped(&mut runs, (self.start, end), self.start, end);
                return Some(runs);
            }
            _ => {}
        }
        let blocks = self.start / self.period..=end / self.period;
        let count = (blocks.end() - blocks.start() + 1).checked_mul(self.residues.len() as i64)?;
        if count > LIMIT {
            return None;
        }
        for block in blocks {
            for run in &self.residues {
                let shift = block * self.period;
                push_clipped(&mut runs, (shift + run.0, shift + run.1), self.start, end);
            }
        }
        Some(runs)
    }
}

/// Reads as [`SizeSet::describe`] of `n`.
impl fmt::Display for SizeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe("n"))
    }
}

/// Shortens a period to the least one that repeats the same pattern.
fn shorten(tail: &mut Vec<bool>) {
    let mut prime = 2;
    while prime <= tail.len() {
        let shorter = tail.len() / prime;
        if tail.len().is_multiple_of(prime) && tail[shorter..] == tail[..tail.len() - shorter] {
            tail.truncate(shorter);
        } else {
            prime += 1;
        }
    }
}

/// Adds a run after those already there.
fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if last.1 + 1 >= run.0 => last.1 = run.1,
        _ => runs.push(run),
    }
}

/// Adds the part of a run from `start` on and below `end`.
fn push_clipped(runs: &mut Vec<Run>, run: Run, start: i64, end: i64) {
    let run = (run.0.max(start), run.1.min(end - 1));
    if run.0 <= run.1 {
        push(runs, run);
    }
}

fn find(runs: &[Run], n: i64) -> bool {
    runs.get(runs.partition_point(|run| run.1 < n)).is_some_and(|run| run.0 <= n)
}

/// What two lists of runs share.
fn overlap(ours: &[Run], theirs: &[Run]) -> Vec<Run> {
    let mut shared = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(our), Some(their)) = (ours.get(i), theirs.get(j)) {
        push_clipped(&mut shared, *our, their.0, their.1 + 1);
        if our.1 < their.1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    shared
}

/// What runs leave out from `start` on and below `end`.
fn gaps(runs: &[Run], start: i64, end: i64) -> Vec<Run> {
    let mut gaps = Vec::new();
    let mut next = start;
    for run in runs {
        push_clipped(&mut gaps, (next, run.0 - 1), start, end);
        next = run.1 + 1;
    }
    push_clipped(&mut gaps, (next, end - 1), start, end);
    gaps
}

fn list(runs: &[Run]) -> String {
    let run = |run: &Run| match run.1 - run.0 {
        0 => run.0.to_string(),
        1 => format!("{}, {}", run.0, run.1),
        _ => format!("{}..{}", run.0, run.1),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residues(residues: &[i64], modulus: i64) -> SizeSet {
        SizeSet::from_residues(residues, modulus).expect("the modulus is in range")
    }

    fn only(members: &[i64]) -> SizeSet {
        let start = members.iter().max().map_or(1, |last| last + 1);
        let set = SizeSet::from_fn(start, 1, |n| members.contains(&n));
        set.expect("the members are in range")
    }

    #[test]
    fn equal_sets_have_one_form() {
        let even = residues(&[0], 2);
        assert_eq!(SizeSet::from_fn(9, 12, |n| n % 2 == 0), Some(even.clone()));
        assert_eq!(SizeSet::from_fn(100, 30, |_| true), Some(SizeSet::all()));
        assert_eq!(SizeSet::from_fn(100, 30, |_| false), Some(SizeSet::none()));
        assert_eq!(SizeSet::from_fn(100, 30, |n| n == 5), Some(only(&[5])));
        assert_eq!(residues(&[-3, 0, 30, 31], 32), residues(&[0, 29, 30, 31], 32));
        assert_eq!(even.complement(), residues(&[1], 2));
        assert_eq!(even.complement().complement(), even);
        assert_eq!(SizeSet::all().complement(), SizeSet::none());
        assert_eq!(only(&[1, 7]).complement().complement(), only(&[1, 7]));
    }

    #[test]
    fn intersections_agree_with_membership() {
        let sets = [
            SizeSet::all(),
            SizeSet::none(),
            only(&[1, 2, 3, 224]),
            residues(&[0], 2),
            residues(&[0, 29, 30, 31], 32),
            residues(&[1, 4], 6),
            SizeSet::from_fn(70, 6, |n| n % 7 == 1 || n % 6 == 4 && n > 40).expect("in range"),
            SizeSet::from_threshold(1, 100, |n| n % 3 == 0).expect("in range"),
        ];
        for a in &sets {
            for b in &sets {
                let both = a.intersect(b).expect("the periods are short");
                for n in -3..1000 {
                    assert_eq!(both.contains(n), a.contains(n) && b.contains(n), "{a} and {b}: {n}");
                }
                assert_eq!(both, b.intersect(a).expect("the periods are short"));
                assert_eq!(both.is_empty(), (1..1000).all(|n| !both.contains(n)));
            }
        }
    }

    #[test]
    fn neighbours_agree_with_membership() {
        let sets = [
            SizeSet::all(),
            SizeSet::none(),
            only(&[3, 5, 6]),
            residues(&[0, 29, 30, 31], 32),
            residues(&[5], 7),
            SizeSet::from_fn(50, 9, |n| n % 9 == 2 || n == 11 || n == 12).expect("in range"),
            SizeSet::from_threshold(4, 40, |n| n == 9).expect("in range"),
        ];
        for set in &sets {
            for n in -2..300 {
                let below = (1..=n).rev().find(|n| set.contains(*n));
                let above = (n.max(1)..1000).find(|n| set.contains(*n));
                assert_eq!(set.nearest(n), (below, above), "{set}: {n}");
                assert_eq!(set.pad_to(n), above);
            }
            let listed: Vec<i64> = set.iter_from(5).take_while(|n| *n < 200).collect();
            let expected: Vec<i64> = (5..200).filter(|n| set.contains(*n)).collect();
            assert_eq!(listed, expected, "{set}");
        }
    }

    #[test]
    fn sets_are_read_back_only_when_well_formed() {
        let read = |start, period, prefix: &[Run], residues: &[Run]| {
            let bytes = postcard::to_stdvec(&(start, period, prefix, residues)).expect("the lists have known lengths");
            postcard::from_bytes::<SizeSet>(&bytes).ok()
        };
        assert_eq!(read(1, 32, &[], &[(0, 0), (29, 31)]), Some(residues(&[0, 29, 30, 31], 32)));
        assert_eq!(read(225, 1, &[(224, 224)], &[]), Some(only(&[224])));
        let malformed: [(i64, i64, &[Run], &[Run]); 7] = [
            (0, 1, &[], &[]),
            (1, 0, &[], &[]),
            (1, LIMIT + 1, &[], &[]),
            (5, 1, &[(2, 5)], &[]),
            (1, 8, &[], &[(3, 8)]),
            (1, 8, &[], &[(3, 2)]),
            (1, 8, &[], &[(5, 6), (0, 1)]),
        ];
        for (start, period, prefix, residues) in malformed {
            assert_eq!(read(start, period, prefix, residues), None);
        }
    }

    #[test]
    fn sets_read_as_conditions() {
        let cases = [
            (SizeSet::all(), "every H"),
            (SizeSet::none(), "no H"),
            (only(&[224]), "H in {224}"),
            (only(&[1, 2, 5, 6, 7]), "H in {1, 2, 5..7}"),
            (residues(&[0], 8), "H mod 8 in {0}"),
            (residues(&[0, 29, 30, 31], 32), "H mod 32 in {0, 29..31}"),
            (SizeSet::from_threshold(7, 7, |_| false).expect("in range"), "H >= 7"),
            (SizeSet::from_threshold(3, 7, |n| n % 2 == 1).expect("in range"), "H >= 7; and 3, 5"),
            (
                SizeSet::from_fn(12, 8, |n| n % 8 == 0 && n > 8 || n == 3).expect("in range"),
                "H mod 8 in {0}, from 16; and 3",
            ),
        ];
        for (set, text) in cases {
            assert_eq!(set.describe("H"), text);
        }
    }

    #[test]
    fn the_far_end_and_bad_bounds() {
        let even = residues(&[0], 2);
        assert_eq!(even.nearest(i64::MAX), (Some(i64::MAX - 1), None));
        assert_eq!(even.nearest(i64::MIN), (None, Some(2)));
        assert_eq!(even.iter_from(i64::MAX - 2).count(), 1);
        assert_eq!(SizeSet::from_fn(0, 1, |_| true), None);
        assert_eq!(SizeSet::from_residues(&[0], 0), None);
        assert_eq!(SizeSet::from_residues(&[i64::MIN, i64::MAX], 2), Some(SizeSet::all()));
        assert_eq!(SizeSet::from_residues(&[0], LIMIT + 1), None);
        assert_eq!(residues(&[0], LIMIT).intersect(&residues(&[0], 3)), None);
        assert_eq!(residues(&[0], LIMIT).intersect(&only(&[3, 40_000])), Some(SizeSet::none()));
        assert_eq!(SizeSet::from_threshold(1, i64::MAX, |_| true), None);
        let far = SizeSet::from_threshold(1 << 60, 1 << 60, |_| false).expect("nothing to ask");
        assert_eq!(far.intersect(&only(&[5])), Some(SizeSet::none()));
        assert_eq!(far.intersect(&SizeSet::all()), Some(far.clone()));
        assert_eq!(far.intersect(&even), None);
    }
}
