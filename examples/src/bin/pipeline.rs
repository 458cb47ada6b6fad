//! Two networks in a row: a ResNet-18 body gives the maps that a feature pyramid reads.
//!
//! The views carry the channels in their types: with `c3: maps.c2.view()` this file would not compile.

use std::error::Error;
use std::time::Instant;

use neckar::ndarray::Array4;

neckar::arch!(zoo::resnet as body, depth = 18, classes = 0);
neckar::arch!(zoo::fpn as pyramid, channels = [64, 128, 256, 512], c = 64);

fn main() -> Result<(), Box<dyn Error>> {
    let body = Body::init(0)?;
    let pyramid = Pyramid::init(1)?;
    println!("body: {} parameters, pyramid: {} parameters", body::PARAMS, pyramid::PARAMS);

    let start = Instant::now();
    let image = Array4::from_shape_fn((1, 3, 128, 160), |(_, c, y, x)| ((7 * c + 3 * y + x) % 11) as f32 / 11.0);
    let maps = body.forward(body::Inputs { x: (&image).try_into()? })?;
    let levels = pyramid.forward(pyramid::Inputs {
        c2: maps.c2.view(),
        c3: maps.c3.view(),
        c4: maps.c4.view(),
        c5: maps.c5.view(),
    })?;
    println!("planned and run in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    for (port, level) in pyramid::OUTPUTS.iter().zip([&levels.p2, &levels.p3, &levels.p4, &levels.p5]) {
        println!("{} {:?}, mean {:+.4}", port.name, level.sizes(), level.as_array().mean().unwrap_or_default());
    }
    Ok(())
}
