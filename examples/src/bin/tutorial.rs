//! The neck of `docs/tutorial.md`.

use neckar::ndarray::Array4;

neckar::arch!("necks/small.arch");

fn main() -> Result<(), neckar::Error> {
    let neck = SmallNeck::init(0)?;
    let b2 = Array4::zeros((1, 48, 32, 64));
    let b3 = Array4::zeros((1, 96, 16, 32));
    let maps = neck.forward(small_neck::Inputs { b2: (&b2).try_into()?, b3: (&b3).try_into()? })?;
    println!("{:?}", maps.p4_td.sizes());
    Ok(())
}
