neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv stem: -> 8 (kernel = 3, strides = 2)
        output y = stem(x), z = nothing(x)
    }
}

fn main() {}
