//! Symbolic sizes, and the exact sets of sizes at which a network is legal.
//!
//! A [`Size`] is a linear combination of symbols, floor divisions and products, kept in a canonical form. The sizes that
//! convolution, pooling and up-sampling make out of one symbol are eventually quasi-affine, so where two of them agree is
//! a finite prefix and a set of residues: a [`SizeSet`].

mod constant;
mod expression;
mod extent;
mod growth;
mod joint;
mod legal;
mod set;
mod shown;
mod solve;
mod symbol;

pub use constant::LegalSizes;
pub use expression::Size;
pub use extent::{Extent, Relation};
pub use legal::{Illegal, Legal, decide};
pub use set::SizeSet;
pub use shown::{Shown, shape_text};
pub(crate) use solve::Solver;
pub use symbol::{Env, Symbol};

/// A shape: one extent an axis, batch first, channels second.
pub type Shape<E = Size> = Vec<E>;
