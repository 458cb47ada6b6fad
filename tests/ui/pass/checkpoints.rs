//! A network held to a checkpoint, and one held to what the lock says of a checkpoint that is elsewhere.

neckar::arch!("necks/pyramid.arch", weights = "weights/right.safetensors");
neckar::arch!("necks/pyramid.arch" as locked, weights = "weights/elsewhere.safetensors");

fn main() {
    assert_eq!(pyramid::WEIGHTS, "weights/right.safetensors");
    assert_eq!(locked::WEIGHTS, "weights/elsewhere.safetensors");
}
