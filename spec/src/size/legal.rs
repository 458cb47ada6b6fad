//! Which sizes a network is legal at.

use std::collections::{BTreeMap, BTreeSet};
use std::{error, fmt};

use serde::{Deserialize, Serialize};

use super::joint::project;
use super::solve::Solver;
use super::{Env, Relation, Size, SizeSet, Symbol};

/// The sizes at which a network is legal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Legal {
    /// For each symbol the values at which the network is legal, with some values of the others. What is undecided is left
    /// out of account.
    pub sets: Vec<(Symbol, SizeSet)>,
    /// Relations that join symbols and are decided; which of the values go together they say for each run.
    pub joint: Vec<Relation>,
    /// Relations that are not decided, as that would take too much work or is not known to the solver; they are checked for
    /// each run.
    pub undecided: Vec<Relation>,
}

/// Decides where relations hold together, exactly; what is not decided within a bound on the work is said to be undecided.
///
/// Every one of `symbols` gets a set, and so does any other symbol that a relation restricts. A relation that never holds
/// for want of symbols is kept among the joint ones and makes the result empty.
pub fn decide(symbols: &[Symbol], relations: &[Relation]) -> Legal {
    let mut legal = Legal {
        sets: symbols.iter().map(|symbol| (symbol.clone(), SizeSet::all())).collect(),
        joint: Vec::new(),
        undecided: Vec::new(),
    };
    let mut solver = Solver::new();
    let mut seen = BTreeSet::new();
    let (mut single, mut several) = (Vec::new(), Vec::new());
    for relation in relations.iter().filter(|relation| seen.insert(*relation)) {
        let symbols = relation.symbols();
        if relation.is_too_large() {
            legal.undecided.push(relation.clone());
        } else if relation.decided() == Some(true) {
            continue;
        } else if symbols.len() == 1
            && let Some(symbol) = symbols.first().cloned()
        {
            match solver.solutions(relation).and_then(|set| solver.intersect(&legal.set_or_all(&symbol), &set)) {
                Some(both) => {
                    legal.put(&symbol, both);
                    single.push((symbol, relation.clone()));
                }
                None => legal.undecided.push(relation.clone()),
            }
        } else if symbols.is_empty() {
            legal.joint.push(relation.clone());
        } else {
            several.push((symbols, relation.clone()));
        }
    }
    // What holds from the least legal size of each symbol on is said by their sets: tokens of at least one patch.
    let implied = |relation: &Relation| match relation {
        Relation::AtLeast(size, least) => {
            let from = |symbol: &Symbol| legal.set_or_all(symbol).pad_to(1).unwrap_or(1);
            size.least(&from).is_some_and(|found| found >= *least)
        }
        _ => false,
    };
    several.retain(|(_, relation)| !implied(relation));
    for (symbols, mut relations) in groups(several) {
        let joint = relations.clone();
        relations.extend(single.iter().filter(|(own, _)| symbols.contains(own)).map(|(_, relation)| relation.clone()));
        match project(&symbols, &relations, &mut solver) {
            Some(sets) => {
                legal.joint.extend(joint);
                sets.into_iter().for_each(|(symbol, set)| legal.put(&symbol, set));
            }
            None => legal.undecided.extend(joint),
        }
    }
    legal
}

/// Relations that have symbols in common, directly or through others, with all their symbols.
fn groups(relations: Vec<(BTreeSet<Symbol>, Relation)>) -> Vec<(BTreeSet<Symbol>, Vec<Relation>)> {
    let mut groups: Vec<(BTreeSet<Symbol>, Vec<Relation>)> = Vec::new();
    for (mut symbols, relation) in relations {
        let (touched, apart) = groups.into_iter().partition(|(others, _)| !others.is_disjoint(&symbols));
        groups = apart;
        let mut relations = Vec::new();
        for (others, earlier) in touched {
            symbols.extend(others);
            relations.extend(earlier);
        }
        relations.push(relation);
        groups.push((symbols, relations));
    }
    groups
}

impl Legal {
    /// The values of a symbol at which the network is legal, with some values of the others.
    pub fn set(&self, symbol: &str) -> Option<&SizeSet> {
        self.sets.iter().find(|(own, _)| own.as_str() == symbol).map(|(_, set)| set)
    }

