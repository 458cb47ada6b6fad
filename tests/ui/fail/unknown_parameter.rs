neckar::arch!("necks/two_levels.arch" as neck, width = 16);

fn main() {}
