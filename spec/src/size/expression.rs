//! Sizes as expressions of symbols, in a canonical form.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Env, Symbol};
use crate::bounds;

/// A size: `constant + Σ coefficient·atom`, where an atom is a symbol, a floor division or a product of such.
///
/// The form is canonical as far as it goes: products are distributed over sums, a floor keeps nothing that its divisor
/// divides, and a floor of a floor is one floor, so that ⌈⌈H/2⌉/2⌉ and ⌈H/4⌉ are equal. Sizes that are equal at every
/// value may still differ in form (⌊H/2⌋ + ⌈H/2⌉ and H); [`decide`](super::decide) sees through that.
///
/// Arithmetic that leaves the range of `i64`, or [`bounds::ATOMS`], gives a size that is too large: it stays so under every operation and has no
/// value ([`Size::is_too_large`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Sorted by atom, no coefficient 0.
    pub(super) terms: Vec<(Atom, i64)>,
    pub(super) constant: i64,
}

/// An integer that a term multiplies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Atom {
    Symbol(Symbol),
    /// ⌊numerator/divisor⌋ with the divisor above 1 and the numerator's constant from 0 to divisor − 1.
    Floor {
        numerator: Size,
        divisor: i64,
    },
    /// Two or more factors, sorted, none a product.
    Product(Vec<Atom>),
}

impl Size {
    /// A known size. `i64::MAX` stands for a size that is too large.
    pub fn constant(value: i64) -> Size {
        Size { terms: Vec::new(), constant: value }
    }

    /// A free size.
    pub fn symbol(name: impl Into<Symbol>) -> Size {
        Size { terms: vec![(Atom::Symbol(name.into()), 1)], constant: 0 }
    }

    fn too_large() -> Size {
        Size::constant(i64::MAX)
    }

    /// Whether computing it left the range of `i64`, or it was divided by less than 1.
    pub fn is_too_large(&self) -> bool {
        self.terms.is_empty() && self.constant == i64::MAX
    }

    /// The size where it depends on no symbol.
    pub fn as_constant(&self) -> Option<i64> {
        (self.terms.is_empty() && !self.is_too_large()).then_some(self.constant)
    }

    /// The symbol where it is nothing but one.
    pub fn as_symbol(&self) -> Option<&Symbol> {
        match self.terms.as_slice() {
            [(Atom::Symbol(symbol), 1)] if self.constant == 0 => Some(symbol),
            _ => None,
        }
    }

    /// `self + other`.
    pub fn add(&self, other: &Size) -> Size {
        self.plus_scaled(other, 1).unwrap_or_else(Size::too_large)
    }

    /// `self − other`.
    pub fn subtract(&self, other: &Size) -> Size {
        self.plus_scaled(other, -1).unwrap_or_else(Size::too_large)
    }

    /// `self · factor`.
    pub fn scale(&self, factor: i64) -> Size {
        Size::constant(0).plus_scaled(self, factor).unwrap_or_else(Size::too_large)
    }

    /// `self · other`, distributed over both sums.
    pub fn multiply(&self, other: &Size) -> Size {
        self.times(other).unwrap_or_else(Size::too_large)
    }

    /// ⌊self / divisor⌋, rounded towards −∞; the divisor is at least 1.
    pub fn floor_div(&self, divisor: i64) -> Size {
        self.floor(divisor).unwrap_or_else(Size::too_large)
    }

    /// ⌈self / divisor⌉; the divisor is at least 1.
    pub fn ceil_div(&self, divisor: i64) -> Size {
        self.add(&Size::constant(divisor.saturating_sub(1))).floor_div(divisor)
    }

    /// How many symbols, floors and products it is written with.
    pub(crate) fn weight(&self) -> usize {
        self.terms.iter().map(|(atom, _)| atom.weight()).sum()
    }

