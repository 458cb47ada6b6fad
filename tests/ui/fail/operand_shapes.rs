neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv a: -> 8 (kernel = 1)
        conv b: -> 16 (kernel = 1)
        fine   = a(x)
        coarse = b(x)
        output y = fine
            + coarse
    }
}

fn main() {}
