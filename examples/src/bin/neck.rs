//! A neck out of a file of this package, once as the file says and once with other parameters.

use std::error::Error;

use neckar::ndarray::Array4;

neckar::arch!("necks/my_neck.arch");
neckar::arch!("necks/my_neck.arch" as slim_neck, channels = [128, 256, 512], c = 16, fuse = add);

fn main() -> Result<(), Box<dyn Error>> {
    let neck = MyNeck::init(0)?;
    println!("{neck:?}\n");

    let (h, w) = (32, 48);
    assert!(my_neck::is_legal(h, w), "legal are {}", my_neck::LEGAL);
    let c3 = Array4::ones((1, 128, h, w));
    let c4 = Array4::ones((1, 256, h / 2, w / 2));
    let c5 = Array4::ones((1, 512, h / 4, w / 4));
    let maps = neck.forward(my_neck::Inputs { c3: (&c3).try_into()?, c4: (&c4).try_into()?, c5: (&c5).try_into()? })?;
    for (port, sizes) in my_neck::OUTPUTS.iter().zip([maps.p3.sizes(), maps.p4.sizes(), maps.p5.sizes()]) {
        println!("{port} is {sizes:?}");
    }

    println!();
    println!("my_neck:   {:>7} parameters, {:>11} multiply-accumulates", my_neck::PARAMS, my_neck::macs(1, h, w));
    println!("slim_neck: {:>7} parameters, {:>11} multiply-accumulates", slim_neck::PARAMS, slim_neck::macs(1, h, w));
    println!("one layer: {:?}", SlimNeck::init(0)?.l5);
    Ok(())
}
