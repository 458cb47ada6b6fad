//! From a grid to cells: boxes, their texts, arrows and the texts on them, for any medium that is made of cells.

use std::collections::BTreeSet;

use super::arrows::connect;
use super::captions::write;
use super::grid::Grid;
use super::route::{Point, cells};
use super::scene::{Scene, Unit};

/// A rectangle of cells; all four are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// Last column.
    pub right: i32,
    /// Last row.
    pub bottom: i32,
}

impl Rect {
    pub(super) fn around((x, y): Point, (width, height): (i32, i32)) -> Rect {
        let (left, top) = (x - width / 2, y - height / 2);
        Rect { left, top, right: left + width - 1, bottom: top + height - 1 }
    }

    /// Whether a cell is in both.
    pub fn meets(&self, other: &Rect) -> bool {
        self.left <= other.right && other.left <= self.right && self.top <= other.bottom && other.top <= self.bottom
    }

    /// Whether a cell is in it.
    pub fn contains(&self, (x, y): Point) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    pub(super) fn grown(self, by: i32) -> Rect {
        Rect { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    pub(super) fn moved(self, (x, y): Point) -> Rect {
        Rect { left: self.left + x, top: self.top + y, right: self.right + x, bottom: self.bottom + y }
    }

    fn with(self, other: Rect) -> Rect {
        Rect {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub(super) fn cells(self) -> impl Iterator<Item = Point> {
        (self.top..=self.bottom).flat_map(move |y| (self.left..=self.right).map(move |x| (x, y)))
    }
}

/// What a medium makes of units and texts, in its cells.
pub(super) trait Medium {
    /// A unit's box around its centre, at which arrows enter and leave.
    fn body(&self, unit: &Unit) -> Rect;
    /// Width and height of the text below a unit; nothing where there is none.
    fn label(&self, unit: &Unit) -> (i32, i32);
    /// Width and height of a text on an arrow.
    fn words(&self, text: &str) -> (i32, i32);
    /// Width and height of a frame's title.
    fn title(&self, text: &str) -> (i32, i32);
    /// Its measures.
    fn measures(&self) -> &Measures;
}

/// Distances of a medium, in its cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    /// Between the boxes of two columns, and of two rows.
    pub gap: (i32, i32),
    /// From a box to the first cell in which an arrow may turn, across and down.
    pub stub: (i32, i32),
    /// Around a box no arrow passes.
    pub clearance: i32,
    /// Between a frame and what it holds, across and down.
    pub frame: (i32, i32),
    /// Around everything, for arrows that go around.
    pub margin: i32,
    /// Around everything in the end.
    pub edge: i32,
    /// How far a cell reaches down, in tenths of how far it reaches across.
    pub aspect: u32,
}

/// Where in its rectangle a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// On the left, to the right of its line.
    Left,
    /// In the middle, on its line or above it.
    Middle,
    /// On the right, to the left of its line.
    Right,
}

/// Everything in its place.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Cells across.
    pub width: i32,
    /// Cells down.
    pub height: i32,
    /// For each unit its centre.
    pub centers: Vec<(i32, i32)>,
    /// For each unit its box.
    pub bodies: Vec<Rect>,
    /// For each unit the text below it.
    pub labels: Vec<Option<Rect>>,
    /// For each edge its corners, from box to box.
    pub paths: Vec<Vec<(i32, i32)>>,
    /// For each edge the text on it.
    pub words: Vec<Option<(Rect, Align)>>,
    /// For each frame its border, where it is drawn.
    pub frames: Vec<Option<Rect>>,
    /// For each frame its title.
    pub titles: Vec<Option<Rect>>,
}

/// Lays a scene out.
pub(super) fn layout(scene: &Scene, medium: &impl Medium) -> Layout {
    let grid = Grid::new(scene);
    let mut layout = place(scene, &grid, medium);
    let maze = connect(scene, &grid, medium.measures(), &mut layout);
    layout.center_labels();
    write(scene, medium, &maze, &mut layout);
    layout.crop(medium.measures().edge);
    layout
}

impl Layout {
    /// Puts texts that stand beside a line which then took another way into the middle below their boxes.
    fn center_labels(&mut self) {
        let lines: BTreeSet<Point> =
            self.paths.iter().flat_map(|path| path.windows(2)).flat_map(|pair| cells(pair[0], pair[1])).collect();
        for unit in 0..self.labels.len() {
            let Some(label) = self.labels[unit] else { continue };
            let centered = label.moved((self.centers[unit].0 - (label.right - label.left + 1) / 2 - label.left, 0));
            let others = self.labels.iter().chain(&self.titles).flatten().filter(|other| **other != label);
            let free = !self.bodies.iter().chain(others).any(|other| other.meets(&centered));
            if free && !centered.cells().any(|cell| lines.contains(&cell)) && self.is_framed_as(&label, &centered) {
                self.labels[unit] = Some(centered);
            }
        }
    }

