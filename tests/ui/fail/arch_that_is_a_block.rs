neckar::arch!("necks/blocks.arch"::Tail);

fn main() {}
