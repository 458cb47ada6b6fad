//! A body that a macro of the user's put together, so that its text is made of the tokens.

macro_rules! spec {
    ($name:ident, $row:ident) => {
        neckar::arch! {
            arch $name {
                input x: [B, 3, H, W]
                output y = relu($row)
            }
        }
    };
}

spec!(Tiny, missing);

fn main() {}
