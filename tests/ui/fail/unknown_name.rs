neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv stem: -> 8 (kernel = 3)
        features = stem(x)
        output y = relu(featres)
    }
}

fn main() {}
