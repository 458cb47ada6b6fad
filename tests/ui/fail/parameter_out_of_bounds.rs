neckar::arch!("necks/two_levels.arch" as neck, c = 0);

fn main() {}