    /// The symbols that it depends on.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        let mut symbols = BTreeSet::new();
        self.visit_symbols(&mut |symbol| {
            symbols.insert(symbol.clone());
        });
        symbols
    }

    /// Its value; none where a symbol has no value or a number leaves the range of `i64`.
    pub fn eval(&self, env: &Env) -> Option<i64> {
        self.eval_with(&|symbol| env.get(symbol.as_str()))
    }

    /// [`Size::eval`] with the symbols' values from a function.
    pub(super) fn eval_with(&self, value: &impl Fn(&Symbol) -> Option<i64>) -> Option<i64> {
        if self.is_too_large() {
            return None;
        }
        self.terms.iter().try_fold(self.constant, |sum, (atom, coefficient)| {
            sum.checked_add(atom.eval_with(value)?.checked_mul(*coefficient)?)
        })
    }

    /// The size with symbols replaced, all at once; those that the map lacks stay.
    pub fn substitute(&self, sizes: &BTreeMap<Symbol, Size>) -> Size {
        self.terms.iter().fold(Size::constant(self.constant), |sum, (atom, coefficient)| {
            sum.add(&atom.substitute(sizes).scale(*coefficient))
        })
    }

    /// Adds like terms.
    fn collect(terms: impl IntoIterator<Item = (Atom, i64)>, constant: i64) -> Option<Size> {
        let mut sums = BTreeMap::<Atom, i64>::new();
        for (atom, coefficient) in terms {
            let sum = sums.entry(atom).or_default();
            *sum = sum.checked_add(coefficient)?;
        }
        sums.retain(|_, coefficient| *coefficient != 0);
        let size = Size { terms: sums.into_iter().collect(), constant };
        (size.weight() <= bounds::ATOMS).then_some(size)
    }

    fn plus_scaled(&self, other: &Size, factor: i64) -> Option<Size> {
        if self.is_too_large() || other.is_too_large() {
            return None;
        }
        let mut terms = self.terms.clone();
        for (atom, coefficient) in &other.terms {
            terms.push((atom.clone(), coefficient.checked_mul(factor)?));
        }
        Size::collect(terms, self.constant.checked_add(other.constant.checked_mul(factor)?)?)
    }

    fn times(&self, other: &Size) -> Option<Size> {
        if self.is_too_large() || other.is_too_large() {
            return None;
        }
        if self.terms.len() * other.terms.len() > bounds::ATOMS {
            return None;
        }
        let mut terms = Vec::new();
        for (atom, coefficient) in &self.terms {
            terms.push((atom.clone(), coefficient.checked_mul(other.constant)?));
            for (factor, scale) in &other.terms {
                terms.push((atom.times(factor), coefficient.checked_mul(*scale)?));
            }
        }
        for (atom, coefficient) in &other.terms {
            terms.push((atom.clone(), coefficient.checked_mul(self.constant)?));
        }
        Size::collect(terms, self.constant.checked_mul(other.constant)?)
    }

    fn floor(&self, divisor: i64) -> Option<Size> {
        if self.is_too_large() || divisor < 1 {
            return None;
        }
        let (whole, rest): (Vec<_>, Vec<_>) =
            self.terms.iter().cloned().partition(|(_, coefficient)| coefficient % divisor == 0);
        let mut whole: Vec<_> = whole.into_iter().map(|(atom, coefficient)| (atom, coefficient / divisor)).collect();
        let constant = self.constant.div_euclid(divisor);
        if rest.is_empty() {
            return Size::collect(whole, constant);
        }

        // ⌊(g·x + k)/(g·n)⌋ = ⌊(x + ⌊k/g⌋)/n⌋ for whole x.
        let common = rest.iter().fold(divisor, |common, (_, coefficient)| gcd(common, *coefficient));
        let rest = Size {
            terms: rest.into_iter().map(|(atom, coefficient)| (atom, coefficient / common)).collect(),
            constant: self.constant.rem_euclid(divisor) / common,
        };
        let divisor = divisor / common;

        if let Some((inner, inner_divisor, others)) = rest.only_floor()
            && let Some(product) = divisor.checked_mul(inner_divisor)
        {
            let nested = inner.plus_scaled(&others, inner_divisor)?.floor(product)?;
            return nested.plus_scaled(&Size::collect(whole, constant)?, 1);
        }
        whole.push((Atom::Floor { numerator: rest, divisor }, 1));
        Size::collect(whole, constant)
    }

    /// `(a, m, y)` where the size is ⌊a/m⌋ + y and y holds no other floor term, so that a floor of it is one floor:
    /// ⌊(⌊a/m⌋ + y)/n⌋ = ⌊(a + m·y)/(m·n)⌋ for whole y.
    fn only_floor(&self) -> Option<(&Size, i64, Size)> {
        let mut floors = self.terms.iter().enumerate().filter_map(|(at, (atom, coefficient))| match atom {
            Atom::Floor { numerator, divisor } => Some((at, numerator, *divisor, *coefficient)),
            Atom::Symbol(_) | Atom::Product(_) => None,
        });
        let (Some((at, numerator, divisor, 1)), None) = (floors.next(), floors.next()) else {
            return None;
        };
        let mut others = self.clone();
        others.terms.remove(at);
        Some((numerator, divisor, others))
    }

    fn visit_symbols(&self, visit: &mut impl FnMut(&Symbol)) {
        for (atom, _) in &self.terms {
            atom.visit_symbols(visit);
        }
    }
}

