//! neckar's programs in the formats of other tools.
//!
//! It is a crate of its own so that what it depends on is not built where a spec is only compiled: by `arch!`, in every
//! build of a user's crate.

pub mod draw;
pub mod onnx;
pub mod pytorch;
