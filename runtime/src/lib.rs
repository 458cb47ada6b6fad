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
//!     let model = Model::new(Arc::new(program), weights, Options::default())?;
//!     let mut outputs = model.run(&[("image", picture.view())])?;
//!     Ok(outputs.remove("P3").expect("the spec has an output of this name"))
//! }
//! ```
//!
//! | to | use |
//! |---|---|
//! | share threads among models, or hand over a pool | [`Options::pool`] |
//! | compute only some outputs | [`Model::run_only`] |
//! | see every row of the spec | [`Model::rows`] |
//! | run again and again without allocating | [`Model::session`], [`Session::run_into`] |
//! | know the memory that a shape takes | [`Session::peak_bytes`], without weights [`arena_bytes`] |
//! | bound what packed weights take | [`Options::max_packed_bytes`], [`Model::packed_bytes`] |
//! | have measurements choose algorithms | [`Options::tuning`], [`Tuning`] |
//! | know what is executed, and where | [`Session::plan`] |
//! | know where the time goes | [`Session::run_profiled`], [`Model::measure_peak`] |
//! | lock a network's shapes in a test | [`testing::assert_rows!`] |
//! | judge a kernel | [`naive::run`], the plain reference in f64 |
//!
//! Sizes are checked once, on entry: inputs must agree with each other and be legal for the network, and an error names
//! the nearest sizes that are. The same input, weights and device give the same bits, whatever the number of threads.
//! NaN is a value like any other and comes out where arithmetic carries it.

#[doc(hidden)]
pub mod __private;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
mod cpu;
#[cfg(test)]
mod cuda;
mod entry;
mod error;
pub mod handles;
mod model;
pub mod naive;
mod options;
mod outputs;
mod plan;
mod session;
mod tensor;
pub mod testing;
mod tuning;
pub mod typed;
mod weights;

pub use ndarray;
pub use neckar_spec::program::Program;
pub use neckar_spec::size::LegalSizes;
pub use rayon;

pub use cpu::{Algorithm, ConvolutionSizes, Layout, Pool};
pub use error::Error;
pub use model::{ArenaPlace, Model, PlanDescription, PlannedPart, Role};
pub use options::{Device, Instructions, Numerics, Options};
pub use outputs::Outputs;
pub use plan::arena_bytes;
pub use session::Session;
pub use tuning::{TunedConvolution, Tuning};
pub use weights::{Converted, LoadOptions, LoadReport, Misshaped, NameTable, Named, Unreadable, Weights, WeightsError};

/// A Rust module out of a spec, with inputs and outputs whose types carry what the spec fixes of their shapes.
///
/// ```
/// neckar::arch! {
///     arch Tiny(width = 8) at H = 16, W = 16 {
///         input image: [B, 3, H, W]
///         conv stem: -> width (kernel = 3, stride = 2, padding = 1)
///         output stem_map = relu(stem(image)) -> [B, 8, 8, 8]
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tiny = Tiny::init(0)?;
/// let image = neckar::ndarray::Array4::zeros((1, 3, 32, 48));
/// let outputs = tiny.forward(tiny::Inputs { image: (&image).try_into()? })?;
/// assert_eq!(outputs.stem_map.sizes(), [1, 8, 16, 24]);
/// assert_eq!(tiny::PARAMS, 3 * 3 * 3 * 8 + 8);
/// # Ok(())
/// # }
/// ```
///
/// | written | the spec is |
/// |---|---|
/// | `arch!("necks/lite.arch")` | a file; the path starts at the root of the package that the call stands in |
/// | `arch!(zoo::lite_fpn)` | one that ships with neckar |
/// | `arch! { arch Tiny { … } }` | the body itself, with kinds, blocks and `use` before it where it needs them |
/// | `arch!(r#"arch Tiny { … }"#)` | the body as a string |
///
/// A file that holds several architectures is followed by the one meant, as in `"necks/all.arch"::Lite`. What follows the spec,
/// except for a body in tokens, says more:
///
/// | behind the spec | it |
/// |---|---|
/// | `as lite_add` | gives the module another name (the struct is `LiteAdd`), so that several instances can stand side by side |
/// | `, fuse = add, channels = [32, 64]` | fixes parameters |
/// | `, weights = "weights/lite.safetensors"` | holds the network to a checkpoint: a wrong name, shape or type in its header is a compile error. The path starts at the root of the package, and stands in the module as `WEIGHTS`. Where the file is not at hand, its header comes from the lock that `neckar prepare` wrote, `.neckar/weights.json` |
///
/// Rust's lexer reads an inline body: write `->` for `→`, `concat(a, b)` for `⊕` and `x` or `*` for `×` there, or use a
/// string or a file. Names become snake case in Rust (`P3_td` is `p3_td`); keywords become raw (`final` is `r#final`).
///
/// The module `lite_fpn` of an architecture `LiteFpn` holds `Inputs`, `Outputs` and the network, which is also put beside
/// the module. Everything found in the spec is a compile error or a warning at the token that it is about, or at the path of
/// a file together with the lines of the file. The crate is built again when a file that was read changes; an editor shows
/// the change when the Rust file is saved next.
#[macro_export]
macro_rules! arch {
    ($($tokens:tt)*) => { $crate::__private::arch_from! { $crate $($tokens)* } };
}
