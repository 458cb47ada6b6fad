neckar::arch!("necks/two_levels.arch" as neck, c = 8, c = 16);

fn main() {}
