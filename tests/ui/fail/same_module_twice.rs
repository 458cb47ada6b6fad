//! Two instances of one spec need names.

neckar::arch!("necks/two_levels.arch");
neckar::arch!("necks/two_levels.arch", fuse = weighted);

fn main() {}
