//! Where a relation in one symbol holds.
//!
//! A size in one symbol n that never falls is decided by where it reaches a number. Every other one without products is
//! quasi-affine: f(n + period) = f(n) + slope, since floors, sums and multiples of such functions are such again. Where f is
//! at least a number, and where it is 0, is therefore an exact [`SizeSet`].

use std::collections::HashMap;

use super::expression::lcm;
use super::set::LIMIT;
use super::{Relation, Size, SizeSet, Symbol};

/// Values of sizes that may be computed to decide the relations of a network: some milliseconds of work. What would take
/// more is left undecided.
const WORK: i64 = 1 << 18;

/// Decides relations in one symbol, each once, within a bound on the work.
pub(crate) struct Solver {
    left: i64,
    known: HashMap<Relation, Option<SizeSet>>,
}

impl Solver {
    pub(crate) fn new() -> Solver {
        Solver { left: WORK, known: HashMap::new() }
    }

    /// Accounts for work that is worth so many values; none when all is used up.
    pub(super) fn spend(&mut self, values: i64) -> Option<()> {
        self.left = self.left.saturating_sub(values);
        (self.left >= 0).then_some(())
    }

    /// Where a relation in one symbol holds; none where that is not decided.
    pub(super) fn solutions(&mut self, relation: &Relation) -> Option<SizeSet> {
        if let Some(known) = self.known.get(relation) {
            return known.clone();
        }
        let symbol = relation.symbols().into_iter().next()?;
        let set = self.solve(relation, &symbol);
        self.known.insert(relation.clone(), set.clone());
        set
    }

    /// The members of both; none where that is too much work.
    pub(super) fn intersect(&mut self, a: &SizeSet, b: &SizeSet) -> Option<SizeSet> {
        if a.modulus() > 1 && b.modulus() > 1 {
            self.spend(lcm(a.modulus(), b.modulus())?)?;
        }
        a.intersect(b)
    }

    /// Whether the sizes at which a relation holds go on without end, as far as that is decided.
    pub(crate) fn goes_on(&mut self, relation: &Relation) -> bool {
        relation.symbols().len() != 1 || self.solutions(relation).is_none_or(|set| !set.is_finite())
    }

    fn solve(&mut self, relation: &Relation, symbol: &Symbol) -> Option<SizeSet> {
        match relation {
            Relation::Equal(a, b) => match Function::new(&a.subtract(b), symbol, self)? {
                Function::Rising(size) | Function::Falling(size) => Some(level(reach(&size, 0)?, reach(&size, 1)?)),
                Function::QuasiAffine(function) => function.zeros(),
            },
            Relation::AtLeast(a, least) => match Function::new(a, symbol, self)? {
                Function::Rising(size) => from(reach(&size, *least)?),
                Function::Falling(size) => Some(from(reach(&size, 1i64.checked_sub(*least)?)?)?.complement()),
                Function::QuasiAffine(function) => function.at_least(*least),
            },
            Relation::Multiple(a, divisor) => {
                if *divisor < 1 || a.is_too_large() {
                    return None;
                }
                let period = a.period_modulo(*divisor, symbol, LIMIT)?;
                let values = self.values(a, period)?;
                SizeSet::from_fn(1, period, |n| values[n as usize - 1] % divisor == 0)
            }
        }
    }

    /// f(1) to f(period).
    fn values(&mut self, size: &Size, period: i64) -> Option<Vec<i64>> {
        self.spend(period.checked_mul(1 + size.terms.len() as i64)?)?;
        (1..=period).map(|n| size.eval_with(&|_| Some(n))).collect()
    }
}

/// A size as a function of its one symbol.
enum Function {
    Rising(Size),
    /// With its sign changed it rises.
    Falling(Size),
    QuasiAffine(QuasiAffine),
}

impl Function {
    /// None with products that may fall, a period above 2^16 or values beyond `i64`.
    fn new(size: &Size, symbol: &Symbol, solver: &mut Solver) -> Option<Function> {
        if size.is_too_large() {
            return None;
        }
        // A constant rises, but never gets anywhere.
        if !size.terms.is_empty() {
            let negated = size.scale(-1);
            if size.is_rising() {
                return Some(Function::Rising(size.clone()));
            }
            if negated.is_rising() {
                return Some(Function::Falling(negated));
            }
        }
        let (period, slope) = size.growth(symbol, LIMIT)?;
        Some(Function::QuasiAffine(QuasiAffine { slope, values: solver.values(size, period)? }))
    }
}

/// The first n ≥ 1 at which a rising size is at least a number; none where it cannot be computed up to there.
fn reach(size: &Size, least: i64) -> Option<i64> {
    let reached = |n: i64| Some(size.eval_with(&|_| Some(n))? >= least);
    let (mut below, mut from) = (0, 1);
    while !reached(from)? {
        (below, from) = (from, from.checked_mul(2)?);
    }
    while from - below > 1 {
        let middle = below + (from - below) / 2;
        if reached(middle)? { from = middle } else { below = middle }
    }
    Some(from)
}

/// Every size from one on.
fn from(least: i64) -> Option<SizeSet> {
    SizeSet::from_threshold(least, least, |_| false)
}

/// The sizes from `first` on and below `end`.
fn level(first: i64, end: i64) -> SizeSet {
    SizeSet::finite(if first < end { vec![(first, end - 1)] } else { Vec::new() })
}

/// A function of n ≥ 1 with f(n + period) = f(n) + slope.
struct QuasiAffine {
    slope: i64,
    /// f(1) to f(period).
    values: Vec<i64>,
}

