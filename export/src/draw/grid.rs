//! Which column and which row a unit stands in.
//!
//! Rows are the levels, the coarsest on top; where two units of a level would stand in one place, the level has several
//! lanes. A unit stands to the right of what it reads at its own level. An arrow to another level need not go right: the
//! levels of a path stand above each other, and the fusions of a top-down path do although each path's map between them
//! stands further right.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::{Glyph, Scene};

/// A place in the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From the left.
    pub column: usize,
    /// The level, 0 the finest, at the bottom.
    pub level: usize,
    /// From the bottom of the level's lanes.
    pub lane: usize,
}

/// A place a unit.
#[derive(Clone, Debug)]
pub struct Grid {
    /// For each unit its place.
    pub places: Vec<Place>,
    /// For each unit its row, from the top: levels with their lanes, those that hold nothing left out.
    pub rows: Vec<usize>,
    /// For each frame whether it can be drawn: its rectangle holds its own units and nothing else.
    pub framed: Vec<bool>,
}

/// Columns that a frame or a path begins at may push others; after so many rounds they have settled or never will.
const ROUNDS: usize = 4;

impl Grid {
    /// Places every unit; no two in one place.
    pub fn new(scene: &Scene) -> Grid {
        let columns = columns(scene);
        let places = settle(scene, &columns);
        let framed = (0..scene.frames.len()).map(|frame| stands_alone(scene, &places, frame)).collect();
        let lanes: BTreeSet<_> = places.iter().map(|place| (place.level, place.lane)).collect();
        let row = |place: &Place| lanes.iter().rev().take_while(|lane| **lane != (place.level, place.lane)).count();
        let rows = places.iter().map(row).collect();
        Grid { places, rows, framed }
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.places.iter().map(|place| place.column + 1).max().unwrap_or(0)
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.rows.iter().map(|row| row + 1).max().unwrap_or(0)
    }
}

/// The first column for each unit, before any two of them are kept apart.
fn columns(scene: &Scene) -> Vec<usize> {
    let mut columns = vec![0; scene.units.len()];
    // Where each frame's paths begin, so that their first units stand above each other.
    let mut starts: BTreeMap<(Option<usize>, usize), usize> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let mut next = BTreeMap::new();
        for to in 0..scene.units.len() {
            let unit = &scene.units[to];
            let path = (unit.frame, unit.stage);
            let from_earlier = sources(scene, to).filter(|&from| scene.units[from].stage < unit.stage);
            let least = from_earlier.map(|from| after(scene, &columns, from, to)).max().unwrap_or(0);
            // A vector gathers what comes from anywhere; no path begins with it.
            if !unit.is_vector() {
                let start = next.entry(path).or_insert(0);
                *start = least.max(*start);
            }
            let own = sources(scene, to).map(|from| after(scene, &columns, from, to)).max().unwrap_or(0);
            let start = if unit.stage > 0 && !unit.is_vector() { starts.get(&path).copied().unwrap_or(0) } else { 0 };
            columns[to] = own.max(start).max(frame_start(scene, &columns, to));
        }
        starts = next;
    }
    align_families(scene, &mut columns);
    columns
}

fn sources(scene: &Scene, to: usize) -> impl DoubleEndedIterator<Item = usize> {
    scene.edges.iter().filter(move |edge| edge.to == to).map(|edge| edge.from)
}

/// The first column in which a unit can stand because of one that it reads.
fn after(scene: &Scene, columns: &[usize], from: usize, to: usize) -> usize {
    let (before, unit) = (&scene.units[from], &scene.units[to]);
    if before.level == unit.level || unit.is_vector() || before.is_vector() {
        return columns[from] + 1;
    }
    // Where the level itself leads to the unit, or to the fusion that it alone goes into, the path's last map may stand
    // further right than the unit.
    let level_leads = |to: usize| sources(scene, to).any(|other| scene.units[other].level == scene.units[to].level);
    let leads = level_leads(to) || only_fusion(scene, to).is_some_and(|fusion| fed_apart(scene, fusion, to));
    if leads && before.stage == unit.stage && before.frame == unit.frame { 0 } else { columns[from] }
}

/// The fusion of its level that alone reads a unit.
fn only_fusion(scene: &Scene, unit: usize) -> Option<usize> {
    let mut readers = scene.edges.iter().filter(|edge| edge.from == unit).map(|edge| edge.to);
    let (fusion, level) = (readers.next()?, scene.units[unit].level);
    let fuses = matches!(scene.units[fusion].glyph, Glyph::Fuse(_)) && scene.units[fusion].level == level;
    (fuses && readers.next().is_none()).then_some(fusion)
}

/// Whether a unit reads another of its level than the given one.
fn fed_apart(scene: &Scene, unit: usize, but: usize) -> bool {
    sources(scene, unit).any(|other| other != but && scene.units[other].level == scene.units[unit].level)
}

