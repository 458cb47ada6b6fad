//! A layer that nothing applies is a warning, not an error.

neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv stem: -> 8 (kernel = 3)
        conv idle: -> 8 (kernel = 3)
        output y = stem(x)
    }
}

fn main() {
    assert_eq!(tiny::PARAMS, 8 * 27 + 8);
}
