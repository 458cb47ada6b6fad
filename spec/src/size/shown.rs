//! Sizes as people read them.

use std::borrow::Cow;
use std::fmt;

use super::expression::{Atom, gcd};
use super::{Legal, Relation, Size, decide};

/// A size among the legal ones: where every legal value makes a division exact, it is written `H/8`, and `H/4` for twice
/// that.
pub struct Shown<'a> {
    size: Cow<'a, Size>,
    legal: Option<&'a Legal>,
    /// Whether `/` is to round down, as in formulas of other tools, rather than to be exact.
    rounds_down: bool,
}

impl Size {
    /// The size as it reads where only legal values occur: `H/8` rather than `floor(H/8)`.
    pub fn shown<'a>(&'a self, legal: &'a Legal) -> Shown<'a> {
        Shown { size: Cow::Owned(self.reduced(legal)), legal: Some(legal), rounds_down: false }
    }

    /// The size among the legal ones with nothing but `+`, `-`, `*`, brackets and `/` for the division that rounds down:
    /// `(H + 3)/4` for ⌈H/4⌉, and `H/4` for 2·⌊H/8⌋ where H is a multiple of 8.
    ///
    /// ONNX calls a free size by any text. tract reads such texts as formulas; ONNX Runtime takes sizes for equal where
    /// their texts are.
    pub fn with_integer_division(&self, legal: &Legal) -> String {
        Shown { size: Cow::Owned(self.reduced(legal)), legal: None, rounds_down: true }.to_string()
    }

    /// The same size at every legal value, with what multiplies an exact division taken out of its divisor.
    fn reduced(&self, legal: &Legal) -> Size {
        let mut result = Size::constant(self.constant);
        for (atom, coefficient) in &self.terms {
            let term = match atom {
                Atom::Floor { numerator, divisor } if always_multiple(&numerator.variable(), *divisor, legal) => {
                    let common = gcd(*coefficient, *divisor);
                    numerator.variable().floor_div(divisor / common).scale(coefficient / common)
                }
                _ => Size { terms: vec![(atom.clone(), *coefficient)], constant: 0 },
            };
            result = result.add(&term);
        }
        result
    }

    /// The size without its constant.
    fn variable(&self) -> Size {
        Size { terms: self.terms.clone(), constant: 0 }
    }
}

/// `[B, 128, H/8, W/8]`, as it reads where only legal values occur.
pub fn shape_text(shape: &[Size], legal: &Legal) -> String {
    let axes: Vec<String> = shape.iter().map(|size| size.shown(legal).to_string()).collect();
    format!("[{}]", axes.join(", "))
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown { size: Cow::Borrowed(self), legal: None, rounds_down: false }.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.size.is_too_large() {
            return f.write_str("a size beyond 64 bits");
        }
        for (at, (atom, coefficient)) in self.size.terms.iter().enumerate() {
            f.write_str(match (at, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            match coefficient.unsigned_abs() {
                1 => {}
                factor => write!(f, "{factor}*")?,
            }
            self.factor(atom, coefficient.unsigned_abs() == 1, f)?;
        }
        match self.size.constant {
            constant if self.size.terms.is_empty() => write!(f, "{constant}"),
            0 => Ok(()),
            constant if constant < 0 => write!(f, " - {}", constant.unsigned_abs()),
            constant => write!(f, " + {constant}"),
        }
    }
}

impl Shown<'_> {
    fn atom(&self, atom: &Atom, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match atom {
            Atom::Symbol(symbol) => write!(f, "{symbol}"),
            Atom::Floor { numerator, divisor } => self.floor(numerator, *divisor, f),
            Atom::Product(factors) => {
                for (at, factor) in factors.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "*" })?;
                    self.factor(factor, false, f)?;
                }
                Ok(())
            }
        }
    }

    /// A part of a product: `2*(H/4)` is not `2*H/4` where `/` rounds.
    fn factor(&self, atom: &Atom, alone: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = self.rounds_down && !alone && matches!(atom, Atom::Floor { .. });
        f.write_str(if brackets { "(" } else { "" })?;
        self.atom(atom, f)?;
        f.write_str(if brackets { ")" } else { "" })
    }

    fn floor(&self, numerator: &Size, divisor: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = numerator.variable();
        let exact = self.legal.is_some_and(|legal| always_multiple(&whole, divisor, legal));
        let (name, numerator) = match numerator.constant {
            _ if self.rounds_down => ("", numerator),
            _ if exact => ("", &whole),
            constant if constant.checked_add(1) == Some(divisor) => ("ceil", &whole),
            _ => ("floor", numerator),
        };
        let inner = Shown { size: Cow::Borrowed(numerator), legal: self.legal, rounds_down: self.rounds_down };
        let single = numerator.terms.len() == 1 && numerator.constant == 0;
        match (name, single) {
            ("", true) => write!(f, "{inner}/{divisor}"),
            ("", false) => write!(f, "({inner})/{divisor}"),
            (name, true) => write!(f, "{name}({inner}/{divisor})"),
            (name, false) => write!(f, "{name}(({inner})/{divisor})"),
        }
    }
}

/// Whether a size in one symbol is a multiple for every legal value of that symbol.
fn always_multiple(size: &Size, divisor: i64, legal: &Legal) -> bool {
    let symbols: Vec<_> = size.symbols().into_iter().collect();
    let [symbol] = symbols.as_slice() else { return false };
    let multiples = decide(&symbols, &[Relation::Multiple(size.clone(), divisor)]);
    match (legal.set(symbol.as_str()), multiples.set(symbol.as_str())) {
        (Some(legal), Some(multiples)) if multiples.is_all() || !multiples.is_empty() => {
            legal.intersect(multiples).as_ref() == Some(legal)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down() {
        let h = || Size::symbol("H");
        let w = || Size::symbol("W");
        for (size, text) in [
            (Size::constant(-3), "-3"),
            (h().floor_div(8), "H/8"),
            (h().ceil_div(4), "(H + 3)/4"),
            (h().ceil_div(32).scale(2), "2*((H + 31)/32)"),
            (h().ceil_div(2).multiply(&w().floor_div(2)), "((H + 1)/2)*(W/2)"),
            (w().subtract(&h()).add(&Size::constant(1)), "-H + W + 1"),
        ] {
            assert_eq!(size.with_integer_division(&Legal::default()), text);
        }
        let legal = decide(&["H".into()], &[Relation::Multiple(h(), 8)]);
        assert_eq!(h().floor_div(8).scale(2).with_integer_division(&legal), "H/4");
    }
}
