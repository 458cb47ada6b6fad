//! Two instances of one spec have types of their own: their channels differ.

neckar::arch!("necks/two_levels.arch" as narrow, c = 8);
neckar::arch!("necks/two_levels.arch" as wide, c = 16);

fn widen(maps: narrow::Outputs) -> wide::Outputs {
    maps
}

fn main() {}
