neckar::arch!(5);
neckar::arch!("necks/two_levels.arch" fuse = add);
neckar::arch!();

fn main() {}
