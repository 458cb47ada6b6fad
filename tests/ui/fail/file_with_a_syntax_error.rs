neckar::arch!("necks/half.arch");

fn main() {}
