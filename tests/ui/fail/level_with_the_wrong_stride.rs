//! One row of a pyramid at the wrong level.

neckar::arch! {
    arch Pyramid {
        numerics { resize = nearest }
        for i in 3 to 5 {
            input C[i]: [B, 64, H / 2^(i - 3), W / 2^(i - 3)]
        }
        M5 = relu(C5)
        for i in 4 down to 3 { M[i] = Up2(M[i + 1]) + C[i + 1] }
        output P3 = M3
    }
}

fn main() {}
