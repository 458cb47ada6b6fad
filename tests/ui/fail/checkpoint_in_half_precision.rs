#![deny(deprecated)]

neckar::arch!("necks/pyramid.arch", weights = "weights/half.safetensors");

fn main() {}
