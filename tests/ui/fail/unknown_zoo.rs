neckar::arch!(zoo::lite_fnp);

fn main() {}
