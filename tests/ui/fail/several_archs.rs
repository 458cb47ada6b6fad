neckar::arch!("necks/several.arch" as one);

fn main() {}
