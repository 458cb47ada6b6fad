//! The outputs of a network as one labelled picture.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma, Rgb, RgbImage};
use ndarray::{ArrayD, Axis};
use neckar::Outputs;

use super::colors::viridis;
use super::text::{BOLD, REGULAR, TITLE};

const BACKGROUND: Rgb<u8> = Rgb([0x12, 0x14, 0x1a]);
const TEXT: Rgb<u8> = Rgb([0xf0, 0xf2, 0xf5]);
const DIM: Rgb<u8> = Rgb([0x9a, 0xa3, 0xb2]);

/// Pixels of a tile's longer side: a multiple of 7, 14, 28, 56 and 112, so that the cells of a usual pyramid are even.
const SIDE: u32 = 336;
const MARGIN: u32 = 28;
const GAP: u32 = 24;
const LABEL: u32 = 26;
const HEAD: u32 = 68;

/// What the head of a picture says.
#[derive(Clone, Debug)]
pub struct Caption {
    /// The spec and its settings.
    pub title: String,
    /// Where the weights come from.
    pub weights: String,
}

/// A tile: its label's strong and weak parts, and its picture.
struct Tile {
    name: String,
    detail: String,
    range: String,
    picture: RgbImage,
}

/// The picture that the network saw, if it saw one, then a tile an output: for a map the mean of |x| over the channels, for a
/// vector |x| as stripes, of the first image of a batch, each on a scale of its own.
pub fn mosaic(caption: &Caption, seen: Option<&RgbImage>, outputs: &Outputs) -> RgbImage {
    let maps: Vec<(&str, &ArrayD<f32>)> = outputs.iter().collect();
    let (width, height) = tile_size(seen, &maps);
    let mut tiles = Vec::new();
    if let Some(seen) = seen {
        tiles.push(Tile {
            name: "input".into(),
            detail: format!("{} x {}", seen.width(), seen.height()),
            range: String::new(),
            picture: imageops::resize(seen, width, height, FilterType::CatmullRom),
        });
    }
    tiles.extend(maps.iter().map(|(name, map)| tile(name, map, width, height)));
    let columns = (1..).find(|n| n * n >= tiles.len()).unwrap_or(1) as u32;
    let lines = (tiles.len() as u32).div_ceil(columns).max(1);
    let inner = columns * (width + GAP) - GAP;
    let note = "mean of |x| over the channels, each map on its own scale";
    let inner = inner.max(REGULAR.width(note)).max(TITLE.width(&caption.title));
    let mut picture = RgbImage::from_pixel(
        2 * MARGIN + inner,
        HEAD + MARGIN + lines * (height + LABEL + GAP) - GAP + MARGIN,
        BACKGROUND,
    );
    head(&mut picture, caption, note, inner);
    for (i, tile) in (0..).zip(&tiles) {
        let left = MARGIN + (i % columns) * (width + GAP);
        let top = HEAD + MARGIN + (i / columns) * (height + LABEL + GAP);
        place(&mut picture, tile, [left, top]);
    }
    picture
}

fn head(picture: &mut RgbImage, caption: &Caption, note: &str, width: u32) {
    TITLE.draw(picture, [MARGIN, MARGIN - 4], TEXT, &caption.title);
    let weights = &caption.weights;
    let taken = TITLE.width(&caption.title) + GAP;
    let room = width.saturating_sub(taken);
    // Behind the title where there is room, else at the line's right end below.
    REGULAR.draw(picture, [MARGIN + taken, MARGIN - 1], DIM, &REGULAR.cut(weights, room));
    REGULAR.draw(picture, [MARGIN, MARGIN + 28], DIM, note);
    let (bar, left) = (120, MARGIN + REGULAR.width(note) + GAP);
    for x in 0..bar.min((MARGIN + width).saturating_sub(left)) {
        for y in 0..10 {
            picture.put_pixel(left + x, MARGIN + 32 + y, viridis(x as f32 / (bar - 1) as f32));
        }
    }
}

fn place(picture: &mut RgbImage, tile: &Tile, [left, top]: [u32; 2]) {
    let width = tile.picture.width();
    let name = BOLD.cut(&tile.name, width);
    BOLD.draw(picture, [left, top], TEXT, &name);
    let used = BOLD.width(&name) + 12;
    let detail = REGULAR.cut(&tile.detail, width.saturating_sub(used));
    REGULAR.draw(picture, [left + used, top], DIM, &detail);
    let range = REGULAR.width(&tile.range);
    if used + REGULAR.width(&detail) + 12 + range <= width {
        REGULAR.draw(picture, [left + width - range, top], DIM, &tile.range);
    }
    imageops::replace(picture, &tile.picture, i64::from(left), i64::from(top + LABEL));
}

