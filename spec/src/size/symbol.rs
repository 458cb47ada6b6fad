//! Free sizes and their values.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a free size, such as `H`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Symbol {
    fn from(name: &str) -> Symbol {
        Symbol(name.into())
    }
}

impl From<String> for Symbol {
    fn from(name: String) -> Symbol {
        Symbol(name.into())
    }
}

impl From<&Symbol> for Symbol {
    fn from(symbol: &Symbol) -> Symbol {
        symbol.clone()
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The values of symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Env(BTreeMap<Symbol, i64>);

impl Env {
    /// No symbol has a value.
    pub fn new() -> Env {
        Env::default()
    }

    /// Gives a symbol its value; an earlier one is returned.
    pub fn set(&mut self, symbol: impl Into<Symbol>, value: i64) -> Option<i64> {
        self.0.insert(symbol.into(), value)
    }

    /// A symbol's value.
    pub fn get(&self, symbol: &str) -> Option<i64> {
        self.0.get(symbol).copied()
    }

    /// Whether no symbol has a value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All symbols with their values, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Symbol, i64)> {
        self.0.iter().map(|(symbol, value)| (symbol, *value))
    }
}

/// `H = 64, W = 128`.
impl fmt::Display for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (symbol, value)) in self.iter().enumerate() {
            write!(f, "{}{symbol} = {value}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl<S: Into<Symbol>> FromIterator<(S, i64)> for Env {
    fn from_iter<I: IntoIterator<Item = (S, i64)>>(values: I) -> Env {
        Env(values.into_iter().map(|(symbol, value)| (symbol.into(), value)).collect())
    }
}

impl<S: Into<Symbol>, const N: usize> From<[(S, i64); N]> for Env {
    fn from(values: [(S, i64); N]) -> Env {
        values.into_iter().collect()
    }
}
