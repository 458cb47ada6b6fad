//! Bytes are no input: a picture is brought to `f32` first.

neckar::arch!("necks/blocks.arch");

fn main() {
    let picture = neckar::ndarray::Array4::<u8>::zeros((1, 3, 8, 8));
    let _ = whole::Inputs { x: (&picture).try_into().unwrap() };
}
