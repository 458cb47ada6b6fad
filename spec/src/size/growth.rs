//! How sizes grow with their symbols.

use super::expression::{Atom, gcd, lcm};
use super::{Size, Symbol};

impl Size {
    /// How it grows with a symbol: `(period, slope)` with f(n + period) = f(n) + slope for every n, whatever the others are.
    /// None for products with the symbol and for periods above a limit.
    pub(super) fn growth(&self, symbol: &Symbol, limit: i64) -> Option<(i64, i64)> {
        self.terms.iter().try_fold((1, 0i64), |(period, slope), (atom, coefficient)| {
            let (atom_period, atom_slope) = atom.growth(symbol, limit)?;
            let common = lcm(period, atom_period).filter(|common| *common <= limit)?;
            let own = atom_slope.checked_mul(*coefficient)?.checked_mul(common / atom_period)?;
            Some((common, slope.checked_mul(common / period)?.checked_add(own)?))
        })
    }

    /// After how many steps of a symbol it is the same modulo a divisor above 0, products included. None above a limit.
    pub(super) fn period_modulo(&self, divisor: i64, symbol: &Symbol, limit: i64) -> Option<i64> {
        self.terms.iter().try_fold(1, |period, (atom, coefficient)| {
            let own = atom.period_modulo(divisor / gcd(divisor, *coefficient), symbol, limit)?;
            lcm(period, own).filter(|common| *common <= limit)
        })
    }

    /// Its least value where no symbol is below `from(symbol)`. None where it may fall as a symbol grows.
    pub(super) fn least(&self, from: &impl Fn(&Symbol) -> i64) -> Option<i64> {
        self.terms.iter().try_fold(self.constant, |sum, (atom, coefficient)| {
            let rising = (*coefficient > 0).then_some(*coefficient)?;
            sum.checked_add(atom.least(from)?.checked_mul(rising)?)
        })
    }

    /// Whether it never falls as a symbol grows from 1 on.
    pub(super) fn is_rising(&self) -> bool {
        self.least(&|_| 1).is_some()
    }
}

impl Atom {
    fn growth(&self, symbol: &Symbol, limit: i64) -> Option<(i64, i64)> {
        match self {
            Atom::Symbol(own) => Some((1, i64::from(own == symbol))),
            Atom::Floor { numerator, divisor } => {
                // The floor advances by a whole number once the numerator has by a multiple of the divisor.
                let (period, slope) = numerator.growth(symbol, limit)?;
                let common = gcd(*divisor, slope);
                let period = period.checked_mul(divisor.checked_div(common)?)?;
                (1..=limit).contains(&period).then_some((period, slope / common))
            }
            Atom::Product(_) if self.depends_on(symbol) => None,
            Atom::Product(_) => Some((1, 0)),
        }
    }

    fn period_modulo(&self, divisor: i64, symbol: &Symbol, limit: i64) -> Option<i64> {
        match self {
            Atom::Product(factors) => factors.iter().try_fold(1, |period, factor| {
                lcm(period, factor.period_modulo(divisor, symbol, limit)?).filter(|common| *common <= limit)
            }),
            Atom::Symbol(_) | Atom::Floor { .. } => {
                let (period, slope) = self.growth(symbol, limit)?;
                period.checked_mul(divisor / gcd(divisor, slope)).filter(|period| *period <= limit)
            }
        }
    }

    fn least(&self, from: &impl Fn(&Symbol) -> i64) -> Option<i64> {
        match self {
            Atom::Symbol(symbol) => Some(from(symbol)),
            Atom::Floor { numerator, divisor } => numerator.least(from)?.checked_div_euclid(*divisor),
            // A product rises with a factor only where the others are not negative.
            Atom::Product(factors) => factors
                .iter()
                .try_fold(1i64, |product, factor| product.checked_mul(factor.least(from).filter(|least| *least >= 0)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_by_hand() {
        let (h, w) = (Size::symbol("H"), Size::symbol("W"));
        let of = |size: &Size| size.growth(&"H".into(), 1 << 10);
        assert_eq!(of(&h.ceil_div(4).scale(6)), Some((4, 6)));
        assert_eq!(of(&h.scale(3).floor_div(4)), Some((4, 3)));
        assert_eq!(of(&h.add(&w).floor_div(2)), Some((2, 1)));
        assert_eq!(of(&w.multiply(&w).subtract(&h)), Some((1, -1)));
        assert_eq!(of(&h.multiply(&w)), None);
        assert_eq!(of(&h.floor_div(1 << 11)), None);
        assert_eq!(of(&h.scale(i64::MIN)), Some((1, i64::MIN)));
        let modulo = |size: &Size, divisor| size.period_modulo(divisor, &"H".into(), 1 << 10);
        assert_eq!(modulo(&h.multiply(&w).add(&h.scale(4)), 8), Some(8));
        assert_eq!(modulo(&h.floor_div(3).multiply(&h), 4), Some(12));
        assert_eq!(modulo(&h.scale(1 << 12), 4), Some(1));
        assert_eq!(modulo(&h, 1 << 11), None);
    }

    #[test]
    fn what_rises_has_a_least_value() {
        let (h, w) = (Size::symbol("H"), Size::symbol("W"));
        let least = |size: &Size| size.least(&|symbol| if symbol.as_str() == "H" { 9 } else { 2 });
        assert_eq!(least(&h.ceil_div(2).multiply(&w).add(&Size::constant(-3))), Some(7));
        assert_eq!(least(&h.subtract(&w)), None);
        assert_eq!(least(&h.add(&Size::constant(-10)).floor_div(3).multiply(&w)), None);
        assert!(h.floor_div(3).is_rising() && !h.scale(-1).is_rising());
    }
}
