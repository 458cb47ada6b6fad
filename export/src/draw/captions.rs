//! What is written on arrows.

use super::layout::{Align, Layout, Medium, Rect};
use super::route::{Maze, Point, cells};
use super::scene::Scene;

/// What a place for a text costs; the cheapest is taken.
mod cost {
    /// A half cell away from the middle of a straight piece.
    pub const OFF_MIDDLE: i32 = 1;
    /// To the right of an upright line, and to its left.
    pub const RIGHT: i32 = 4;
    pub const LEFT: i32 = 6;
    /// Above or below a line along a row.
    pub const BESIDE: i32 = 30;
    /// On an upright line.
    pub const ACROSS: i32 = 50;
    /// On a line of which too little is left, or at the end of an upright one.
    pub const SHORT: i32 = 60;
    pub const END: i32 = 30;
    /// Over a cell of another arrow, and beside one.
    pub const COVERED: i32 = 60;
    pub const NEAR: i32 = 2;
    /// At a piece that arrows share: nobody could tell whose text it is.
    pub const SHARED: i32 = 80;
    /// Over the border of a frame.
    pub const BORDER: i32 = 60;
}

/// Puts texts on arrows: on a line along a row, or beside an upright one, where they cover no box and no text.
pub(super) fn write(scene: &Scene, medium: &impl Medium, maze: &Maze, layout: &mut Layout) {
    for (i, edge) in scene.edges.iter().enumerate().filter(|(_, edge)| !edge.label.is_empty()) {
        let (size, own) = (medium.words(&edge.label), (edge.from, edge.to));
        let pieces = layout.paths[i].windows(2).map(|pair| cells(pair[0], pair[1]).collect::<Vec<Point>>());
        let candidates = pieces.flat_map(|piece| candidates(&piece, size));
        let free = candidates.filter(|candidate| is_free(layout, &candidate.rect));
        let best = free.min_by_key(|candidate| candidate.price + disturbance(maze, layout, candidate, own));
        layout.words[i] = best.map(|candidate| (candidate.rect, candidate.align));
    }
}

/// A place that a text could have.
struct Candidate {
    rect: Rect,
    align: Align,
    /// The cell of the arrow that it is put at.
    at: Point,
    price: i32,
}

/// Every place at a straight piece of an arrow.
fn candidates(piece: &[Point], size: (i32, i32)) -> Vec<Candidate> {
    let along_row = piece.first().map(|(_, y)| y) == piece.last().map(|(_, y)| y);
    let length = piece.len() as i32;
    let mut candidates = Vec::new();
    for (i, &at) in (0..).zip(piece) {
        let on = Rect::around(at, size);
        let mut add = |rect, align, price| {
            let price = price + cost::OFF_MIDDLE * (2 * i - length).abs();
            candidates.push(Candidate { rect, align, at, price });
        };
        // Something of the line has to be left on either side.
        let least = if along_row { size.0 } else { size.1 } / 2 + 1;
        let short = i < least || length - i - 2 < least;
        if along_row {
            add(on, Align::Middle, if short { cost::SHORT } else { 0 });
            add(on.moved((0, at.1 - 1 - on.bottom)), Align::Middle, cost::BESIDE);
            add(on.moved((0, at.1 + 1 - on.top)), Align::Middle, cost::BESIDE);
        } else {
            let end = if short { cost::END } else { 0 };
            add(on.moved((at.0 + 1 - on.left, 0)), Align::Left, cost::RIGHT + end);
            add(on.moved((at.0 - 1 - on.right, 0)), Align::Right, cost::LEFT + end);
            // It need not be in the middle of it.
            for shift in -(size.0 / 4)..=size.0 / 4 {
                add(on.moved((shift, 0)), Align::Middle, cost::ACROSS + cost::OFF_MIDDLE * shift.abs());
            }
        }
    }
    candidates
}

/// Whether a text lies inside and covers neither a box nor another text.
fn is_free(layout: &Layout, rect: &Rect) -> bool {
    let texts = layout.labels.iter().chain(&layout.titles).flatten();
    let words = layout.words.iter().flatten().map(|(rect, _)| rect);
    let inside = rect.left >= 0 && rect.top >= 0 && rect.right < layout.width && rect.bottom < layout.height;
    inside && !layout.bodies.iter().chain(texts).chain(words).any(|other| other.meets(rect))
}

/// What a text at a place does to other arrows and to frames.
fn disturbance(maze: &Maze, layout: &Layout, candidate: &Candidate, own: (usize, usize)) -> i32 {
    let foreign = |cell: Point| maze.lines(cell).filter(|line| *line != own).count() as i32;
    let [covered, near] = [0, 1].map(|by| candidate.rect.grown(by).cells().map(foreign).sum::<i32>());
    let inside = |frame: &Rect| candidate.rect.cells().all(|cell| frame.grown(-1).contains(cell));
    let borders = layout.frames.iter().flatten().filter(|frame| frame.meets(&candidate.rect) && !inside(frame));
    cost::COVERED * covered
        + cost::NEAR * (near - covered)
        + cost::SHARED * foreign(candidate.at)
        + cost::BORDER * borders.count() as i32
}
