//! The commands that read specs and print what they find.

mod check;
mod expand;
mod ops;
mod zoo;

pub use check::check;
pub use expand::expand;
pub use ops::ops;
pub use zoo::zoo;
