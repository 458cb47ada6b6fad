//! How large things are in a picture: maps to scale, texts by the widths of their letters.

use super::layout::{Measures, Medium, Rect};
use super::route::Point;
use super::scene::{Glyph, Scene, Unit};
use super::svg::CELL;

/// Pixels of the longer side of the finest map of the neck, and of the largest and smallest that is drawn.
const REFERENCE: f64 = 72.0;
const LARGEST: f64 = 84.0;
const SMALLEST: f64 = 9.0;

/// Pixels of a fusion's circle.
const CIRCLE: f64 = 18.0;

const MEASURES: Measures =
    Measures { gap: (6, 4), stub: (2, 2), clearance: 1, frame: (2, 1), margin: 4, edge: 2, aspect: 10 };

/// A picture's scale.
pub(super) struct Canvas {
    /// Pixels of a row or a column of a map.
    scale: f64,
}

/// Pixels of a unit.
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
    /// How far a map's back lies above and to the right of its front: more for more channels.
    pub depth: f64,
}

/// A line of the text below a unit.
pub(super) struct Line {
    pub class: &'static str,
    pub text: String,
}

impl Canvas {
    /// The scale at which the finest map of the pyramid has its size; of a network without one, that of the outputs.
    pub(super) fn new(scene: &Scene) -> Canvas {
        let longest = |units: &mut dyn Iterator<Item = &Unit>| {
            let sides = units.filter(|unit| unit.shape.len() == 3);
            sides.map(|unit| unit.shape[1].max(unit.shape[2])).max()
        };
        let neck = longest(&mut scene.units.iter().filter(|unit| unit.stage > 0));
        let outputs = || longest(&mut scene.units.iter().filter(|unit| unit.is_output()));
        let folded = || {
            longest(
                &mut scene.units.iter().filter(|unit| unit.operator.chars().next().is_some_and(char::is_alphabetic)),
            )
        };
        let reference = neck.or_else(outputs).or_else(folded).or_else(|| longest(&mut scene.units.iter()));
        Canvas { scale: REFERENCE / reference.unwrap_or(1) as f64 }
    }

    pub(super) fn size(&self, unit: &Unit) -> Size {
        match (unit.glyph, unit.shape.as_slice()) {
            (Glyph::Fuse(_), _) => Size { width: CIRCLE, height: CIRCLE, depth: 0.0 },
            (Glyph::Map, &[channels, rows, columns]) => {
                let [height, width] = [rows, columns].map(|side| side as f64 * self.scale);
                let longer = width.max(height);
                let clamp = longer.clamp(SMALLEST, LARGEST) / longer;
                let [width, height] = [width, height].map(|side| (side * clamp).max(SMALLEST / 2.0));
                let depth = (channels as f64).log2().clamp(2.0, 12.0) - 1.0;
                Size { width, height, depth: depth.min(height / 2.0).min(width / 2.0) }
            }
            (_, shape) => {
                let elements = shape.iter().product::<i64>().max(1) as f64;
                Size { width: 10.0, height: (elements.log2() * 6.0).clamp(20.0, 72.0), depth: 0.0 }
            }
        }
    }

    /// The point of a unit's border that an arrow which ends at a cell of its box means.
    pub(super) fn border(&self, unit: &Unit, center: Point, at: Point) -> (f64, f64) {
        let size = self.size(unit);
        let (x, y) = (f64::from(center.0) * CELL, f64::from(center.1) * CELL);
        match (at.0.cmp(&center.0), at.1.cmp(&center.1)) {
            (std::cmp::Ordering::Greater, _) => (x + size.width / 2.0 + size.depth, y),
            (std::cmp::Ordering::Less, _) => (x - size.width / 2.0, y),
            (_, std::cmp::Ordering::Less) => (x, y - size.height / 2.0 - size.depth),
            _ => (x, y + size.height / 2.0),
        }
    }

    /// The text below a unit.
    pub(super) fn lines(&self, unit: &Unit) -> Vec<Line> {
        let line = |class, text: String| Line { class, text };
        let name = line("name", unit.title());
        let shape = line("shape", unit.shape_text());
        let operator = line("operator", unit.operator.clone());
        let lines = match unit.glyph {
            // A sum is like its operands, and so is what follows it.
            Glyph::Fuse(_) if unit.name.is_empty() && !unit.is_output() => vec![operator],
            _ => vec![name, shape, operator],
        };
        lines.into_iter().filter(|line| !line.text.is_empty()).collect()
    }

    /// What a drawing says of its scale.
    pub(super) fn scale_text(&self, scene: &Scene) -> String {
        let sides = scene.units.iter().filter(|unit| unit.glyph == Glyph::Map && unit.shape.len() == 3);
        let sides: Vec<f64> = sides.map(|unit| unit.shape[1].max(unit.shape[2]) as f64).collect();
        let (largest, smallest) = ((LARGEST / self.scale).floor(), (SMALLEST / self.scale).ceil());
        let mut text = String::from("sides of maps to scale");
        let [above, below] = [sides.iter().any(|side| *side > largest), sides.iter().any(|side| *side < smallest)];
        match (below, above) {
            (true, true) => text.push_str(&format!(" between {smallest} and {largest} cells")),
            (true, false) => text.push_str(&format!(" from {smallest} cells on")),
            (false, true) => text.push_str(&format!(" up to {largest} cells")),
            (false, false) => {}
        }
        text
    }
}

impl Medium for Canvas {
    fn body(&self, unit: &Unit) -> Rect {
        let Size { width, height, depth } = self.size(unit);
        let cells = |pixels: f64| (pixels / CELL).ceil() as i32;
        Rect {
            left: -cells(width / 2.0),
            top: -cells(height / 2.0 + depth),
            right: cells(width / 2.0 + depth),
            bottom: cells(height / 2.0),
        }
    }

    fn label(&self, unit: &Unit) -> (i32, i32) {
        let lines = self.lines(unit);
        let widths = lines.iter().map(|line| text_width(&line.text, if line.class == "name" { 11.0 } else { 10.0 }));
        let width = widths.fold(0.0, f64::max);
        ((width / CELL).ceil() as i32, (lines.len() as f64 * 12.0 / CELL).ceil() as i32)
    }

    fn words(&self, text: &str) -> (i32, i32) {
        ((text_width(text, 10.0) / CELL).ceil() as i32 + 1, 3)
    }

    fn title(&self, text: &str) -> (i32, i32) {
        ((text_width(text, 11.0) / CELL).ceil() as i32, 2)
    }

    fn measures(&self) -> &Measures {
        &MEASURES
    }
}

/// Pixels that a text takes in Helvetica, rounded up by classes of letters; other fonts are hardly wider.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let em = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' | '/' | 'f' | 't' | 'I' | '[' | ']' | '(' | ')' | '-' => {
            0.32
        }
        'm' | 'w' | 'M' | 'W' | '→' => 0.95,
        'A'..='Z' => 0.74,
        c if c.is_ascii() => 0.57,
        '×' => 0.6,
        _ => 1.0,
    };
    text.chars().map(em).sum::<f64>() * size
}
