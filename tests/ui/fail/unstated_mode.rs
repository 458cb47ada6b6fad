neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        output y = Up2(x)
    }
}

fn main() {}