    /// Whether no sizes are legal, as far as that is decided.
    pub fn is_empty(&self) -> bool {
        self.sets.iter().any(|(_, set)| set.is_empty())
            || self.joint.iter().any(|relation| relation.decided() == Some(false))
    }

    /// Whether each symbol has its legal values whatever the others are, so that the sets say all there is.
    pub fn is_separate(&self) -> bool {
        self.joint.is_empty() && self.undecided.is_empty()
    }

    /// The legal values of a symbol where all others have the values of `env`; none where that is not decided.
    pub fn set_at(&self, symbol: &Symbol, env: &Env) -> Option<SizeSet> {
        let others: BTreeMap<Symbol, Size> = env
            .iter()
            .filter(|(other, _)| *other != symbol)
            .map(|(other, value)| (other.clone(), Size::constant(value)))
            .collect();
        let mut set = self.set_or_all(symbol).clone();
        let mut solver = Solver::new();
        for relation in self.joint.iter().chain(&self.undecided) {
            let relation = relation.substitute(&others);
            match relation.decided() {
                Some(true) => {}
                Some(false) => return Some(SizeSet::none()),
                None if relation.symbols().iter().eq([symbol]) => set = set.intersect(&solver.solutions(&relation)?)?,
                None => {}
            }
        }
        Some(set)
    }

    /// Whether the network is legal at these sizes, without the reason.
    pub fn allows(&self, env: &Env) -> bool {
        let within = |(symbol, set): &(Symbol, SizeSet)| env.get(symbol.as_str()).is_some_and(|n| set.contains(n));
        self.sets.iter().all(within)
            && self.joint.iter().chain(&self.undecided).all(|relation| relation.holds(env) == Some(true))
    }

    /// Whether the network is legal at these sizes.
    ///
    /// # Errors
    /// What is illegal, with the nearest sizes that are legal.
    pub fn check(&self, env: &Env) -> Result<(), Illegal> {
        for (symbol, set) in &self.sets {
            let found = env.get(symbol.as_str()).ok_or_else(|| Illegal::Missing(symbol.clone()))?;
            if !set.contains(found) {
                return Err(Illegal::Size { symbol: symbol.clone(), found, legal: set.clone() });
            }
        }
        for relation in self.joint.iter().chain(&self.undecided) {
            let at = || {
                relation.symbols().into_iter().filter_map(|symbol| {
                    let value = env.get(symbol.as_str())?;
                    Some((symbol, value))
                })
            };
            match relation.holds(env) {
                Some(true) => {}
                Some(false) => {
                    let instead = |symbol| self.instead(symbol, env);
                    let instead = relation.symbols().iter().filter_map(instead).collect();
                    return Err(Illegal::Relation { relation: relation.clone(), at: at().collect(), instead });
                }
                None => {
                    let missing = relation.symbols().into_iter().find(|own| env.get(own.as_str()).is_none());
                    return Err(match missing {
                        Some(symbol) => Illegal::Missing(symbol),
                        None => Illegal::TooLarge { relation: relation.clone(), at: at().collect() },
                    });
                }
            }
        }
        Ok(())
    }

    /// Each condition in words: what every symbol may be, then the joint relations and the undecided ones.
    pub fn describe(&self) -> Vec<String> {
        let sets = self.sets.iter().map(|(symbol, set)| set.describe(symbol.as_str()));
        let joint = self.joint.iter().map(Relation::to_string);
        let undecided = self.undecided.iter().map(|relation| format!("undecided: {relation}"));
        sets.chain(joint).chain(undecided).collect()
    }

    /// [`Legal::describe`] with some members beside what they are of.
    pub fn describe_with_examples(&self) -> Vec<String> {
        let mut texts = self.describe();
        for (text, (_, set)) in texts.iter_mut().zip(&self.sets) {
            let examples: Vec<String> = set.examples().iter().map(i64::to_string).collect();
            if !examples.is_empty() {
                *text += &format!(" (such as {})", examples.join(", "));
            }
        }
        texts
    }

