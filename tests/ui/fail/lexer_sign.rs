neckar::arch! {
    arch Tiny at H = 8, W = 8 {
        // In a comment → is fine.
        input x: [B, 3, H, W]
        output y = relu(x) → [B, 3, 8, 8]
    }
}

fn main() {}