/// The first column of a unit and of the frames around it: behind all frames that they read, unless above or below; a frame
/// behind all else that it reads, too.
fn frame_start(scene: &Scene, columns: &[usize], to: usize) -> usize {
    let level = |&unit: &usize| scene.units[unit].level;
    let meet = |some: &[usize], others: &[usize]| {
        some.iter().map(level).min() <= others.iter().map(level).max()
            && others.iter().map(level).min() <= some.iter().map(level).max()
    };
    let around = scene.frames_of(to).map(|frame| scene.units_in(frame).collect());
    let starts = around.chain([vec![to]]).map(|own: Vec<usize>| {
        let read = scene.edges.iter().filter(|edge| own.contains(&edge.to) && !own.contains(&edge.from));
        let ends = read.map(|edge| {
            // Of a frame that the unit does not lie in, behind all of it.
            let apart = scene.frames_of(edge.from).filter(|&other| !scene.holds(other, to)).last();
            let block: Vec<usize> = apart.map_or(vec![edge.from], |other| scene.units_in(other).collect());
            let end = block.iter().filter(|&&unit| unit < to).map(|&unit| columns[unit] + 1).max();
            let beside = (apart.is_some() || own != [to]) && meet(&block, &own);
            if beside { end.unwrap_or(0) } else { 0 }
        });
        ends.max().unwrap_or(0)
    });
    starts.max().unwrap_or(0)
}

/// Moves units right into the column of the last of their family, as far as what reads them lets them.
fn align_families(scene: &Scene, columns: &mut [usize]) {
    let mut last: BTreeMap<(Option<usize>, &str), usize> = BTreeMap::new();
    for (unit, &column) in scene.units.iter().zip(columns.iter()) {
        let most = last.entry((unit.frame, &unit.family)).or_insert(0);
        *most = column.max(*most);
    }
    for from in (0..scene.units.len()).rev() {
        let unit = &scene.units[from];
        if unit.family.is_empty() {
            continue;
        }
        let readers = scene.edges.iter().filter(|edge| edge.from == from);
        let limits = readers.map(|edge| {
            let reader = &scene.units[edge.to];
            let apart = reader.level == unit.level || reader.is_vector();
            columns[edge.to].saturating_sub(usize::from(apart))
        });
        // What reads it at the end, a vector, can move too.
        let limit = limits.min().unwrap_or(usize::MAX);
        columns[from] = columns[from].max(last[&(unit.frame, unit.family.as_str())].min(limit));
    }
}

/// Gives every unit the first free place: its column or one to the right of it, the lowest lane that is free.
fn settle(scene: &Scene, columns: &[usize]) -> Vec<Place> {
    let mut taken = BTreeSet::new();
    let mut places: Vec<Place> = Vec::new();
    for (unit, &column) in columns.iter().enumerate() {
        let level = scene.units[unit].level;
        let moved = sources(scene, unit).filter(|&from| scene.units[from].level == level);
        let least = moved.map(|from| places[from].column + 1).max().unwrap_or(0).max(column);
        let foreign: Vec<_> = (0..scene.frames.len())
            .filter(|&frame| !scene.holds(frame, unit))
            .filter_map(|frame| extent(scene, columns, frame))
            .collect();
        // Above a frame there is room, below and beside it too, but not in it.
        let inside = |column: usize, lane: usize| {
            foreign.iter().any(|(columns, levels)| {
                columns.contains(&column) && levels.contains(&level) && (level < *levels.end() || lane == 0)
            })
        };
        // Whoever reads one unit of a lane goes on in it.
        let lane = moved_lane(scene, &places, unit);
        let lanes = move || std::iter::once(lane).chain(0..=scene.units.len());
        let everywhere = (least..).flat_map(|column| lanes().map(move |lane| Place { column, level, lane }));
        let free = everywhere.into_iter().find(|place| !inside(place.column, place.lane) && !taken.contains(place));
        let place = free.unwrap_or(Place { column: least, level, lane: 0 });
        taken.insert(place);
        places.push(place);
    }
    places
}

/// The lowest lane among the units of its own level that a unit reads.
fn moved_lane(scene: &Scene, places: &[Place], unit: usize) -> usize {
    let same = sources(scene, unit).filter(|&from| scene.units[from].level == scene.units[unit].level);
    same.map(|from| places[from].lane).min().unwrap_or(0)
}

type Extent = (std::ops::RangeInclusive<usize>, std::ops::RangeInclusive<usize>);

/// The columns and levels of a frame.
fn extent(scene: &Scene, columns: &[usize], frame: usize) -> Option<Extent> {
    let inside: Vec<usize> = scene.units_in(frame).collect();
    let range = |of: &dyn Fn(usize) -> usize| {
        Some(inside.iter().map(|&unit| of(unit)).min()?..=inside.iter().map(|&unit| of(unit)).max()?)
    };
    Some((range(&|unit| columns[unit])?, range(&|unit| scene.units[unit].level)?))
}

/// Whether the rectangle around a frame's units holds no other.
fn stands_alone(scene: &Scene, places: &[Place], frame: usize) -> bool {
    let (inside, outside): (Vec<usize>, Vec<usize>) = (0..places.len()).partition(|&unit| scene.holds(frame, unit));
    let row = |place: &Place| (place.level, place.lane);
    let own = || inside.iter().map(|&unit| &places[unit]);
    let (Some(left), Some(right)) = (own().map(|p| p.column).min(), own().map(|p| p.column).max()) else {
        return false;
    };
    let (Some(low), Some(high)) = (own().map(row).min(), own().map(row).max()) else { return false };
    outside
        .iter()
        .map(|&unit| &places[unit])
        .all(|place| place.column < left || place.column > right || row(place) < low || row(place) > high)
}
