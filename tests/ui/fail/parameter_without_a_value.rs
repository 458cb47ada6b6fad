neckar::arch!("necks/two_levels.arch" as neck, c =, fuse = add);
neckar::arch!("necks/two_levels.arch" as other, c = (4 + ));
neckar::arch!("necks/two_levels.arch" as third, c: 16);

fn main() {}
