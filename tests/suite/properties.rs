//! What the audit and the formatter say, held against other means on random networks and specs.

mod cases;
mod counts;
mod fields;
mod formatting;
mod generate;
mod tree;
