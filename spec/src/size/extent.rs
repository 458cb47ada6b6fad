//! What a shape formula needs of a size, symbolic or concrete.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use super::{Env, Size, Symbol};

/// A size in a shape formula: an `i64` when a plan is made, a [`Size`] when a spec is checked.
pub trait Extent: Clone + PartialEq + Display {
    /// A known size.
    fn constant(value: i64) -> Self;
    /// The size where it is known.
    fn as_constant(&self) -> Option<i64>;
    /// `self + n`.
    fn plus(&self, n: i64) -> Self;
    /// `self · n`.
    fn times(&self, n: i64) -> Self;
    /// ⌊self / n⌋, rounded towards −∞; n is at least 1.
    fn floor_div(&self, n: i64) -> Self;
    /// `self + other`.
    fn sum(&self, other: &Self) -> Self;
    /// `self · other`.
    fn product(&self, other: &Self) -> Self;
}

/// Saturating, so that a size from outside cannot bring a plan to a panic.
impl Extent for i64 {
    fn constant(value: i64) -> i64 {
        value
    }
    fn as_constant(&self) -> Option<i64> {
        Some(*self)
    }
    fn plus(&self, n: i64) -> i64 {
        self.saturating_add(n)
    }
    fn times(&self, n: i64) -> i64 {
        self.saturating_mul(n)
    }
    fn floor_div(&self, n: i64) -> i64 {
        self.div_euclid(n)
    }
    fn sum(&self, other: &i64) -> i64 {
        self.saturating_add(*other)
    }
    fn product(&self, other: &i64) -> i64 {
        self.saturating_mul(*other)
    }
}

impl Extent for Size {
    fn constant(value: i64) -> Size {
        Size::constant(value)
    }
    fn as_constant(&self) -> Option<i64> {
        Size::as_constant(self)
    }
    fn plus(&self, n: i64) -> Size {
        self.add(&Size::constant(n))
    }
    fn times(&self, n: i64) -> Size {
        self.scale(n)
    }
    fn floor_div(&self, n: i64) -> Size {
        Size::floor_div(self, n)
    }
    fn sum(&self, other: &Size) -> Size {
        self.add(other)
    }
    fn product(&self, other: &Size) -> Size {
        self.multiply(other)
    }
}

/// What must hold of sizes for a network to be legal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation<E = Size> {
    /// Two sizes agree.
    Equal(E, E),
    /// A size is at least so large.
    AtLeast(E, i64),
    /// A size is a multiple.
    Multiple(E, i64),
}

impl<E: Extent> Relation<E> {
    /// Whether it holds, where that does not depend on a symbol.
    pub fn decided(&self) -> Option<bool> {
        match self {
            Relation::Equal(a, b) if a == b => Some(true),
            Relation::Equal(a, b) => Some(a.as_constant()? == b.as_constant()?),
            Relation::AtLeast(a, least) => Some(a.as_constant()? >= *least),
            Relation::Multiple(a, divisor) => is_multiple(a.as_constant()?, *divisor),
        }
    }
}

impl Relation {
    /// Whether it holds; none where a symbol has no value or a number leaves the range of `i64`.
    pub fn holds(&self, env: &Env) -> Option<bool> {
        match self {
            Relation::Equal(a, b) => Some(a.eval(env)? == b.eval(env)?),
            Relation::AtLeast(a, least) => Some(a.eval(env)? >= *least),
            Relation::Multiple(a, divisor) => is_multiple(a.eval(env)?, *divisor),
        }
    }

    /// Whether a size in it is too large to be computed.
    pub fn is_too_large(&self) -> bool {
        match self {
            Relation::Equal(a, b) => a.is_too_large() || b.is_too_large(),
            Relation::AtLeast(a, _) | Relation::Multiple(a, _) => a.is_too_large(),
        }
    }

    /// The symbols that it depends on.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        match self {
            Relation::Equal(a, b) => a.symbols().into_iter().chain(b.symbols()).collect(),
            Relation::AtLeast(a, _) | Relation::Multiple(a, _) => a.symbols(),
        }
    }

    /// The relation with symbols replaced, all at once; those that the map lacks stay.
    pub fn substitute(&self, sizes: &BTreeMap<Symbol, Size>) -> Relation {
        match self {
            Relation::Equal(a, b) => Relation::Equal(a.substitute(sizes), b.substitute(sizes)),
            Relation::AtLeast(a, least) => Relation::AtLeast(a.substitute(sizes), *least),
            Relation::Multiple(a, divisor) => Relation::Multiple(a.substitute(sizes), *divisor),
        }
    }
}

/// Whether a number is a multiple; none for a divisor below 1.
fn is_multiple(value: i64, divisor: i64) -> Option<bool> {
    (divisor > 0).then(|| value % divisor == 0)
}

impl<E: Extent> Display for Relation<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Relation::Equal(a, b) => write!(f, "{a} = {b}"),
            Relation::AtLeast(a, least) => write!(f, "{a} >= {least}"),
            Relation::Multiple(a, divisor) => write!(f, "{a} is a multiple of {divisor}"),
        }
    }
}
