//! What a map is called, and its axes.

use std::fmt;

/// An input or an output of a network, by the spec's own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    /// Its name; a member of a list is `list.name`.
    pub name: &'static str,
    /// Its sizes by their symbols: `B`, `128`, `H/8`, `W/8`.
    pub axes: &'static [&'static str],
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [{}]", self.name, self.axes.join(", "))
    }
}
