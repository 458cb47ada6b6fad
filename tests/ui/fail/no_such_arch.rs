neckar::arch!("necks/several.arch"::Secnd);

fn main() {}
