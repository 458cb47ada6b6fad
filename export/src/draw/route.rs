//! Arrows through a maze of cells, one after the other, each along the cheapest way (Lee 1961, with costs).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A cell, by column and row.
pub(super) type Point = (i32, i32);

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Right,
    Down,
    Left,
    Up,
}

impl Direction {
    const ALL: [Direction; 4] = [Direction::Right, Direction::Down, Direction::Left, Direction::Up];

    /// A point some cells further on.
    pub(super) fn from(self, (x, y): Point, cells: i32) -> Point {
        match self {
            Direction::Right => (x + cells, y),
            Direction::Down => (x, y + cells),
            Direction::Left => (x - cells, y),
            Direction::Up => (x, y - cells),
        }
    }

    pub(super) fn opposite(self) -> Direction {
        match self {
            Direction::Right => Direction::Left,
            Direction::Down => Direction::Up,
            Direction::Left => Direction::Right,
            Direction::Up => Direction::Down,
        }
    }

    fn is_vertical(self) -> bool {
        matches!(self, Direction::Down | Direction::Up)
    }
}

/// Where an arrow may begin or end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    /// The cell of the box.
    pub border: Point,
    /// The cell outside up to which, or from which on, the arrow runs straight.
    pub at: Point,
    /// In which it leaves or arrives.
    pub direction: Direction,
    /// What using it costs.
    pub price: u32,
}

/// What things cost, in tenths of a step along a row.
pub(super) mod cost {
    pub const STEP: u32 = 10;
    /// Along a line from the same box: a little more than a line of its own, so that it branches soon and has room for words.
    pub const SHARED: u32 = 11;
    /// Along a line into the same box.
    pub const JOINED: u32 = 40;
    pub const BEND: u32 = 60;
    /// Into a fusion from the side that faces away.
    pub const AVERSE: u32 = 100;
    pub const CROSSING: u32 = 30;
    /// Beside another line.
    pub const CLOSE: u32 = 8;
    /// Along the border of a frame.
    pub const BORDER: u32 = 60;
    /// Along a foreign line, or turning upon one: nobody could tell them apart.
    pub const OVERLAP: u32 = 2_000;
    /// Through a box or a text. Not forbidden, so that there always is a way; never taken where there is another.
    pub const BLOCKED: u32 = 100_000;
}

/// Cells before an arrow's end that belong to its tip.
const TIP: usize = 5;

/// The cells, with what stands and runs in them.
pub(super) struct Maze {
    width: i32,
    height: i32,
    blocked: Vec<bool>,
    /// Whether a frame's border runs through a cell along a row, and along a column.
    borders: [Vec<bool>; 2],
    /// Whether an arrow ends near a cell: nothing may part from it there.
    tips: Vec<bool>,
    /// For each cell the arrows (from, to) that run through it along a row, and along a column.
    lines: [Vec<Vec<(usize, usize)>>; 2],
    /// Cost of a step along a column, in tenths of one along a row.
    vertical: u32,
}

impl Maze {
    pub(super) fn new(width: i32, height: i32, vertical: u32) -> Maze {
        let cells = (width * height) as usize;
        Maze {
            width,
            height,
            blocked: vec![false; cells],
            borders: [vec![false; cells], vec![false; cells]],
            tips: vec![false; cells],
            lines: [vec![Vec::new(); cells], vec![Vec::new(); cells]],
            vertical,
        }
    }

    fn index(&self, (x, y): Point) -> Option<usize> {
        ((0..self.width).contains(&x) && (0..self.height).contains(&y)).then(|| (y * self.width + x) as usize)
    }

    /// Keeps arrows out of a cell.
    pub(super) fn block(&mut self, at: Point) {
        if let Some(index) = self.index(at) {
            self.blocked[index] = true;
        }
    }

    /// Keeps arrows from running along a line, which they may cross.
    pub(super) fn border(&mut self, a: Point, b: Point) {
        let vertical = usize::from(a.0 == b.0);
        for at in cells(a, b) {
            if let Some(index) = self.index(at) {
                self.borders[vertical][index] = true;
            }
        }
    }

    /// The arrows through a cell.
    pub(super) fn lines(&self, at: Point) -> impl Iterator<Item = (usize, usize)> {
        let index = self.index(at);
        self.lines.iter().flat_map(move |lines| index.into_iter().flat_map(|index| lines[index].iter().copied()))
    }

