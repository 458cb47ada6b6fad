//! Text for a terminal, in box drawing characters.

use std::collections::BTreeMap;

use super::layout::{Align, Layout, Measures, Medium, Rect, layout};
use super::route::{Point, cells};
use super::scene::{Glyph, Scene, Unit};

const MEASURES: Measures =
    Measures { gap: (4, 3), stub: (2, 2), clearance: 0, frame: (1, 1), margin: 3, edge: 0, aspect: 22 };

/// Up to here a unit's name and what makes it share a line.
const WIDE: i32 = 13;

/// A terminal's cells.
pub(super) struct Screen;

impl Medium for Screen {
    fn body(&self, unit: &Unit) -> Rect {
        let lines = lines(unit);
        let width = lines.iter().map(|line| width(line)).max().unwrap_or(0) + 2;
        Rect { left: -(width / 2), top: -1, right: width - width / 2 - 1, bottom: lines.len() as i32 }
    }

    fn label(&self, _: &Unit) -> (i32, i32) {
        (0, 0)
    }

    fn words(&self, text: &str) -> (i32, i32) {
        (width(text), 1)
    }

    fn title(&self, text: &str) -> (i32, i32) {
        // It stands on the border.
        (width(text) + 2, 0)
    }

    fn measures(&self) -> &Measures {
        &MEASURES
    }
}

fn width(text: &str) -> i32 {
    text.chars().count() as i32
}

/// What stands in a unit's box: its name and what makes it, and its sizes.
fn lines(unit: &Unit) -> Vec<String> {
    let sign = match unit.glyph {
        Glyph::Fuse(sign) => format!("({})", sign.symbol()),
        Glyph::Map | Glyph::Vector => String::new(),
    };
    let parts = [sign, unit.title(), unit.operator.clone()];
    let mut parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.iter().map(|part| width(part) + 1).sum::<i32>() <= WIDE {
        parts = vec![parts.join(" ")];
    }
    if !matches!(unit.glyph, Glyph::Fuse(_)) || !unit.name.is_empty() || unit.is_output() {
        parts.push(unit.shape_text().replace(' ', ""));
    }
    parts
}

/// The characters of a drawing.
struct Characters {
    /// By the sides that a line comes from: 1 right, 2 down, 4 left, 8 up.
    line: [char; 16],
    /// Corners from the top left by rows, sides and uprights of a box; of an output's.
    boxes: [[char; 6]; 2],
    /// A frame, likewise.
    frame: [char; 6],
    /// Tips to the right, down, left, up.
    tips: [char; 4],
}

