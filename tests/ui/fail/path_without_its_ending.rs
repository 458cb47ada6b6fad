neckar::arch!("necks/two_levels");

fn main() {}
