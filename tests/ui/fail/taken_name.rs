neckar::arch! {
    arch Tensor {
        input x: [B, 3, H, W]
        output y = relu(x)
    }
}

fn main() {}