/// A title in lines that fit a terminal.
fn wrapped(title: &str) -> String {
    const WIDEST: usize = 120;
    let mut lines = vec![String::new()];
    for word in title.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDEST {
            lines.push(format!("    {word}"));
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

const UNICODE: Characters = Characters {
    line: [' ', '╶', '╷', '┌', '╴', '─', '┐', '┬', '╵', '└', '│', '├', '┘', '┴', '┤', '┼'],
    boxes: [['╭', '╮', '╰', '╯', '─', '│'], ['┏', '┓', '┗', '┛', '━', '┃']],
    frame: ['┄', '┄', '┄', '┄', '┄', '┆'],
    tips: ['▶', '▼', '◀', '▲'],
};

const ASCII: Characters = Characters {
    line: [' ', '-', '|', '+', '-', '-', '+', '+', '|', '+', '|', '+', '+', '+', '+', '+'],
    boxes: [['.', '.', '\'', '\'', '-', '|'], ['#', '#', '#', '#', '=', '#']],
    frame: ['.', '.', '.', '.', '.', ':'],
    tips: ['>', 'v', '<', '^'],
};

/// A scene as text; with `ascii` of ASCII characters alone.
pub(super) fn text(scene: &Scene, ascii: bool) -> String {
    let characters = if ascii { &ASCII } else { &UNICODE };
    let layout = layout(scene, &Screen);
    let mut page = Page { rows: vec![vec![' '; layout.width as usize]; layout.height as usize], characters };
    for (i, frame) in scene.frames.iter().enumerate() {
        let (Some(border), Some(title)) = (&layout.frames[i], &layout.titles[i]) else { continue };
        page.outline(border, characters.frame);
        page.write((title.left, border.top), &format!(" {} ", frame.label));
    }
    page.arrows(scene, &layout);
    for (unit, body) in scene.units.iter().zip(&layout.bodies) {
        page.outline(body, characters.boxes[usize::from(unit.is_output())]);
        for (i, line) in lines(unit).iter().enumerate() {
            let inner = body.right - body.left - 1;
            page.write((body.left + 1 + (inner - width(line)) / 2, body.top + 1 + i as i32), line);
        }
    }
    for (edge, words) in scene.edges.iter().zip(&layout.words) {
        if let Some((rect, align)) = words {
            let shift = i32::from(*align == Align::Right) * (rect.right - rect.left + 1 - width(&edge.label));
            page.write((rect.left + shift, rect.top), &edge.label);
        }
    }
    let mut text = wrapped(&scene.title()) + "\n\n";
    for row in &page.rows {
        text.push_str(row.iter().collect::<String>().trim_end());
        text.push('\n');
    }
    let signs: Vec<String> = scene.signs().map(|sign| format!("({}) {}", sign.symbol(), sign.meaning())).collect();
    let outputs = scene.units.iter().any(Unit::is_output).then(|| {
        let [left, right] = [characters.boxes[1][0], characters.boxes[1][1]];
        format!("{left}{right} output")
    });
    text.push('\n');
    text.push_str(&outputs.into_iter().chain(signs).collect::<Vec<_>>().join("   "));
    text.push('\n');
    if ascii { text.chars().map(plain).collect() } else { text }
}

/// The nearest ASCII character.
fn plain(c: char) -> char {
    match c {
        '×' => 'x',
        'Σ' => 'S',
        c if c.is_ascii() => c,
        _ => '?',
    }
}

struct Page<'c> {
    rows: Vec<Vec<char>>,
    characters: &'c Characters,
}

impl Page<'_> {
    fn put(&mut self, (x, y): Point, c: char) {
        let cell = usize::try_from(y).ok().and_then(|y| self.rows.get_mut(y));
        if let Some(cell) = cell.and_then(|row| row.get_mut(usize::try_from(x).ok()?)) {
            *cell = c;
        }
    }

    fn write(&mut self, (x, y): Point, text: &str) {
        for (i, c) in text.chars().enumerate() {
            self.put((x + i as i32, y), c);
        }
    }

    /// An empty box.
    fn outline(&mut self, rect: &Rect, [top_left, top_right, bottom_left, bottom_right, across, upright]: [char; 6]) {
        let Rect { left, top, right, bottom } = *rect;
        for x in left..=right {
            self.put((x, top), across);
            self.put((x, bottom), across);
        }
        for y in top..=bottom {
            self.put((left, y), upright);
            self.put((right, y), upright);
        }
        for (at, c) in [
            ((left, top), top_left),
            ((right, top), top_right),
            ((left, bottom), bottom_left),
            ((right, bottom), bottom_right),
        ] {
            self.put(at, c);
        }
    }

    /// Lines with their corners and tips; where foreign ones cross, the upright one goes on.
    fn arrows(&mut self, scene: &Scene, layout: &Layout) {
        let mut sides: BTreeMap<Point, Vec<(usize, usize)>> = BTreeMap::new();
        for (edge, path) in scene.edges.iter().zip(&layout.paths) {
            for pair in path.windows(2) {
                let line: Vec<Point> = cells(pair[0], pair[1]).collect();
                for step in line.windows(2) {
                    let (forth, back) = sides_of(step[0], step[1]);
                    sides.entry(step[0]).or_default().push((edge.from, forth));
                    sides.entry(step[1]).or_default().push((edge.from, back));
                }
            }
        }
        for (at, parts) in &sides {
            let all = parts.iter().fold(0, |all, (_, side)| all | side);
            let one = parts.iter().all(|(from, _)| *from == parts[0].0);
            // A crossing is no fork: the line along the row has a gap.
            let shown = if all == 15 && !one { 10 } else { all };
            self.put(*at, self.characters.line[shown]);
        }
        for path in &layout.paths {
            let [.., before, last] = path.as_slice() else { continue };
            let line: Vec<Point> = cells(*before, *last).collect();
            let [.., tip, end] = line.as_slice() else { continue };
            let (side, _) = sides_of(*tip, *end);
            self.put(*tip, self.characters.tips[side.trailing_zeros() as usize]);
        }
    }
}

/// The sides at which a step leaves a cell and enters the next.
fn sides_of(a: Point, b: Point) -> (usize, usize) {
    match (b.0 - a.0, b.1 - a.1) {
        (1.., _) => (1, 4),
        (..=-1, _) => (4, 1),
        (_, 1..) => (2, 8),
        _ => (8, 2),
    }
}
