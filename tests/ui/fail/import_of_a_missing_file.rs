neckar::arch!("necks/imports.arch");

fn main() {}
