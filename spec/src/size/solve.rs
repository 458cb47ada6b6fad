//! Where a relation in one symbol holds.
//!
//! A size in one symbol n is quasi-affine: f(n + period) = f(n) + slope, since floors, sums and multiples of such
//! functions are such again. Where f is at least a number is therefore an exact [`SizeSet`], and so is where two sizes
//! agree.

use super::set::LIMIT;
use super::{Relation, Size, SizeSet};

/// Where a relation in one symbol holds; none where that is not decided.
pub(super) fn solutions(relation: &Relation) -> Option<SizeSet> {
    match relation {
        Relation::Equal(a, b) => {
            let difference = QuasiAffine::new(&a.subtract(b))?;
            let above = difference.at_least(1)?;
            difference.at_least(0)?.intersect(&above.complement())
        }
        Relation::AtLeast(a, least) => QuasiAffine::new(a)?.at_least(*least),
        Relation::Multiple(a, divisor) => {
            if *divisor < 1 {
                return None;
            }
            // That a is a multiple of d is that ⌊a/d⌋·d reaches a.
            let rest = a.floor_div(*divisor).scale(*divisor).subtract(a);
            QuasiAffine::new(&rest)?.at_least(0)
        }
    }
}

/// A function of n ≥ 1 with f(n + period) = f(n) + slope.
struct QuasiAffine {
    slope: i64,
    /// f(1) to f(period).
    values: Vec<i64>,
}

impl QuasiAffine {
    /// A size as a function of its one symbol; none with products, a period above 2^20 or values beyond `i64`.
    fn new(size: &Size) -> Option<QuasiAffine> {
        if size.is_too_large() {
            return None;
        }
        let (period, slope) = size.growth(LIMIT)?;
        let values = (1..=period).map(|n| size.eval_with(&|_| Some(n))).collect::<Option<_>>()?;
        Some(QuasiAffine { slope, values })
    }

    fn period(&self) -> i64 {
        self.values.len() as i64
    }

    fn at(&self, n: i64) -> Option<i64> {
        let (periods, residue) = ((n - 1) / self.period(), (n - 1) % self.period());
        self.values[residue as usize].checked_add(self.slope.checked_mul(periods)?)
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
