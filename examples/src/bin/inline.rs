//! A network written in the Rust file itself: a squeeze that halves a picture twice, and a head on it.

use std::error::Error;

use neckar::ndarray::Array4;

neckar::arch! {
    kind step(out) = conv: conv -> out (kernel = 3, stride = 2, padding = 1, bias = false) |> bn: batch_norm |> silu

    /// Two strided steps, and a score for every class.
    arch Squeeze(width = 16, classes = 10) at H = 32, W = 32 {
        input image: [B, 3, H, W]

        step   first:  -> width
        step   second: -> 2 * width
        linear head:   -> classes

        half    = first(image)                               -> [B, 16, 16, 16]
        quarter = second(half)                               -> [B, 32,  8,  8]
        output scores = head(flatten(global_avg_pool(quarter))) -> [B, classes],
               final  = quarter

        expect legal(H) == all
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let squeeze = Squeeze::init(7)?;
    let image = Array4::from_shape_fn((2, 3, 33, 47), |(b, c, y, x)| ((b + c + y + x) % 5) as f32 / 5.0);
    let outputs = squeeze.forward(squeeze::Inputs { image: (&image).try_into()? })?;
    println!("scores {:?}", outputs.scores.as_array());
    println!("the last map is {:?}", outputs.r#final.sizes());
    println!("{squeeze:?}");
    Ok(())
}
