//! An inline body imports from the root of the package, and the zoo.

neckar::arch! {
    use "necks/two_levles.arch"
    use zoo::resent

    arch Tiny {
        input x: [B, 3, H, W]
        output y = relu(x)
    }
}

fn main() {}
