neckar::arch!("necks/two_levels.arch" as "neck");
neckar::arch!("necks/two_levels.arch" as one as two);

fn main() {}
