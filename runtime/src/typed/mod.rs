//! Maps whose type carries what a spec fixes of their shape.
//!
//! A shape is a tuple with one entry an axis: [`D<N>`](D) where the size is fixed, [`Free`] where it is not. The inputs and
//! outputs of a generated module are such maps, so that wiring one network's output to another's wrong input does not
//! compile:
//!
//! ```
//! use neckar::ndarray::Array4;
//! use neckar::typed::{D, Free, Tensor, View};
//!
//! fn coarse(map: View<'_, (Free, D<256>, Free, Free)>) -> usize {
//!     map.as_array().len()
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let map: Tensor<(Free, D<256>, D<7>, D<7>)> = Array4::zeros((1, 256, 7, 7)).try_into()?;
//! assert_eq!(coarse(map.view()), 256 * 49);
//! let array = Array4::zeros((1, 256, 5, 5));
//! assert_eq!(coarse((&array).try_into()?), 256 * 25);
//! # Ok(())
//! # }
//! ```
//!
//! A map of another size does not compile:
//!
//! ```compile_fail,E0277
//! # use neckar::typed::{D, Free, Tensor, View};
//! # fn coarse(map: View<'_, (Free, D<256>, Free, Free)>) {}
//! fn wrong(map: Tensor<(Free, D<64>, Free, Free)>) {
//!     coarse(map.view());
//! }
//! ```
//!
//! What is free meets anything when it compiles. A network checks all sizes once when it is run; [`Tensor::fixed`] checks
//! a single map.

mod convert;
mod dim;
mod port;
mod shape;
mod tensor;

pub use convert::ShapeMismatch;
pub use dim::{D, Dim, Free, Meets};
pub use port::Port;
pub use shape::{Feeds, Shape};
pub use tensor::{Tensor, View};