    /// The legal value of a symbol nearest to the one that it has, where the others stay.
    fn instead(&self, symbol: &Symbol, env: &Env) -> Option<(Symbol, i64)> {
        let near = nearest(&self.set_at(symbol, env)?, env.get(symbol.as_str())?)?;
        Some((symbol.clone(), near))
    }

    fn set_or_all(&self, symbol: &Symbol) -> SizeSet {
        self.set(symbol.as_str()).cloned().unwrap_or_else(SizeSet::all)
    }

    /// Gives a symbol its set; one that was not asked for has one only where it is restricted.
    fn put(&mut self, symbol: &Symbol, set: SizeSet) {
        match self.sets.iter_mut().find(|(own, _)| own == symbol) {
            Some((_, own)) => *own = set,
            None if set.is_all() => {}
            None => self.sets.push((symbol.clone(), set)),
        }
    }
}

/// Why a network is not legal at some sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum Illegal {
    /// A symbol has a value that is not legal.
    Size {
        /// The symbol.
        symbol: Symbol,
        /// Its value.
        found: i64,
        /// What it may be.
        legal: SizeSet,
    },
    /// A relation does not hold.
    Relation {
        /// The relation.
        relation: Relation,
        /// The values of its symbols.
        at: Env,
        /// For each symbol the nearest value that is legal beside the others', where there is one.
        instead: Vec<(Symbol, i64)>,
    },
    /// A symbol has no value.
    Missing(Symbol),
    /// A relation cannot be computed since a number leaves the range of `i64`.
    TooLarge {
        /// The relation.
        relation: Relation,
        /// The values of its symbols.
        at: Env,
    },
}

impl Illegal {
    /// The least change that would do: `H = 224`.
    pub fn suggestion(&self) -> Option<String> {
        let (symbol, near) = match self {
            Illegal::Size { symbol, found, legal } => (symbol, nearest(legal, *found)?),
            Illegal::Relation { instead, .. } => instead.first().map(|(symbol, near)| (symbol, *near))?,
            Illegal::Missing(_) | Illegal::TooLarge { .. } => return None,
        };
        Some(format!("{symbol} = {near}"))
    }
}

impl error::Error for Illegal {}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Illegal::Size { symbol, found, legal } => {
                write!(f, "{symbol} = {found} is not legal")?;
                write_advice(f, *found, legal)?;
                write!(f, " ({})", legal.describe(symbol.as_str()))
            }
            Illegal::Relation { relation, at, instead } => {
                write!(f, "{relation} does not hold")?;
                write_at(f, at)?;
                match relation {
                    Relation::Equal(a, b) => {
                        if let (Some(a), Some(b)) = (a.eval(at), b.eval(at)) {
                            write!(f, ": {a} against {b}")?;
                        }
                    }
                    Relation::AtLeast(a, _) | Relation::Multiple(a, _) => {
                        if let Some(a) = a.eval(at) {
                            write!(f, ": it is {a}")?;
                        }
                    }
                }
                for (position, (symbol, value)) in instead.iter().enumerate() {
                    let start = if position == 0 { "; legal is" } else { " or" };
                    write!(f, "{start} {symbol} = {value}")?;
                }
                Ok(())
            }
            Illegal::Missing(symbol) => write!(f, "{symbol} has no value; give one"),
            Illegal::TooLarge { relation, at } => {
                write!(f, "{relation} cannot be computed")?;
                write_at(f, at)?;
                f.write_str(": a number does not fit 64 bits; use smaller sizes")
            }
        }
    }
}

/// The member next to a size, the smaller one of two.
fn nearest(set: &SizeSet, n: i64) -> Option<i64> {
    match set.nearest(n) {
        (Some(below), Some(above)) if n - below <= above - n => Some(below),
        (below, above) => above.or(below),
    }
}

