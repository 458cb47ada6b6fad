neckar::arch!("necks/wrong.arch");

fn main() {}