    /// Whether a rectangle lies in the same frames as another, and on no border.
    fn is_framed_as(&self, one: &Rect, other: &Rect) -> bool {
        let corners = |rect: &Rect| [(rect.left, rect.top), (rect.right, rect.bottom)];
        let within = |frame: &Rect, rect: &Rect| corners(rect).map(|corner| frame.grown(-1).contains(corner));
        self.frames.iter().flatten().all(|frame| within(frame, one) == within(frame, other))
    }

    /// Draws a frame around its units.
    fn frame(&mut self, scene: &Scene, medium: &impl Medium, frame: usize) {
        let held = scene.units_in(frame).flat_map(|unit| std::iter::once(self.bodies[unit]).chain(self.labels[unit]));
        let inner = (0..scene.frames.len()).filter(|&other| scene.frames[other].parent == Some(frame));
        let held = held.chain(inner.filter_map(|other| self.frames[other]));
        let Some(held) = held.reduce(Rect::with) else { return };
        let (across, down) = medium.measures().frame;
        let (width, height) = medium.title(&scene.frames[frame].label);
        let (left, top) = (held.left - across, held.top - down - height);
        let right = (held.right + across).max(left + width + 1);
        self.frames[frame] = Some(Rect { left, top, right, bottom: held.bottom + down });
        self.titles[frame] = Some(Rect { left: left + 1, top: top + 1, right: left + width, bottom: top + height });
    }

    /// Leaves so many empty cells around what is there.
    fn crop(&mut self, edge: i32) {
        let points = self.paths.iter().flatten().map(|&(x, y)| Rect { left: x, top: y, right: x, bottom: y });
        let rects = self.bodies.iter().chain(self.labels.iter().flatten()).chain(self.frames.iter().flatten()).copied();
        let words = self.words.iter().flatten().map(|(rect, _)| *rect);
        let Some(all) = points.chain(rects).chain(words).reduce(Rect::with) else { return };
        let by = (edge - all.left, edge - all.top);
        let rects =
            self.bodies.iter_mut().chain(self.labels.iter_mut().flatten()).chain(self.frames.iter_mut().flatten());
        let rects =
            rects.chain(self.titles.iter_mut().flatten()).chain(self.words.iter_mut().flatten().map(|(rect, _)| rect));
        rects.for_each(|rect| *rect = rect.moved(by));
        for (x, y) in self.centers.iter_mut().chain(self.paths.iter_mut().flatten()) {
            (*x, *y) = (*x + by.0, *y + by.1);
        }
        self.width = all.right - all.left + 1 + 2 * edge;
        self.height = all.bottom - all.top + 1 + 2 * edge;
    }
}

/// Boxes, their texts and frames.
fn place(scene: &Scene, grid: &Grid, medium: &impl Medium) -> Layout {
    // A text stands beside the line that leaves its box downwards, or else in the middle.
    let used_below = |unit: usize| {
        let below = |other: usize| grid.rows[other] > grid.rows[unit];
        scene.edges.iter().any(|edge| (edge.from == unit && below(edge.to)) || (edge.to == unit && below(edge.from)))
    };
    let labels: Vec<Option<Rect>> = (0..scene.units.len())
        .map(|unit| {
            let (width, height) = medium.label(&scene.units[unit]);
            let left = if used_below(unit) { 1 } else { -(width / 2) };
            let top = medium.body(&scene.units[unit]).bottom + 1;
            let rect = Rect { left, top, right: left + width - 1, bottom: top + height - 1 };
            (width > 0 && height > 0).then_some(rect)
        })
        .collect();
    let (xs, ys) = axes(scene, grid, medium, &labels);
    let (columns, width) = xs.lines(medium.measures().margin);
    let (rows, height) = ys.lines(medium.measures().margin);
    let centers: Vec<Point> =
        (0..scene.units.len()).map(|unit| (columns[grid.places[unit].column], rows[grid.rows[unit]])).collect();
    let bodies = scene.units.iter().zip(&centers).map(|(unit, center)| medium.body(unit).moved(*center));
    let labels = labels.iter().zip(&centers).map(|(label, center)| Some((*label)?.moved(*center)));
    let mut layout = Layout {
        width,
        height,
        bodies: bodies.collect(),
        labels: labels.collect(),
        centers,
        paths: Vec::new(),
        words: vec![None; scene.edges.len()],
        frames: vec![None; scene.frames.len()],
        titles: vec![None; scene.frames.len()],
    };
    // The inner frames first: an outer one goes around them.
    for frame in (0..scene.frames.len()).rev().filter(|&frame| grid.framed[frame]) {
        layout.frame(scene, medium, frame);
    }
    layout
}

/// Lines along which things stand: how far they reach to either side, and what is left free between them.
struct Axis {
    extents: Vec<(i32, i32)>,
    /// Before each line and behind the last.
    gaps: Vec<i32>,
}

impl Axis {
    fn new(lines: usize, gap: i32) -> Axis {
        let mut gaps = vec![gap; lines + 1];
        // Around everything is a margin.
        gaps[0] = 0;
        gaps[lines] = 0;
        Axis { extents: vec![(0, 0); lines], gaps }
    }