/// The sides of all tiles: in the proportions of the input, or else of the finest map.
fn tile_size(seen: Option<&RgbImage>, maps: &[(&str, &ArrayD<f32>)]) -> (u32, u32) {
    let finest = maps.iter().filter(|(_, map)| map.ndim() == 4).max_by_key(|(_, map)| map.shape()[2] * map.shape()[3]);
    let (width, height) = match (seen, finest) {
        (Some(seen), _) => (f64::from(seen.width()), f64::from(seen.height())),
        (None, Some((_, map))) => (map.shape()[3] as f64, map.shape()[2] as f64),
        (None, None) => (1.0, 1.0),
    };
    // However long the map, a tile has room for some of its label.
    let scale = f64::from(SIDE) / width.max(height);
    let side = |n: f64| ((n * scale).round() as u32).clamp(SIDE / 3, SIDE);
    (side(width), side(height))
}

fn tile(name: &str, map: &ArrayD<f32>, width: u32, height: u32) -> Tile {
    let (values, columns) = magnitude(map);
    let (least, greatest) = range(&values);
    let scale = if greatest > least { 1.0 / (greatest - least) } else { 0.0 };
    let values: Vec<f32> = values.into_iter().map(|x| (x - least) * scale).collect();
    let lines = values.len() / columns.max(1);
    let cells: Option<ImageBuffer<Luma<f32>, Vec<f32>>> =
        ImageBuffer::from_raw(columns as u32, lines as u32, values).filter(|cells| cells.width() > 0);
    let picture = cells.map_or_else(
        || RgbImage::from_pixel(width, height, BACKGROUND),
        |cells| {
            // Cells stay visible where there is room for them; where several share a pixel they are averaged.
            let fine = cells.width() > width || cells.height() > height;
            let filter = if fine { FilterType::Triangle } else { FilterType::Nearest };
            let resized = imageops::resize(&cells, width, height, filter);
            RgbImage::from_fn(width, height, |x, y| viridis(resized.get_pixel(x, y).0[0]))
        },
    );
    let range = format!("{} to {}", figure(least), figure(greatest));
    Tile { name: name.to_owned(), detail: format!("{:?}", map.shape()), range, picture }
}

/// The mean of |x| over the channels of the first image, and how many columns it has; a vector is one line.
fn magnitude(map: &ArrayD<f32>) -> (Vec<f32>, usize) {
    if map.ndim() < 2 || map.is_empty() {
        return (map.iter().map(|x| x.abs()).collect(), map.len());
    }
    let first = map.index_axis(Axis(0), 0).mapv(f32::abs);
    let columns = first.shape()[first.ndim() - 1];
    match first.ndim() {
        1 => (first.into_iter().collect(), columns),
        _ => (first.mean_axis(Axis(0)).into_iter().flatten().collect(), columns),
    }
}

/// The least and the greatest finite value.
fn range(values: &[f32]) -> (f32, f32) {
    let finite = values.iter().copied().filter(|x| x.is_finite());
    let least = finite.clone().fold(f32::INFINITY, f32::min);
    let greatest = finite.fold(f32::NEG_INFINITY, f32::max);
    if least <= greatest { (least, greatest) } else { (0.0, 0.0) }
}

/// Three significant digits.
fn figure(x: f32) -> String {
    match x.abs() {
        0.0 => "0".into(),
        size if !(1e-3..1e4).contains(&size) => format!("{x:.1e}"),
        size => format!("{x:.*}", (2 - size.log10().floor() as i32).max(0) as usize),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayD;

    use super::*;

    #[test]
    fn magnitudes() {
        let map = ArrayD::from_shape_vec(vec![1, 2, 1, 2], vec![1.0, -2.0, -3.0, 6.0]).expect("four elements");
        assert_eq!(magnitude(&map), (vec![2.0, 4.0], 2));
        let vector = ArrayD::from_shape_vec(vec![1, 3], vec![1.0, -2.0, 0.0]).expect("three elements");
        assert_eq!(magnitude(&vector), (vec![1.0, 2.0, 0.0], 3));
        assert_eq!(range(&[2.0, f32::NAN, -1.0, f32::INFINITY]), (-1.0, 2.0));
        assert_eq!(range(&[f32::NAN]), (0.0, 0.0));
    }

    #[test]
    fn figures() {
        let cases =
            [(0.0, "0"), (0.123_456, "0.123"), (12.345, "12.3"), (123.4, "123"), (1.5e-5, "1.5e-5"), (2.0, "2.00")];
        for (x, text) in cases {
            assert_eq!(figure(x), text);
        }
    }

    #[test]
    fn tiles_of_odd_maps() {
        for shape in [vec![1, 2, 1, 1], vec![2, 3, 500, 2], vec![1, 1000], vec![1], vec![1, 4, 9]] {
            let map = ArrayD::from_elem(shape.clone(), f32::NAN);
            let tile = tile("x", &map, 336, 112);
            assert_eq!(tile.picture.dimensions(), (336, 112), "{shape:?}");
        }
    }
}