impl Atom {
    fn times(&self, other: &Atom) -> Atom {
        let mut factors = [self.factors(), other.factors()].concat();
        factors.sort();
        Atom::Product(factors)
    }

    fn factors(&self) -> &[Atom] {
        match self {
            Atom::Product(factors) => factors,
            Atom::Symbol(_) | Atom::Floor { .. } => std::slice::from_ref(self),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Atom::Symbol(_) => 1,
            Atom::Floor { numerator, .. } => 1 + numerator.weight(),
            Atom::Product(factors) => 1 + factors.iter().map(Atom::weight).sum::<usize>(),
        }
    }

    fn eval_with(&self, value: &impl Fn(&Symbol) -> Option<i64>) -> Option<i64> {
        match self {
            Atom::Symbol(symbol) => value(symbol),
            Atom::Floor { numerator, divisor } => numerator.eval_with(value)?.checked_div_euclid(*divisor),
            Atom::Product(factors) => {
                factors.iter().try_fold(1i64, |product, factor| product.checked_mul(factor.eval_with(value)?))
            }
        }
    }

    fn substitute(&self, sizes: &BTreeMap<Symbol, Size>) -> Size {
        match self {
            Atom::Symbol(symbol) => sizes.get(symbol).cloned().unwrap_or_else(|| Size::symbol(symbol)),
            Atom::Floor { numerator, divisor } => numerator.substitute(sizes).floor_div(*divisor),
            Atom::Product(factors) => {
                factors.iter().fold(Size::constant(1), |product, factor| product.multiply(&factor.substitute(sizes)))
            }
        }
    }

    /// Whether it depends on a symbol.
    pub(super) fn depends_on(&self, symbol: &Symbol) -> bool {
        let mut found = false;
        self.visit_symbols(&mut |own| found |= own == symbol);
        found
    }

    fn visit_symbols(&self, visit: &mut impl FnMut(&Symbol)) {
        match self {
            Atom::Symbol(symbol) => visit(symbol),
            Atom::Floor { numerator, .. } => numerator.visit_symbols(visit),
            Atom::Product(factors) => factors.iter().for_each(|factor| factor.visit_symbols(visit)),
        }
    }
}

/// The greatest common divisor, at least 0.
pub(super) fn gcd(a: i64, b: i64) -> i64 {
    // In u64 since |i64::MIN| is no i64; one operand is a divisor above 0, so the result fits.
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(i64::MAX)
}

