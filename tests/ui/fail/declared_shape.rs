neckar::arch! {
    arch Tiny at H = 8, W = 8 {
        input x: [B, 3, H, W]
        conv stem: -> 8 (kernel = 3, stride = 2, padding = 1)
        output y = stem(x) -> [B, 8, 8, 8]
    }
}

fn main() {}
