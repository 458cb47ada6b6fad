//! A vector does not feed a map.

neckar::arch! {
    arch Head {
        input x: [B, 16, H, W]
        output pooled = flatten(global_avg_pool(x))
    }
}
neckar::arch!("necks/two_levels.arch");

fn c3(pooled: &head::Outputs) -> two_levels::Inputs<'_> {
    two_levels::Inputs { c3: pooled.pooled.view(), c4: pooled.pooled.view() }
}

fn main() {}