impl QuasiAffine {
    fn period(&self) -> i64 {
        self.values.len() as i64
    }

    fn at(&self, n: i64) -> Option<i64> {
        let (periods, residue) = ((n - 1) / self.period(), (n - 1) % self.period());
        self.values[residue as usize].checked_add(self.slope.checked_mul(periods)?)
    }

    /// Where it is 0.
    fn zeros(&self) -> Option<SizeSet> {
        if self.slope == 0 {
            return SizeSet::from_fn(1, self.period(), |n| self.at(n) == Some(0));
        }
        // Each residue class passes 0 at most once.
        let mut zeros = Vec::new();
        for (n, value) in (1..).zip(&self.values) {
            let periods = value.checked_neg()?.checked_div(self.slope)?;
            if periods >= 0 && value.checked_neg()? % self.slope == 0 {
                zeros.push(periods.checked_mul(self.period())?.checked_add(n)?);
            }
        }
        zeros.sort_unstable();
        Some(SizeSet::of(&zeros))
    }

    /// Where it is at least a number.
    fn at_least(&self, least: i64) -> Option<SizeSet> {
        if self.slope == 0 {
            return SizeSet::from_fn(1, self.period(), |n| self.at(n).is_some_and(|value| value >= least));
        }
        if self.slope < 0 {
            let negated = QuasiAffine {
                slope: self.slope.checked_neg()?,
                values: self.values.iter().map(|value| value.checked_neg()).collect::<Option<_>>()?,
            };
            return Some(negated.at_least(1i64.checked_sub(least)?)?.complement());
        }
        // Each residue class is in from some member on: all are from the last of those, none before the first.
        let (mut first, mut last) = (i64::MAX, 1);
        for (n, value) in (1..).zip(&self.values) {
            let missing = least.checked_sub(*value)?.max(0);
            let periods = missing.checked_add(self.slope - 1)? / self.slope;
            let threshold = periods.checked_mul(self.period())?.checked_add(n)?;
            first = first.min(threshold);
            last = last.max(threshold);
        }
        SizeSet::from_threshold(first, last, |n| self.at(n).is_some_and(|value| value >= least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::{Env, decide};

    fn h() -> Size {
        Size::symbol("H")
    }

    fn number(value: i64) -> Size {
        Size::constant(value)
    }

    /// Knuth's MMIX generator, the high half of each state.
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: i64) -> i64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.0 >> 33) as i64 % n
        }
    }

    /// A size beside the same computation on numbers.
    struct Twin {
        size: Size,
        values: Vec<i64>,
    }

    impl Twin {
        fn symbol(up_to: i64) -> Twin {
            Twin { size: h(), values: (1..=up_to).collect() }
        }

        fn random(random: &mut Random, up_to: i64) -> Twin {
            let mut twin = Twin::symbol(up_to);
            for _ in 0..1 + random.below(5) {
                let n = 1 + random.below(4);
                twin = match random.below(6) {
                    // Divisors 1, 2, 4 and at times 3, so that the period stays far below the bound of the comparison.
                    0..3 => {
                        let divisor = [1, 2, 2, 4, 3][random.below(5) as usize];
                        let shift = random.below(9) - 4;
                        let size = twin.size.add(&number(shift)).floor_div(divisor).add(&number(1));
                        let by = divisor as f64;
                        // The floor of a quotient of small whole numbers is exact in f64.
                        let step = |value: &i64| ((*value + shift) as f64 / by).floor() as i64 + 1;
                        Twin { size, values: twin.values.iter().map(step).collect() }
                    }
                    3 => Twin { size: twin.size.scale(n), values: twin.values.iter().map(|value| value * n).collect() },
                    4 => Twin {
                        size: h().scale(n - 2).add(&twin.size),
                        values: (1..).zip(&twin.values).map(|(h, value)| h * (n - 2) + value).collect(),
                    },
                    _ => Twin {
                        size: twin.size.ceil_div(2),
                        values: twin.values.iter().map(|v| v.div_euclid(2) + v.rem_euclid(2)).collect(),
                    },
                };
            }
            twin
        }
    }

    #[test]
    fn random_relations_agree_with_counting() {
        let up_to = 4096;
        let mut random = Random(1);
        for round in 0..600 {
            let a = Twin::random(&mut random, up_to);
            let b = Twin::random(&mut random, up_to);
            let bound = random.below(200) - 20;
            let divisor = 1 + random.below(8);
            let (relation, expected): (_, Vec<bool>) = match round % 3 {
                0 => (Relation::Equal(a.size, b.size), a.values.iter().zip(&b.values).map(|(a, b)| a == b).collect()),
                1 => (
                    Relation::AtLeast(a.size.subtract(&b.size), bound),
                    a.values.iter().zip(&b.values).map(|(a, b)| a - b >= bound).collect(),
                ),
                _ => (Relation::Multiple(a.size, divisor), a.values.iter().map(|a| a % divisor == 0).collect()),
            };
            let legal = decide(&["H".into()], std::slice::from_ref(&relation));
            assert!(legal.undecided.is_empty(), "{relation}");
            if relation.symbols().is_empty() {
                assert_eq!(legal.is_empty(), !expected[0], "round {round}: {relation}");
                continue;
            }
            let set = legal.set("H").expect("H was asked for");
            for (n, expected) in (1..).zip(expected) {
                assert_eq!(set.contains(n), expected, "round {round}: {relation} at {n}: {set}");
                let env = Env::from([("H", n)]);
                assert_eq!(relation.holds(&env), Some(expected), "round {round}: {relation} at {n}");
            }
        }
    }
}
