//! Sizes as people read them.

use std::borrow::Cow;
use std::fmt;

use super::expression::Atom;
use super::{Legal, Relation, Size, decide};

/// A size among the legal ones: where every legal value makes a division exact, it is written `H/8`, and `H/4` for twice
/// that.
pub struct Shown<'a> {
    size: Cow<'a, Size>,
    legal: Option<&'a Legal>,
}

impl Size {
    /// The size as it reads where only legal values occur: `H/8` rather than `floor(H/8)`.
    pub fn shown<'a>(&'a self, legal: &'a Legal) -> Shown<'a> {
        Shown { size: Cow::Owned(self.reduced(legal)), legal: Some(legal) }
    }

    /// The same size at every legal value, with what multiplies an exact division taken out of its divisor.
    fn reduced(&self, legal: &Legal) -> Size {
        let mut result = Size::constant(self.constant);
        for (atom, coefficient) in &self.terms {
            let term = match atom {
                Atom::Floor { numerator, divisor } if always_multiple(&numerator.variable(), *divisor, legal) => {
                    let common = greatest_common_divisor(*coefficient, *divisor);
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
        Shown { size: Cow::Borrowed(self), legal: None }.fmt(f)
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
            self.atom(atom, f)?;
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
                    self.atom(factor, f)?;
                }
                Ok(())
            }
        }
    }

    fn floor(&self, numerator: &Size, divisor: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = numerator.variable();
        let exact = self.legal.is_some_and(|legal| always_multiple(&whole, divisor, legal));
        let (name, numerator) = match numerator.constant {
            _ if exact => ("", &whole),
            constant if constant.checked_add(1) == Some(divisor) => ("ceil", &whole),
            _ => ("floor", numerator),
        };
        let inner = Shown { size: Cow::Borrowed(numerator), legal: self.legal };
        let single = numerator.terms.len() == 1 && numerator.constant == 0;
        match (name, single) {
            ("", true) => write!(f, "{inner}/{divisor}"),
            ("", false) => write!(f, "({inner})/{divisor}"),
            (name, true) => write!(f, "{name}({inner}/{divisor})"),
            (name, false) => write!(f, "{name}(({inner})/{divisor})"),
        }
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { greatest_common_divisor(b, a % b) }
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
