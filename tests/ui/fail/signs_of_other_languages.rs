neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W];
        conv a: -> 8 (kernel = 1) # a comment
        conv r#final: -> 8 (kernel = 1)
        conv b: -> 8 (kernel = 1) as r"b"
        output y = x
    }
}

fn main() {}
