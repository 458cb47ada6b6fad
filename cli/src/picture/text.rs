//! Text in a picture.

use image::{Rgb, RgbImage};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use super::colors::blend;

/// A font: weight and height.
#[derive(Clone, Copy, Debug)]
pub struct Font(FontWeight, RasterHeight);

/// Names.
pub const BOLD: Font = Font(FontWeight::Bold, RasterHeight::Size16);
/// What is said of them.
pub const REGULAR: Font = Font(FontWeight::Regular, RasterHeight::Size16);
/// Titles.
pub const TITLE: Font = Font(FontWeight::Bold, RasterHeight::Size20);

impl Font {
    /// Pixels that a text takes.
    pub fn width(self, text: &str) -> u32 {
        (get_raster_width(self.0, self.1) * text.chars().count()) as u32
    }

    /// Writes a text over a picture with its upper left corner at a place; what lies outside is cut off, and characters
    /// that the font lacks become question marks.
    pub fn draw(self, picture: &mut RgbImage, [left, top]: [u32; 2], color: Rgb<u8>, text: &str) {
        let width = get_raster_width(self.0, self.1) as u32;
        for (i, character) in text.chars().enumerate() {
            let Some(glyph) = get_raster(character, self.0, self.1).or_else(|| get_raster('?', self.0, self.1)) else {
                continue;
            };
            for (y, row) in glyph.rows().enumerate() {
                for (x, &intensity) in row.iter().enumerate() {
                    let (x, y) = (left + i as u32 * width + x as u32, top + y as u32);
                    if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                        *pixel = blend(*pixel, color, f32::from(intensity) / 255.0);
                    }
                }
            }
        }
    }

    /// A text with its end left out where it would be wider.
    pub fn cut(self, text: &str, width: u32) -> String {
        let fits = width as usize / get_raster_width(self.0, self.1);
        if text.chars().count() <= fits {
            return text.to_owned();
        }
        text.chars().take(fits.saturating_sub(2)).chain("..".chars()).collect()
    }
}
