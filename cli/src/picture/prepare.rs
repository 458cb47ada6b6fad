//! A photograph becomes an input as the spec says.

use std::io::BufReader;
use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};
use ndarray::{Array4, ArrayD};
use neckar_spec::program::{Fit, Preprocessing};

/// A picture made an input.
#[derive(Debug)]
pub struct Prepared {
    /// `[1, C, H, W]`.
    pub tensor: ArrayD<f32>,
    /// The same before scaling, as an eye sees it.
    pub shown: RgbImage,
}

/// A PNG or JPEG, turned as its camera says.
pub fn read(path: &Path) -> Result<DynamicImage, String> {
    let reader = ImageReader::open(path).map_err(|error| error.to_string())?;
    let reader: ImageReader<BufReader<_>> = reader.with_guessed_format().map_err(|error| error.to_string())?;
    let decode = || {
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    decode().map_err(|error: image::ImageError| format!("no whole PNG or JPEG: {error}"))
}

/// Brings a picture to a size of at least 1×1, then to the network's scale. Resizing is antialiased (a triangle filter as
/// wide as the reduction, as Pillow's bilinear). What padding adds is 0 in the tensor, after the mean is taken off.
pub fn prepare(picture: &DynamicImage, how: &Preprocessing, [height, width]: [u32; 2]) -> Prepared {
    let picture = DynamicImage::from(picture.to_rgb8());
    let fitted = match how.fit {
        Fit::Stretch => picture.resize_exact(width, height, FilterType::Triangle),
        Fit::Cover => picture.resize_to_fill(width, height, FilterType::Triangle),
        Fit::Pad => picture.resize(width, height, FilterType::Triangle),
    };
    let channels = how.mean.len();
    let gray = fitted.to_luma8();
    let fitted = fitted.to_rgb8();
    let mut shown = RgbImage::new(width, height);
    let mut tensor = Array4::zeros((1, channels, height as usize, width as usize));
    for (x, y, pixel) in fitted.enumerate_pixels().filter(|(x, y, _)| *x < width && *y < height) {
        shown.put_pixel(x, y, *pixel);
        for channel in 0..channels {
            let byte = match channels {
                1 => gray.get_pixel(x, y).0[0],
                _ if how.bgr => pixel.0[2 - channel],
                _ => pixel.0[channel],
            };
            let value = (f32::from(byte) * how.scale - how.mean[channel]) / how.std[channel];
            tensor[[0, channel, y as usize, x as usize]] = value;
        }
    }
    Prepared { tensor: tensor.into_dyn(), shown }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn how(fit: Fit, bgr: bool) -> Preprocessing {
        Preprocessing { bgr, scale: 1.0 / 255.0, mean: vec![0.5, 0.25, 0.0], std: vec![0.5, 0.25, 2.0], fit }
    }

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let color = |x| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        RgbImage::from_fn(width, height, |x, _| color(x)).into()
    }

    #[test]
    fn scales_and_orders_channels() {
        let rgb = prepare(&halves(4, 2), &how(Fit::Stretch, false), [2, 4]).tensor;
        // (1 − 0.5) / 0.5, (0 − 0.25) / 0.25 and 0 / 2 for red; 1 / 2 in the last channel for blue.
        assert_eq!([rgb[[0, 0, 0, 0]], rgb[[0, 1, 0, 0]], rgb[[0, 2, 0, 0]]], [1.0, -1.0, 0.0]);
        assert_eq!([rgb[[0, 0, 1, 3]], rgb[[0, 1, 1, 3]], rgb[[0, 2, 1, 3]]], [-1.0, -1.0, 0.5]);
        let bgr = prepare(&halves(4, 2), &how(Fit::Stretch, true), [2, 4]).tensor;
        assert_eq!([bgr[[0, 0, 0, 0]], bgr[[0, 2, 0, 0]]], [-1.0, 0.5]);
    }

    #[test]
    fn fits() {
        // Twice as wide as high, into a square.
        let cover = prepare(&halves(8, 4), &how(Fit::Cover, false), [4, 4]);
        assert_eq!(cover.shown.get_pixel(0, 3).0, [255, 0, 0]);
        assert_eq!(cover.shown.get_pixel(3, 0).0, [0, 0, 255]);
        let pad = prepare(&halves(8, 4), &how(Fit::Pad, false), [8, 8]);
        assert_eq!(pad.shown.get_pixel(0, 3).0, [255, 0, 0]);
        assert!((0..3).all(|channel| pad.tensor[[0, channel, 4, 0]] == 0.0));
        let stretch = prepare(&halves(8, 4), &how(Fit::Stretch, false), [8, 8]);
        assert_eq!(stretch.shown.get_pixel(7, 7).0, [0, 0, 255]);
        assert_eq!(stretch.tensor.shape(), [1, 3, 8, 8]);
    }

    #[test]
    fn one_channel() {
        let how = Preprocessing { bgr: false, scale: 1.0, mean: vec![0.0], std: vec![1.0], fit: Fit::Cover };
        let white: DynamicImage = RgbImage::from_pixel(3, 3, Rgb([255, 255, 255])).into();
        assert_eq!(prepare(&white, &how, [2, 2]).tensor, ArrayD::from_elem(vec![1, 1, 2, 2], 255.0));
    }
}
