//! Which sizes a network is legal at.

use std::collections::BTreeSet;
use std::{error, fmt};

use serde::{Deserialize, Serialize};

use super::solve::solutions;
use super::{Env, Relation, SizeSet, Symbol};

/// The sizes at which a network is legal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Legal {
    /// For each symbol the values that its own relations allow.
    pub sets: Vec<(Symbol, SizeSet)>,
    /// Relations that join symbols; they are checked for each run.
    pub joint: Vec<Relation>,
    /// Relations in one symbol that no set was found for (products of sizes, periods above 2^20); they are checked for
    /// each run.
    pub undecided: Vec<Relation>,
}

/// Decides where relations hold: exactly for those in one symbol, the others are kept to be checked for each run.
///
/// Every one of `symbols` gets a set, and so does any other symbol that a relation restricts. A relation that never holds
/// for want of symbols is kept among the joint ones and makes the result empty.
pub fn decide(symbols: &[Symbol], relations: &[Relation]) -> Legal {
    let mut legal = Legal {
        sets: symbols.iter().map(|symbol| (symbol.clone(), SizeSet::all())).collect(),
        joint: Vec::new(),
        undecided: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for relation in relations.iter().filter(|relation| seen.insert(*relation)) {
        let symbols = relation.symbols();
        if relation.is_too_large() {
            legal.undecided.push(relation.clone());
        } else if relation.decided() == Some(true) {
            continue;
        } else if symbols.len() == 1
            && let Some(symbol) = symbols.first()
        {
            legal.restrict(symbol, relation);
        } else {
            legal.joint.push(relation.clone());
        }
    }
    legal
}

impl Legal {
    /// The sizes that a symbol's own relations allow.
    pub fn set(&self, symbol: &str) -> Option<&SizeSet> {
        self.sets.iter().find(|(own, _)| own.as_str() == symbol).map(|(_, set)| set)
    }

    /// Whether no sizes are legal, as far as that is decided.
    pub fn is_empty(&self) -> bool {
        self.sets.iter().any(|(_, set)| set.is_empty())
            || self.joint.iter().any(|relation| relation.decided() == Some(false))
    }

    /// Whether the network is legal at these sizes.
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
                    return Err(Illegal::Relation { relation: relation.clone(), at: at().collect() });
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
        let relations = self.joint.iter().chain(&self.undecided).map(Relation::to_string);
        sets.chain(relations).collect()
    }

    fn restrict(&mut self, symbol: &Symbol, relation: &Relation) {
        let at = match self.sets.iter().position(|(own, _)| own == symbol) {
            Some(at) => at,
            None => {
                self.sets.push((symbol.clone(), SizeSet::all()));
                self.sets.len() - 1
            }
        };
        match solutions(relation).and_then(|set| self.sets[at].1.intersect(&set)) {
            Some(set) => self.sets[at].1 = set,
            None => self.undecided.push(relation.clone()),
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

impl error::Error for Illegal {}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Illegal::Size { symbol, found, legal } => {
                write!(f, "{symbol} = {found} is not legal")?;
                match legal.nearest(*found) {
                    (Some(below), Some(above)) => {
                        write!(f, ": the nearest legal sizes are {below} and {above}")?;
                    }
                    (Some(near), None) | (None, Some(near)) => {
                        write!(f, ": the nearest legal size is {near}")?;
                    }
                    (None, None) => {}
                }
                write!(f, " ({})", legal.describe(symbol.as_str()))
            }
            Illegal::Relation { relation, at } => {
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
        let area = Relation::Equal(h().multiply(&h()), number(49));
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
        assert_eq!(legal.joint, [joint]);
        assert_eq!(legal.check(&Env::from([("H", 9), ("W", 5)])), Ok(()));
        assert!(legal.check(&Env::from([("H", 9), ("W", 4)])).is_err());
    }

    #[test]
    fn refusals_say_what_would_do() {
        let mut relations = pyramid(4, 32);
        relations.push(Relation::Equal(h(), Size::symbol("W")));
        relations.push(Relation::AtLeast(Size::symbol("W").multiply(&h()), 5));
        let legal = decide(&["H".into(), "W".into()], &relations);
        let cases: [(&[(&str, i64)], &str); 5] = [
            (
                &[("H", 230), ("W", 1)],
                "H = 230 is not legal: the nearest legal sizes are 224 and 253 (H mod 32 in {0, 29..31})",
            ),
            (&[("H", 0), ("W", 1)], "H = 0 is not legal: the nearest legal size is 29 (H mod 32 in {0, 29..31})"),
            (&[("H", 32), ("W", 64)], "H = W does not hold at H = 32, W = 64: 32 against 64"),
            (&[("H", 32)], "W has no value; give one"),
            (
                &[("H", 1 << 40), ("W", 1 << 40)],
                "H*W >= 5 cannot be computed at H = 1099511627776, W = 1099511627776: a number does not fit \
                 64 bits; use smaller sizes",
            ),
        ];
        for (env, message) in cases {
            let refused = legal.check(&env.iter().copied().collect()).map_err(|e| e.to_string());
            assert_eq!(refused, Err(message.to_string()));
        }
        assert_eq!(legal.check(&Env::from([("H", 64), ("W", 64)])), Ok(()));
        let empty = decide_h(&[Relation::Equal(h().scale(2), number(7))]);
        let refused = empty.check(&Env::from([("H", 3)])).map_err(|e| e.to_string());
        assert_eq!(refused, Err("H = 3 is not legal (no H)".to_string()));
    }

    #[test]
    fn other_symbols_and_bad_divisors() {
        let batch = Relation::AtLeast(Size::symbol("B"), 2);
        let legal = decide(&["H".into()], &[batch, Relation::Multiple(h(), 0)]);
        assert_eq!(legal.describe(), ["every H", "B >= 2", "H is a multiple of 0"]);
        assert_eq!(legal.undecided.len(), 1);
    }
}
