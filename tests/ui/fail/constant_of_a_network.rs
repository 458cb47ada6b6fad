//! What a network costs is known to the compiler.

neckar::arch!("necks/blocks.arch");

const _: () = assert!(whole::PARAMS > 0, "this network has no parameters");

fn main() {}
