neckar::arch!("necks/two_level.arch");

fn main() {
    let _ = TwoLevel::init(0);
}