    /// The corners of the cheapest way from one of the starts to one of the goals.
    pub(super) fn route(&self, arrow: (usize, usize), starts: &[Port], goals: &[Port]) -> Vec<Point> {
        let states = self.blocked.len() * 4;
        let mut best = vec![u32::MAX; states];
        let mut before = vec![usize::MAX; states];
        let mut queue = BinaryHeap::new();
        let state = |index: usize, direction: Direction| index * 4 + direction as usize;
        for start in starts {
            if let Some(index) = self.index(start.at) {
                let state = state(index, start.direction);
                best[state] = start.price + self.entering(index, start.direction, arrow);
                queue.push(Reverse((best[state], state)));
            }
        }
        let goals: Vec<(usize, u32)> =
            goals.iter().filter_map(|goal| Some((state(self.index(goal.at)?, goal.direction), goal.price))).collect();
        let mut reached: Option<(u32, usize)> = None;
        while let Some(Reverse((spent, from))) = queue.pop() {
            if reached.is_some_and(|(least, _)| least <= spent) {
                break;
            }
            if let Some((_, price)) = goals.iter().find(|(goal, _)| *goal == from)
                && reached.is_none_or(|(least, _)| spent + price < least)
            {
                reached = Some((spent + price, from));
            }
            if spent > best[from] {
                continue;
            }
            let (index, direction) = (from / 4, Direction::ALL[from % 4]);
            let at = (index as i32 % self.width, index as i32 / self.width);
            let on =
                self.index(direction.from(at, 1)).map(|next| (next, direction, self.entering(next, direction, arrow)));
            let turns = Direction::ALL.into_iter().filter(|turn| turn.is_vertical() != direction.is_vertical());
            let turns = turns.map(|turn| (index, turn, self.turning(index, arrow)));
            for (next, direction, price) in on.into_iter().chain(turns) {
                let (to, total) = (state(next, direction), spent + price);
                if total < best[to] {
                    best[to] = total;
                    before[to] = from;
                    queue.push(Reverse((total, to)));
                }
            }
        }
        reached.map(|(_, goal)| self.corners(&before, goal)).unwrap_or_default()
    }

    fn entering(&self, index: usize, direction: Direction, arrow: (usize, usize)) -> u32 {
        let vertical = usize::from(direction.is_vertical());
        let step = if direction.is_vertical() { self.vertical } else { cost::STEP };
        let shared = |&(from, to): &(usize, usize)| from == arrow.0 && to != arrow.1;
        let joined = |&(from, to): &(usize, usize)| to == arrow.1 && from != arrow.0;
        let along = &self.lines[vertical][index];
        let mut price = match along.as_slice() {
            [] => step,
            lines if lines.iter().all(shared) => step * cost::SHARED / cost::STEP,
            lines if lines.iter().all(joined) => step + cost::JOINED,
            _ => step + cost::OVERLAP,
        };
        price += self.lines[1 - vertical][index].iter().filter(|line| !shared(line)).count() as u32 * cost::CROSSING;
        let width = self.width as usize;
        let sides = if direction.is_vertical() {
            [index.checked_sub(1), Some(index + 1)]
        } else {
            [index.checked_sub(width), Some(index + width)]
        };
        let beside = |side: Option<usize>| {
            side.and_then(|side| self.lines[vertical].get(side)).is_some_and(|lines| !lines.is_empty())
        };
        price += sides.into_iter().filter(|&side| beside(side)).count() as u32 * cost::CLOSE;
        price += if self.borders[vertical][index] { cost::BORDER } else { 0 };
        if self.blocked[index] { price + cost::BLOCKED } else { price }
    }

    fn turning(&self, index: usize, arrow: (usize, usize)) -> u32 {
        let foreign =
            self.lines.iter().flat_map(|lines| &lines[index]).any(|&(from, to)| from != arrow.0 && to != arrow.1);
        // An arrow may join one into the same box there.
        let tip = self.tips[index] && self.lines.iter().flat_map(|lines| &lines[index]).any(|&(_, to)| to != arrow.1);
        if foreign || tip { cost::OVERLAP } else { cost::BEND }
    }

    fn corners(&self, before: &[usize], goal: usize) -> Vec<Point> {
        let mut states = vec![goal];
        while before[states[states.len() - 1]] != usize::MAX {
            states.push(before[states[states.len() - 1]]);
        }
        let mut points: Vec<Point> =
            states.iter().rev().map(|state| (*state as i32 / 4 % self.width, *state as i32 / 4 / self.width)).collect();
        simplify(&mut points);
        points
    }

    /// Notes an arrow along its corners.
    pub(super) fn lay(&mut self, arrow: (usize, usize), corners: &[Point]) {
        if let [.., before, last] = corners {
            for at in cells(*last, *before).take(TIP) {
                if let Some(index) = self.index(at) {
                    self.tips[index] = true;
                }
            }
        }
        for pair in corners.windows(2) {
            let vertical = usize::from(pair[0].0 == pair[1].0);
            for at in cells(pair[0], pair[1]) {
                if let Some(index) = self.index(at)
                    && !self.lines[vertical][index].contains(&arrow)
                {
                    self.lines[vertical][index].push(arrow);
                }
            }
        }
    }
}

/// The cells of a straight line, both ends included.
pub(super) fn cells(a: Point, b: Point) -> impl Iterator<Item = Point> {
    let length = (b.0 - a.0).abs().max((b.1 - a.1).abs());
    let step = ((b.0 - a.0).signum(), (b.1 - a.1).signum());
    (0..=length).map(move |i| (a.0 + i * step.0, a.1 + i * step.1))
}

/// Leaves the ends and the corners.
pub(super) fn simplify(points: &mut Vec<Point>) {
    points.dedup();
    let mut i = 1;
    while i + 1 < points.len() {
        let (a, b, c) = (points[i - 1], points[i], points[i + 1]);
        if (a.0 == b.0 && b.0 == c.0) || (a.1 == b.1 && b.1 == c.1) {
            points.remove(i);
        } else {
            i += 1;
        }
    }
}
