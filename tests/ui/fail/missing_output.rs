//! A level that the network does not give, and a member that its list does not hold.

neckar::arch!("necks/two_levels.arch");
neckar::arch!("necks/blocks.arch");

fn p5(maps: &two_levels::Outputs) -> &[usize] {
    maps.p5.sizes()
}

fn middle(maps: &whole::Outputs) -> &[usize] {
    maps.levels.middle.sizes()
}

fn main() {}
