neckar::arch!("necks/pyramid.arch" as misspelt, weights = "weights/rihgt.safetensors");
neckar::arch!("necks/pyramid.arch" as absent, weights = "/trained/here.safetensors");
neckar::arch!("necks/pyramid.arch" as number, weights = 5);

fn main() {}
