//! The channels of one network's output are not those of the other's input.

neckar::arch!("necks/two_levels.arch");
neckar::arch!(zoo::resnet as body, depth = 18, classes = 0);

fn levels(maps: &body::Outputs) -> two_levels::Inputs<'_> {
    two_levels::Inputs { c3: maps.c2.view(), c4: maps.c3.view() }
}

fn main() {}