/// The least common multiple of two numbers above 0.
pub(super) fn lcm(a: i64, b: i64) -> Option<i64> {
    (a / gcd(a, b)).checked_mul(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h() -> Size {
        Size::symbol("H")
    }

    fn number(value: i64) -> Size {
        Size::constant(value)
    }

    #[test]
    fn equal_sizes_have_one_form() {
        let cases = [
            ("nested ceil", h().ceil_div(2).ceil_div(2), h().ceil_div(4)),
            ("nested floor", h().floor_div(3).floor_div(5), h().floor_div(15)),
            ("convolution twice", conv7(&conv7(&h())), h().ceil_div(4)),
            ("whole part leaves", h().scale(4).add(&number(5)).floor_div(2), h().scale(2).add(&number(2))),
            ("common factor", h().scale(2).add(&number(1)).floor_div(4), h().floor_div(2)),
            ("negative constant", h().add(&number(-1)).floor_div(2).add(&number(1)), h().ceil_div(2)),
            ("up and down", h().scale(2).ceil_div(2), h()),
            ("floor of a floor and a symbol", h().add(&h().floor_div(2)).floor_div(2), h().scale(3).floor_div(4)),
            (
                "distribution",
                h().add(&number(1)).multiply(&Size::symbol("W").subtract(&number(2))),
                h().multiply(&Size::symbol("W")).add(&Size::symbol("W")).subtract(&h().scale(2)).subtract(&number(2)),
            ),
            ("order of factors", Size::symbol("W").multiply(&h()), h().multiply(&Size::symbol("W"))),
            ("cancelled", h().ceil_div(2).subtract(&h().ceil_div(2)), number(0)),
        ];
        for (name, found, expected) in cases {
            assert_eq!(found, expected, "{name}: {found} against {expected}");
        }
    }

    /// A 7×7 convolution, stride 2, padding 3: ⌊(n + 6 − 7)/2⌋ + 1.
    fn conv7(size: &Size) -> Size {
        size.add(&number(-1)).floor_div(2).add(&number(1))
    }

    #[test]
    fn sizes_read_as_they_are_written() {
        let w = Size::symbol("W");
        let cases = [
            (h(), "H"),
            (number(-3), "-3"),
            (h().floor_div(8), "floor(H/8)"),
            (h().ceil_div(8), "ceil(H/8)"),
            (h().ceil_div(32).scale(2), "2*ceil(H/32)"),
            (h().multiply(&w), "H*W"),
            (h().ceil_div(2).multiply(&w.ceil_div(2)).scale(3), "3*ceil(H/2)*ceil(W/2)"),
            (h().ceil_div(2).add(&number(1)), "ceil(H/2) + 1"),
            (h().subtract(&number(1)), "H - 1"),
            (w.subtract(&h()), "-H + W"),
            (h().add(&number(3)).floor_div(8), "floor((H + 3)/8)"),
            (h().add(&w).ceil_div(2), "ceil((H + W)/2)"),
            (h().scale(3).floor_div(4), "floor(3*H/4)"),
            (number(i64::MAX).add(&number(1)), "a size beyond 64 bits"),
        ];
        for (size, text) in cases {
            assert_eq!(size.to_string(), text);
        }
    }

    #[test]
    fn values_and_symbols() {
        let area = h().ceil_div(2).multiply(&Size::symbol("W")).subtract(&number(3));
        assert_eq!(area.eval(&Env::from([("H", 5), ("W", 7)])), Some(18));
        assert_eq!(area.eval(&Env::from([("H", 5)])), None);
        assert_eq!(area.eval(&Env::from([("H", i64::MAX), ("W", 7)])), None);
        assert_eq!(area.symbols(), BTreeSet::from(["H".into(), "W".into()]));
        assert_eq!(h().as_symbol(), Some(&"H".into()));
        assert_eq!(h().scale(2).as_symbol(), None);
        assert_eq!(number(4).floor_div(3).as_constant(), Some(1));
        assert_eq!(number(-4).floor_div(3).as_constant(), Some(-2));
        assert_eq!(number(-4).ceil_div(3).as_constant(), Some(-1));
    }

    #[test]
    fn substitution_is_simultaneous() {
        let size = h().ceil_div(2).multiply(&Size::symbol("W"));
        let swapped =
            size.substitute(&BTreeMap::from([("H".into(), Size::symbol("W").ceil_div(2)), ("W".into(), h())]));
        assert_eq!(swapped, Size::symbol("W").ceil_div(4).multiply(&h()));
    }

    #[test]
    fn what_leaves_the_range_stays_too_large() {
        let huge = number(i64::MAX - 1);
        let cases = [
            huge.add(&number(2)),
            huge.scale(-3),
            number(i64::MIN).scale(-1),
            h().scale(i64::MAX).scale(2),
            huge.multiply(&huge),
            huge.add(&number(2)).subtract(&huge),
            huge.add(&number(2)).scale(0),
            h().floor_div(0),
            h().ceil_div(i64::MIN),
            h().floor_div(3).substitute(&BTreeMap::from([("H".into(), huge.add(&number(1)))])),
        ];
        for size in cases {
            assert!(size.is_too_large(), "{size}");
            assert_eq!(size.as_constant(), None);
            assert_eq!(size.eval(&Env::from([("H", 1)])), None);
        }
        assert_eq!(h().scale(i64::MIN).floor_div(i64::MAX).eval(&Env::from([("H", 0)])), Some(0));
        let nested = h().floor_div(1 << 40).floor_div(1 << 40);
        assert_eq!(nested.eval(&Env::from([("H", i64::MAX)])), Some(0));
    }
}
