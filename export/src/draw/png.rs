//! PNG: the SVG, rendered with fonts that come along, so that it is the same everywhere.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::Error;

/// Pixels of a picture for each of the SVG: for screens and slides alike.
const SCALE: f32 = 2.0;

/// An SVG as PNG.
pub(super) fn png(svg: &str) -> Result<Vec<u8>, Error> {
    let mut fonts = fontdb::Database::new();
    // Ubuntu for what it has, Hack for signs that it lacks.
    for font in [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR] {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_sans_serif_family("Ubuntu");
    let options = Options { fontdb: Arc::new(fonts), font_family: "Ubuntu".into(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| Error::Render(error.to_string()))?;
    let size = tree.size();
    let [width, height] = [size.width(), size.height()].map(|side| (side * SCALE).ceil() as u32);
    let mut pixels =
        Pixmap::new(width, height).ok_or_else(|| Error::Render(format!("no room for {width} × {height} pixels")))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| Error::Render(error.to_string()))
}
