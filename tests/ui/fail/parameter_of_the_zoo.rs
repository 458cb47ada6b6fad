neckar::arch!(zoo::resnet as body, depth = 20);

fn main() {}
