neckar::arch! {
    arch Tiny {
        input x: [B, 3, H, W]
        conv stem: -> 8 (kernel = 3)
        output y = stem(x)
        expect params(self) == 1000
    }
}

fn main() {}
