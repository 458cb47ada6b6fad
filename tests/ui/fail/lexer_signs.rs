//! The other signs that Rust's lexer refuses.

neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        lateral L × 2: -> 3
        y = x ⊕ L(x)
        output y
    }
}

fn main() {}
