//! Runs the networks that `.arch` files describe.
//!
//! A [`Model`] is a [`Program`] with its [`Weights`] packed for a device. It is shared freely: cloning costs nothing, and
//! any number of threads run it at once. The first run of a shape plans it; inputs and outputs are `ndarray` arrays in the
//! order `[B, C, H, W]`, by the names that the spec gives them.
//!
//! ```
//! use std::sync::Arc;
//! use neckar::ndarray::ArrayD;
//! use neckar::{Model, Options, Program, Weights};
//!
//! fn features(program: Program, picture: &ArrayD<f32>) -> Result<ArrayD<f32>, neckar::Error> {
//!     let (weights, report) = Weights::load(&program, "weights.safetensors", &Default::default())?;
//!     for warning in &report.warnings {
//!         eprintln!("warning: {warning}");
//!     }
//!     let model = Model::new(Arc::new(program), &weights, Options::default())?;
//!     let mut outputs = model.run(&[("image", picture.view())])?;
//!     Ok(outputs.remove("P3").expect("the spec has an output of this name"))
//! }
//! ```
//!
//! | to | use |
//! |---|---|
//! | compute only some outputs | [`Model::run_only`] |
//! | see every row of the spec | [`Model::rows`] |
//! | run again and again without allocating | [`Model::session`], [`Session::run_into`] |
//! | know the memory that a shape takes | [`Session::peak_bytes`] |
//! | know where the time goes | [`Session::run_profiled`] |
//! | judge a kernel | [`naive::run`], the plain reference in f64 |
//!
//! Sizes are checked once, on entry: inputs must agree with each other and be legal for the network, and an error names
//! the nearest sizes that are. The same input, weights and device give the same bits, whatever the number of threads.
//! NaN is a value like any other and comes out where arithmetic carries it.

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
mod cpu;
mod entry;
mod error;
mod model;
pub mod naive;
mod options;
mod outputs;
mod plan;
mod session;
mod tensor;
mod weights;

pub use ndarray;
pub use neckar_spec::program::Program;

pub use error::Error;
pub use model::{Model, StepTime};
pub use options::{Device, Numerics, Options};
pub use outputs::Outputs;
pub use session::Session;
pub use weights::{LoadOptions, LoadReport, Misshaped, Named, Unreadable, Weights, WeightsError};
