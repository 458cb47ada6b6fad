//! Sets of sizes as constants of generated modules.

/// Consecutive members, from the first to the last.
pub(super) type Run = (i64, i64);

/// The legal sizes of an axis: a finite prefix, then residues. Generated modules hold one for each free size.
///
/// ```
/// use neckar_spec::size::LegalSizes;
///
/// // 3, and from 16 on those whose remainder by 32 is 0 or 29 to 31.
/// const LEGAL_H: LegalSizes = LegalSizes::new(16, 32, &[(3, 3)], &[(0, 0), (29, 31)]);
/// const { assert!(LEGAL_H.contains(224)) };
/// assert_eq!(LEGAL_H.pad_to(230), Some(253));
/// assert_eq!(LEGAL_H.crop_to(230), Some(224));
/// assert_eq!((LEGAL_H.crop_to(20), LEGAL_H.crop_to(2)), (Some(3), None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegalSizes<'a> {
    start: i64,
    modulus: i64,
    prefix: &'a [Run],
    residues: &'a [Run],
}

impl<'a> LegalSizes<'a> {
    /// From `start` on the sizes whose remainder by `modulus` is one of `residues`, below it those of `prefix`. Both are
    /// runs from the first to the last, in order, that do not touch; `start` and `modulus` are at least 1.
    pub const fn new(start: i64, modulus: i64, prefix: &'a [(i64, i64)], residues: &'a [(i64, i64)]) -> LegalSizes<'a> {
        assert!(start >= 1 && modulus >= 1, "a set of sizes starts at 1 or later and has a modulus of at least 1");
        LegalSizes { start, modulus, prefix, residues }
    }

    /// From here on only the remainder by the modulus matters.
    pub const fn start(&self) -> i64 {
        self.start
    }

    /// What remainders are taken by.
    pub const fn modulus(&self) -> i64 {
        self.modulus
    }

    /// The members below the start, in runs from the first to the last.
    pub const fn prefix(&self) -> &'a [(i64, i64)] {
        self.prefix
    }

    /// The remainders of the members from the start on, in runs from the first to the last.
    pub const fn residues(&self) -> &'a [(i64, i64)] {
        self.residues
    }

    /// Whether a size is legal.
    pub const fn contains(&self, n: usize) -> bool {
        n as u64 <= i64::MAX as u64 && self.has(n as i64)
    }

    /// The least legal size from one on: what to pad it to.
    pub const fn pad_to(&self, n: usize) -> Option<usize> {
        if n as u64 > i64::MAX as u64 {
            return None;
        }
        match self.next(n as i64) {
            Some(n) => Some(n as usize),
            None => None,
        }
    }

    /// The greatest legal size up to one: what to crop it to.
    pub const fn crop_to(&self, n: usize) -> Option<usize> {
        let n = if n as u64 > i64::MAX as u64 { i64::MAX } else { n as i64 };
        match self.last(n) {
            Some(n) => Some(n as usize),
            None => None,
        }
    }

    pub(super) const fn has(&self, n: i64) -> bool {
        if n < 1 {
            return false;
        }
        let (runs, n) = if n < self.start { (self.prefix, n) } else { (self.residues, n % self.modulus) };
        let at = ending_before(runs, n);
        at < runs.len() && runs[at].0 <= n
    }

    pub(super) const fn next(&self, n: i64) -> Option<i64> {
        let n = if n < 1 { 1 } else { n };
        let at = ending_before(self.prefix, n);
        if at < self.prefix.len() {
            let first = self.prefix[at].0;
            return Some(if first < n { n } else { first });
        }
        if self.residues.is_empty() {
            return None;
        }
        let n = if n < self.start { self.start } else { n };
        let residue = n % self.modulus;
        let at = ending_before(self.residues, residue);
        if at < self.residues.len() {
            let first = self.residues[at].0;
            return if first < residue { Some(n) } else { n.checked_add(first - residue) };
        }
        match (n - residue).checked_add(self.modulus) {
            Some(block) => block.checked_add(self.residues[0].0),
            None => None,
        }
    }

    pub(super) const fn last(&self, n: i64) -> Option<i64> {
        if n >= self.start && !self.residues.is_empty() {
            let residue = n % self.modulus;
            let member = match last_to(self.residues, residue) {
                Some(at) => n - residue + at,
                None => n - residue - self.modulus + self.residues[self.residues.len() - 1].1,
            };
            if member >= self.start {
                return Some(member);
            }
        }
        last_to(self.prefix, n)
    }
}

/// How many runs end before a number.
const fn ending_before(runs: &[Run], n: i64) -> usize {
    let (mut low, mut high) = (0, runs.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if runs[middle].1 < n {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The greatest member of runs up to a number.
const fn last_to(runs: &[Run], n: i64) -> Option<i64> {
    let at = ending_before(runs, n);
    if at < runs.len() && runs[at].0 <= n {
        return Some(n);
    }
    if at == 0 { None } else { Some(runs[at - 1].1) }
}