/// `: the nearest legal sizes are 224 and 253; pad by 23 (11 before, 12 after) or crop by 6`, or nothing without any.
fn write_advice(f: &mut fmt::Formatter<'_>, found: i64, legal: &SizeSet) -> fmt::Result {
    let (below, above) = legal.nearest(found);
    match (below, above) {
        (Some(below), Some(above)) => write!(f, ": the nearest legal sizes are {below} and {above}; ")?,
        (Some(near), None) | (None, Some(near)) => write!(f, ": the nearest legal size is {near}; ")?,
        (None, None) => return Ok(()),
    }
    if let Some(missing) = above.and_then(|above| above.checked_sub(found)) {
        write!(f, "pad by {missing}")?;
        if missing > 1 {
            write!(f, " ({} before, {} after)", missing / 2, missing - missing / 2)?;
        }
    }
    match below {
        Some(below) if above.is_some() => write!(f, " or crop by {}", found - below),
        Some(below) => write!(f, "crop by {}", found - below),
        None => Ok(()),
    }
}

/// ` at H = 3, W = 4`, or nothing without symbols.
fn write_at(f: &mut fmt::Formatter<'_>, at: &Env) -> fmt::Result {
    for (position, (symbol, value)) in at.iter().enumerate() {
        write!(f, "{}{symbol} = {value}", if position == 0 { " at " } else { ", " })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    fn h() -> Size {
        Size::symbol("H")
    }

    fn number(value: i64) -> Size {
        Size::constant(value)
    }

    fn decide_h(relations: &[Relation]) -> Legal {
        decide(&["H".into()], relations)
    }

    fn set_of(relations: &[Relation]) -> SizeSet {
        let legal = decide_h(relations);
        assert!(legal.joint.is_empty() && legal.undecided.is_empty(), "{legal:?}");
        legal.set("H").expect("H was asked for").clone()
    }

    /// What a pyramid over strides `fine` to `coarse` with 2× up-sampling asks of H: each level is twice the next.
    fn pyramid(fine: i64, coarse: i64) -> Vec<Relation> {
        let strides = std::iter::successors(Some(fine), |stride| Some(stride * 2));
        let pair = |stride: i64| Relation::Equal(h().ceil_div(stride * 2).scale(2), h().ceil_div(stride));
        strides.take_while(|stride| *stride < coarse).map(pair).collect()
    }

    #[test]
    fn the_pyramids_of_the_documents() {
        let residues = |residues: &[i64], modulus| SizeSet::from_residues(residues, modulus);
        // ResNet-50 and an FPN over C2 to C5; MSFE-FPN over C3 to C5.
        assert_eq!(Some(set_of(&pyramid(4, 32))), residues(&[0, 29, 30, 31], 32));
        assert_eq!(Some(set_of(&pyramid(8, 32))), residues(&[0, 25, 26, 27, 28, 29, 30, 31], 32));
        assert_eq!(Some(set_of(&[Relation::Multiple(h(), 8)])), residues(&[0], 8));
        assert_eq!(set_of(&pyramid(4, 32)).describe("H"), "H mod 32 in {0, 29..31}");
    }

    #[test]
    fn finite_empty_and_full_sets() {
        let cases = [
            (Relation::Equal(h(), number(224)), "H in {224}"),
            (Relation::Equal(h().ceil_div(32), number(7)), "H in {193..224}"),
            (Relation::Equal(h().scale(2), number(7)), "no H"),
            (Relation::Equal(h().floor_div(2).scale(2).add(&number(1)), h().ceil_div(2).scale(2)), "no H"),
            (Relation::Equal(h().floor_div(2).add(&h().ceil_div(2)), h()), "every H"),
            (Relation::AtLeast(h(), 1), "every H"),
            (Relation::AtLeast(h().floor_div(3), 4), "H >= 12"),
            (Relation::AtLeast(h().scale(-1), -5), "H in {1..5}"),
            (Relation::Multiple(h().add(&number(3)), 8), "H mod 8 in {5}"),
            (Relation::AtLeast(h(), 1 << 50), "H >= 1125899906842624"),
        ];
        for (relation, text) in cases {
            assert_eq!(set_of(std::slice::from_ref(&relation)).describe("H"), text, "{relation}");
        }
        let apart = [Relation::Equal(h(), number(8)), Relation::Multiple(h(), 32)];
        assert!(decide_h(&apart).is_empty());
        assert!(decide_h(&[Relation::Equal(number(1), number(2))]).is_empty());
        assert!(!decide_h(&[Relation::Equal(number(2), number(2))]).is_empty());
    }

    #[test]
    fn what_is_not_decided_is_checked() {
        let area = Relation::Equal(h().multiply(&h()), h().scale(7).add(&number(1)));
        let long = Relation::Multiple(h(), 1_000_003 * 7);
        let huge = Relation::Equal(number(i64::MAX), number(i64::MAX));
        let joint = Relation::Equal(h().ceil_div(2), Size::symbol("W"));
        let symbols = ["H".into(), "W".into()];
        for relation in [area, long, huge] {
            let legal = decide(&symbols, std::slice::from_ref(&relation));
            assert_eq!(legal.undecided, std::slice::from_ref(&relation));
            assert!(legal.sets.iter().all(|(_, set)| set.is_all()));
            assert!(legal.check(&Env::from([("H", 5), ("W", 5)])).is_err(), "{relation}");
        }
        let legal = decide(&symbols, std::slice::from_ref(&joint));
        assert_eq!((legal.joint.as_slice(), legal.undecided.is_empty()), ([joint].as_slice(), true));
        assert_eq!(legal.check(&Env::from([("H", 9), ("W", 5)])), Ok(()));
        assert!(legal.check(&Env::from([("H", 9), ("W", 4)])).is_err());
    }

    #[test]
    fn refusals_say_what_would_do() {
        let mut relations = pyramid(4, 32);
        relations.push(Relation::Equal(h(), Size::symbol("W")));
        let legal = decide(&["H".into(), "W".into()], &relations);
        let cases: [(&[(&str, i64)], &str); 4] = [
            (
                &[("H", 230), ("W", 1)],
                "H = 230 is not legal: the nearest legal sizes are 224 and 253; pad by 23 (11 before, 12 after) or crop by 6 \
                 (H mod 32 in {0, 29..31})",
            ),
            (
                &[("H", 0), ("W", 1)],
                "H = 0 is not legal: the nearest legal size is 29; pad by 29 (14 before, 15 after) \
                 (H mod 32 in {0, 29..31})",
            ),
            (
                &[("H", 32), ("W", 64)],
                "H = W does not hold at H = 32, W = 64: 32 against 64; legal is H = 64 or W = 32",
            ),
            (&[("H", 32)], "W has no value; give one"),
        ];
        for (env, message) in cases {
            let refused = legal.check(&env.iter().copied().collect()).map_err(|e| e.to_string());
            assert_eq!(refused, Err(message.to_string()));
        }
        assert_eq!(legal.check(&Env::from([("H", 64), ("W", 64)])), Ok(()));
        let area = decide(&["H".into(), "W".into()], &[Relation::AtLeast(Size::symbol("W").multiply(&h()), 5)]);
        let refused = area.check(&Env::from([("H", 1 << 40), ("W", 1 << 40)])).map_err(|e| e.to_string());
        let message = "H*W >= 5 cannot be computed at H = 1099511627776, W = 1099511627776: a number does not fit 64 bits; use \
                       smaller sizes";
        assert_eq!(refused, Err(message.to_string()));
        let empty = decide_h(&[Relation::Equal(h().scale(2), number(7))]);
        let refused = empty.check(&Env::from([("H", 3)])).map_err(|e| e.to_string());
        assert_eq!(refused, Err("H = 3 is not legal (no H)".to_string()));
    }

    /// Tokens of patches and one more: some, wherever there is a patch along either side.
    #[test]
    fn what_the_least_sizes_imply_is_said_by_their_sets() {
        let w = || Size::symbol("W");
        let patches = h().floor_div(14).multiply(&w().floor_div(14));
        let tokens = |least| Relation::AtLeast(patches.add(&number(1)), least);
        let sides = [Relation::AtLeast(h(), 14), Relation::AtLeast(w(), 28)];
        let symbols = ["H".into(), "W".into()];
        let of = |relation: Relation| decide(&symbols, &[&[relation], &sides[..]].concat());
        let implied = of(tokens(3));
        assert_eq!((implied.describe(), implied.is_separate()), (vec!["H >= 14".into(), "W >= 28".into()], true));
        assert!(!of(tokens(4)).is_separate());
    }

    #[test]
    fn joint_relations_by_hand() {
        let w = || Size::symbol("W");
        let cells = |n| Relation::Equal(number(n), h().ceil_div(32).multiply(&w().ceil_div(32)).scale(512));
        let cases: [(&[Relation], [&str; 2]); 12] = [
            (&[Relation::Equal(h(), w())], ["every H", "every W"]),
            (&[Relation::Equal(h(), w()), Relation::Multiple(h(), 8)], ["H mod 8 in {0}", "W mod 8 in {0}"]),
            (&[Relation::Equal(h().scale(2), w())], ["every H", "W mod 2 in {0}"]),
            (&[Relation::Equal(h().scale(3), w().scale(5))], ["H mod 5 in {0}", "W mod 3 in {0}"]),
            (&[Relation::Equal(h().ceil_div(2), w().ceil_div(3).add(&number(1)))], ["H >= 3", "every W"]),
            // 25088 = 512·49, as VGG's classifier has it.
            (&[cells(25_088)], ["H in {1..32, 193..224, 1537..1568}", "W in {1..32, 193..224, 1537..1568}"]),
            (&[cells(25_088), Relation::Equal(h(), w())], ["H in {193..224}", "W in {193..224}"]),
            (&[cells(25_089)], ["no H", "no W"]),
            (&[Relation::Equal(h().scale(2), w().scale(2).add(&number(1)))], ["no H", "no W"]),
            (
                &[
                    Relation::Multiple(h().multiply(&w()), 4),
                    Relation::Equal(h().floor_div(2).scale(2).add(&number(1)), h()),
                ],
                ["H mod 2 in {1}", "W mod 4 in {0}"],
            ),
            (&[Relation::AtLeast(h().add(&w()), 5), Relation::AtLeast(h().scale(-1), -2)], ["H in {1, 2}", "W >= 3"]),
            // (H − 2)·(W − 2) = 6 without a factor in sight.
            (
                &[Relation::Equal(h().multiply(&w()), h().scale(2).add(&w().scale(2)).add(&number(2)))],
                ["H in {3..5, 8}", "W in {3..5, 8}"],
            ),
        ];
        for (relations, expected) in cases {
            let legal = decide(&["H".into(), "W".into()], relations);
            assert!(legal.undecided.is_empty(), "{relations:?}");
            let sets: Vec<String> = legal.sets.iter().map(|(symbol, set)| set.describe(symbol.as_str())).collect();
            assert_eq!(sets, expected, "{relations:?}");
            assert_eq!(legal.is_empty(), expected[0] == "no H");
        }
    }

    /// Periods without a common factor: the work would grow with their product, and it is bounded.
    #[test]
    fn coprime_periods_are_undecided() {
        let primes = [997, 1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051];
        let rounded = |size: Size, prime: i64| size.ceil_div(prime).scale(prime);
        let w = || Size::symbol("W");
        let far = primes.windows(2).map(|pair| Relation::Equal(rounded(h(), pair[0]), rounded(h(), pair[1])));
        let joint = primes.windows(2).map(|pair| Relation::Equal(rounded(h(), pair[0]), rounded(w(), pair[1])));
        let nested = primes.map(|prime| Relation::Multiple(h().floor_div(prime).multiply(&w()), prime));
        for relations in [far.collect::<Vec<_>>(), joint.collect(), nested.to_vec()] {
            let legal = decide(&["H".into(), "W".into()], &relations);
            assert!(!legal.undecided.is_empty());
            assert!(legal.describe().iter().any(|text| text.starts_with("undecided: ")));
            let (at, off) = (relations[0].clone(), Env::from([("H", 2 * 997), ("W", 3)]));
            assert_eq!(legal.allows(&off), relations.iter().all(|relation| relation.holds(&off) == Some(true)), "{at}");
        }
    }

    #[test]
    fn other_symbols_and_bad_divisors() {
        let batch = Relation::AtLeast(Size::symbol("B"), 2);
        let legal = decide(&["H".into()], &[batch, Relation::Multiple(h(), 0)]);
        assert_eq!(legal.describe(), ["every H", "B >= 2", "undecided: H is a multiple of 0"]);
        assert_eq!(legal.undecided.len(), 1);
    }
}
