neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv stem: -> 8 (kernel = )
        output y = stem(x)
    }
}

fn main() {}
