neckar::arch!("necks/two_levels.arch" as neck, fuse = weighed);

fn main() {}
