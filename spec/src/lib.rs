//! The language of neckar.
//!
//! Text becomes a syntax tree ([`syntax`]), a graph whose rows, shapes and sizes are proved, and the portable program
//! ([`program`]) that the runtime plans and runs and that `arch!` embeds. No tensors and no Rust tokens live here.
//!
//! ```
//! use neckar_spec::{Library, Lowering, Origin, compile, lower};
//!
//! let library = Library::load(Origin::Zoo("lite_fpn".into()))?;
//! let compilation = compile(library, None, &[("fuse".into(), "weighted".into())]);
//! let checked = compilation.checked.expect("the zoo has no faults");
//! assert_eq!(checked.graph().parameters(""), 653_316);
//! assert_eq!(checked.legal().describe(), ["H mod 8 in {0}", "W mod 8 in {0}"]);
//! let program = lower(&checked, Lowering::default());
//! assert_eq!(program.outputs[0].name, "Hf");
//! # Ok::<(), neckar_spec::ReadError>(())
//! ```

pub mod audit;
pub mod bounds;
pub mod check;
pub mod checkpoint;
pub mod compile;
pub mod cost;
pub mod diagnostics;
pub mod field;
pub mod fixes;
pub mod format;
pub mod graph;
pub mod library;
pub mod lints;
pub mod lower;
pub mod ops;
pub mod program;
pub mod resolve;
pub mod size;
pub mod source;
pub mod syntax;
pub mod value;
pub mod zoo;

pub use check::Checked;
pub use compile::{Compilation, compile};
pub use library::{Library, Origin, ReadError};
pub use lower::{Lowering, lower, lower_explained};
pub use program::Program;
