neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        output = relu(x)
    }
}

fn main() {}
