//! A string may hold what tokens cannot: brackets that are not balanced.

neckar::arch!(
    r#"
    arch Tiny {
        input x: [B, 3, H, W
        y = relu(x) +
        output "y
    }
    "#
);

fn main() {}
