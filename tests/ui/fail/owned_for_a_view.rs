//! An output is handed on as a view.

neckar::arch!("necks/blocks.arch");

fn again(maps: whole::Outputs) -> whole::Inputs<'static> {
    whole::Inputs { x: maps.y }
}

fn main() {}
