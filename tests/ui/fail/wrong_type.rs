neckar::arch!("necks/two_levels.arch" as neck, c = [8, 16], fuse = add);

fn main() {}
