neckar::arch!(
    r#"
    arch Tiny at H = 8, W = 8 {
        input x: [B, 3, H, W]
        output y = relu(z) → [B, 3, 8, 8]
    }
    "#
);

fn main() {}
