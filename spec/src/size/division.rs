//! Sizes as other tools read them: symbols, integers, `+ - *` and the division that rounds down.

use std::fmt::{self, Write};

use super::Size;
use super::expression::Atom;

impl Size {
    /// The size with nothing but `+`, `-`, `*`, brackets and `/` for the division of whole numbers: `(H + 3)/4` for ⌈H/4⌉.
    ///
    /// ONNX calls a free size by any text; tract reads such texts as formulas.
    pub fn with_integer_division(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_division(&mut text);
        text
    }

    fn write_division(&self, text: &mut String) -> fmt::Result {
        for (at, (atom, coefficient)) in self.terms.iter().enumerate() {
            text.write_str(match (at, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            match coefficient.unsigned_abs() {
                1 => {}
                factor => write!(text, "{factor}*")?,
            }
            // `2*(H/4)` is not `2*H/4`.
            let bracket = matches!(atom, Atom::Floor { .. }) && coefficient.unsigned_abs() != 1;
            text.write_str(if bracket { "(" } else { "" })?;
            atom.write_division(text)?;
            text.write_str(if bracket { ")" } else { "" })?;
        }
        match self.constant {
            constant if self.terms.is_empty() => write!(text, "{constant}"),
            0 => Ok(()),
            constant if constant < 0 => write!(text, " - {}", constant.unsigned_abs()),
            constant => write!(text, " + {constant}"),
        }
    }
}

impl Atom {
    fn write_division(&self, text: &mut String) -> fmt::Result {
        match self {
            Atom::Symbol(symbol) => write!(text, "{symbol}"),
            Atom::Floor { numerator, divisor } if numerator.as_symbol().is_some() => {
                numerator.write_division(text)?;
                write!(text, "/{divisor}")
            }
            Atom::Floor { numerator, divisor } => {
                text.write_str("(")?;
                numerator.write_division(text)?;
                write!(text, ")/{divisor}")
            }
            Atom::Product(factors) => {
                for (at, factor) in factors.iter().enumerate() {
                    let bracket = matches!(factor, Atom::Floor { .. });
                    text.write_str(if at == 0 { "" } else { "*" })?;
                    text.write_str(if bracket { "(" } else { "" })?;
                    factor.write_division(text)?;
                    text.write_str(if bracket { ")" } else { "" })?;
                }
                Ok(())
            }
        }
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
            assert_eq!(size.with_integer_division(), text);
        }
    }
}