    fn hold(&mut self, line: usize, from: i32, to: i32) {
        let (before, behind) = &mut self.extents[line];
        *before = -from.min(-*before);
        *behind = to.max(*behind);
    }

    /// The places of the lines, and where everything ends.
    fn lines(&self, margin: i32) -> (Vec<i32>, i32) {
        let mut at = margin;
        let mut lines = Vec::new();
        for ((before, behind), gap) in self.extents.iter().zip(&self.gaps) {
            at += gap + before;
            lines.push(at);
            at += behind + 1;
        }
        (lines, at + self.gaps[self.extents.len()] + margin)
    }
}

/// The columns and the rows, with room for everything that stands in them and between them.
fn axes(scene: &Scene, grid: &Grid, medium: &impl Medium, labels: &[Option<Rect>]) -> (Axis, Axis) {
    let measures = medium.measures();
    let mut xs = Axis::new(grid.width(), measures.gap.0);
    let mut ys = Axis::new(grid.height(), measures.gap.1);
    let column = |unit: usize| grid.places[unit].column;
    for (i, unit) in scene.units.iter().enumerate() {
        for rect in std::iter::once(medium.body(unit)).chain(labels[i]) {
            xs.hold(column(i), rect.left, rect.right);
            ys.hold(grid.rows[i], rect.top, rect.bottom);
        }
    }
    let mut turning = vec![0; grid.width() + 1];
    for edge in scene.edges.iter().filter(|edge| !edge.label.is_empty() && column(edge.from) < column(edge.to)) {
        let gap = &mut xs.gaps[column(edge.to)];
        *gap = (*gap).max(medium.words(&edge.label).0 + 2 * measures.stub.0 + 3);
        turning[column(edge.to)] += i32::from(grid.rows[edge.from] != grid.rows[edge.to]);
    }
    // Those that leave their row have to pass each other's words.
    for (gap, turning) in xs.gaps.iter_mut().zip(turning) {
        *gap += measures.stub.0 * (turning - 1).max(0);
    }
    for frame in (0..scene.frames.len()).filter(|&frame| grid.framed[frame]) {
        let title = medium.title(&scene.frames[frame].label);
        let range = |of: &dyn Fn(usize) -> usize| {
            Some((scene.units_in(frame).map(of).min()?, scene.units_in(frame).map(of).max()?))
        };
        let (Some((first, last)), Some((top, bottom))) = (range(&column), range(&|unit| grid.rows[unit])) else {
            continue;
        };
        // A title wider than what stands below it makes the last column wider.
        let extents: i32 = xs.extents[first..=last].iter().map(|(before, behind)| before + behind + 1).sum();
        let width = extents + xs.gaps[first + 1..=last].iter().sum::<i32>();
        xs.extents[last].1 += (title.0 - width).max(0);
        xs.gaps[first] += measures.frame.0;
        xs.gaps[last + 1] += measures.frame.0;
        ys.gaps[top] += measures.frame.1 + title.1;
        ys.gaps[bottom + 1] += measures.frame.1;
    }
    (xs, ys)
}
