neckar::arch!("necks/two_levels.arch");

fn levels(c3: &neckar::ndarray::Array4<f32>) -> two_levels::Inputs<'_> {
    two_levels::Inputs { c3: c3.try_into().unwrap() }
}

fn main() {}
