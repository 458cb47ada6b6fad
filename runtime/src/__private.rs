//! What generated modules call. No part of the public interface: macro and runtime are of one version.

use std::fmt;
use std::sync::{Arc, OnceLock};

use neckar_spec::program;
use neckar_spec::size::Env;

use crate::typed::Shape;

pub use core::convert::{AsRef, Into};
pub use core::default::Default;
pub use core::option::Option::Some;
pub use core::result::Result::{self, Ok};
pub use neckar_macros::arch_from;
pub use std::path::Path;

pub use crate::handles::Handle;
pub use crate::typed::Tensor;
pub use crate::{Error, LoadOptions, LoadReport, Model, Options, Outputs, Program, Weights};

/// A program in the binary, read at its first use.
pub struct Embedded {
    bytes: &'static [u8],
    program: OnceLock<Arc<Program>>,
}

impl Embedded {
    /// Of the bytes that a generated module holds.
    pub const fn new(bytes: &'static [u8]) -> Embedded {
        Embedded { bytes, program: OnceLock::new() }
    }

    /// The program.
    pub fn program(&'static self) -> &'static Program {
        self.shared()
    }

    fn shared(&'static self) -> &'static Arc<Program> {
        self.program.get_or_init(|| {
            let program = Program::from_bytes(self.bytes);
            Arc::new(program.expect("the macro of this same version wrote the bytes, and `assert_version` held"))
        })
    }

    /// A model of the program.
    pub fn model(&'static self, weights: impl Into<Weights>, options: Options) -> Result<Model, Error> {
        Model::new(self.shared().clone(), weights, options)
    }

    /// Whether sizes, by their symbols, are legal.
    pub fn is_legal(&'static self, sizes: &[(&str, usize)]) -> bool {
        let mut env = Env::new();
        for (symbol, size) in sizes {
            let Ok(size) = i64::try_from(*size) else { return false };
            env.set(*symbol, size);
        }
        self.program().legal.allows(&env)
    }

    /// Prints the network's layers.
    pub fn fmt(&'static self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::handles::network(f, name, self.program())
    }
}

/// Fails to compile unless macro and runtime are of one version and agree on the format of programs.
pub const fn assert_version(version: &str, format: u32) {
    let (own, other) = (env!("CARGO_PKG_VERSION").as_bytes(), version.as_bytes());
    let mut same = own.len() == other.len() && format == program::FORMAT;
    let mut i = 0;
    while same && i < own.len() {
        same = own[i] == other[i];
        i += 1;
    }
    assert!(same, "`neckar` and `neckar-macros` are of different versions; run `cargo update -p neckar-macros`");
}

/// Takes an output that the program has.
pub fn take<S: Shape>(outputs: &mut Outputs, name: &str) -> Tensor<S> {
    let array = outputs.remove(name).expect("a run gives every output of the program");
    array.try_into().expect("a run gives outputs of the program's own shapes")
}
