//! The inputs are named in the spec, and nothing else is called so.

neckar::arch!("necks/two_levels.arch");

fn levels(map: &neckar::ndarray::Array4<f32>) -> two_levels::Inputs<'_> {
    two_levels::Inputs { c3: map.try_into().unwrap(), c4: map.try_into().unwrap(), c5: map.try_into().unwrap() }
}

fn main() {}
