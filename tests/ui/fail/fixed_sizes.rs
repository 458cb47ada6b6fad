//! A map of 8 x 8 does not feed an input of 16 x 16.

neckar::arch! { arch Small { input x: [1, 3, 8, 8] output y = relu(x) } }
neckar::arch! { arch Large { input x: [1, 3, 16, 16] output y = relu(x) } }

fn both(maps: &small::Outputs) -> large::Inputs<'_> {
    large::Inputs { x: maps.y.view() }
}

fn main() {}
