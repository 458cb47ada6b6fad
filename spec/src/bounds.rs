//! What a spec may grow to, so that a slip, or malice, cannot take the machine down.
//!
//! Each bound is far beyond any network that is written by hand; together they keep time and memory in proportion to the
//! text.

/// Bytes of one text: some 40,000 rows.
pub const TEXT: usize = 2 << 20;
/// Files that import one another in a chain.
pub const IMPORTS: usize = 64;
/// Bytes of one name, and of one string with its `{…}` filled in.
pub const NAME: usize = 1 << 10;
/// Symbols, floors and products that one size is written with.
pub const ATOMS: usize = 1 << 12;
/// Elements of one list, those of lists within it included.
pub const LIST: usize = 1 << 16;
/// Errors after which no more are looked for.
pub const ERRORS: usize = 1000;
/// Operators of a network.
pub const NODES: usize = 200_000;
/// Rounds of one loop, and repetitions of one layer.
pub const ROUNDS: i64 = 10_000;
/// Blocks inside blocks.
pub const DEPTH: usize = 64;
/// Elements of one weight.
pub const ELEMENTS: usize = 1 << 32;
/// Steps to resolve a network: an expression evaluated, a row read, an element of a list copied is one.
pub const STEPS: usize = 8_000_000;

/// Steps that an instance of a block, and a finding, take beside what they hold.
pub const STEPS_APIECE: usize = 256;
/// Bytes of names and texts that are kept for one step.
pub const BYTES_A_STEP: usize = 16;

/// Names that are compared in one step.
pub const NAMES_A_STEP: usize = 8;

/// Runs what recurses as deeply as brackets, operators and blocks nest: unoptimised that takes more than the 2 MiB that
/// a thread has by default. The stack grows where less than 1 MiB is left of it.
pub fn with_stack<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(1 << 20, 8 << 20, run)
}
