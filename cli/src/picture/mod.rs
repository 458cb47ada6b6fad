//! Pictures: what a network is given, and what it gives.

mod colors;
mod mosaic;
mod prepare;
mod text;

pub use mosaic::{Caption, mosaic};
pub use prepare::{prepare, read};
