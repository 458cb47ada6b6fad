neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv P3: -> 8 (kernel = 3)
        conv p3: -> 8 (kernel = 3)
        output y = p3(P3(x))
    }
}

fn main() {}
