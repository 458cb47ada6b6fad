//! Arrows from box to box.

use std::cmp::Ordering;

use super::grid::Grid;
use super::layout::{Layout, Measures, Rect};
use super::route::{Direction, Maze, Point, Port, cost, simplify};
use super::scene::{Edge, Glyph, Scene};

/// Finds every arrow its way; gives the maze in which they run.
pub(super) fn connect(scene: &Scene, grid: &Grid, measures: &Measures, layout: &mut Layout) -> Maze {
    let mut maze = maze(measures, layout);
    // The short ones first: they have the least choice.
    let mut order: Vec<usize> = (0..scene.edges.len()).collect();
    order.sort_by_key(|edge| {
        let [(x0, y0), (x1, y1)] = [scene.edges[*edge].from, scene.edges[*edge].to].map(|unit| layout.centers[unit]);
        let straight = x0 == x1 || y0 == y1;
        (!straight, (x0 - x1).abs() + (y0 - y1).abs())
    });
    layout.paths = vec![Vec::new(); scene.edges.len()];
    for index in order {
        let edge = &scene.edges[index];
        let starts = ports(scene, grid, measures, layout, edge, edge.from);
        let goals = ports(scene, grid, measures, layout, edge, edge.to);
        let way = maze.route((edge.from, edge.to), &starts, &goals);
        let border = |ports: &[Port], at: Option<&Point>| Some(ports.iter().find(|port| Some(&port.at) == at)?.border);
        let (first, last) = (border(&starts, way.first()), border(&goals, way.last()));
        let mut path: Vec<Point> = first.into_iter().chain(way).chain(last).collect();
        simplify(&mut path);
        maze.lay((edge.from, edge.to), &path);
        layout.paths[index] = path;
    }
    maze
}

/// The maze with everything that stands in it.
fn maze(measures: &Measures, layout: &Layout) -> Maze {
    let mut maze = Maze::new(layout.width, layout.height, measures.aspect);
    let texts = layout.labels.iter().chain(&layout.titles).flatten().copied();
    let bodies = layout.bodies.iter().map(|body| body.grown(measures.clearance));
    texts.chain(bodies).flat_map(Rect::cells).for_each(|cell| maze.block(cell));
    for Rect { left, top, right, bottom } in layout.frames.iter().flatten().copied() {
        maze.border((left, top), (right, top));
        maze.border((left, bottom), (right, bottom));
        maze.border((left, top), (left, bottom));
        maze.border((right, top), (right, bottom));
    }
    maze
}

/// Where an arrow may leave or enter one of its two units.
fn ports(scene: &Scene, grid: &Grid, measures: &Measures, layout: &Layout, edge: &Edge, unit: usize) -> Vec<Port> {
    let leaving = unit == edge.from;
    let other = if leaving { edge.to } else { edge.from };
    let facing = match grid.rows[other].cmp(&grid.rows[unit]) {
        Ordering::Less => Some(Direction::Up),
        Ordering::Greater => Some(Direction::Down),
        Ordering::Equal => None,
    };
    // Within a row an arrow may leave upright, to pass by what stands between. A fusion is entered from anywhere.
    let fusion = matches!(scene.units[unit].glyph, Glyph::Fuse(_));
    let anywhere = if leaving { facing.is_none() } else { fusion };
    let upright = [Direction::Up, Direction::Down].into_iter().filter(|side| anywhere || facing == Some(*side));
    let ahead = if leaving { Direction::Right } else { Direction::Left };
    let ((x, y), body) = (layout.centers[unit], layout.bodies[unit]);
    let port = |side: Direction| {
        let (border, stub) = match side {
            Direction::Right => ((body.right, y), measures.stub.0),
            Direction::Left => ((body.left, y), measures.stub.0),
            Direction::Up => ((x, body.top), measures.stub.1),
            Direction::Down => ((x, body.bottom), measures.stub.1),
        };
        let averse = facing.is_some_and(|facing| facing == side.opposite());
        Port {
            border,
            at: side.from(border, stub),
            direction: if leaving { side } else { side.opposite() },
            price: if averse { cost::AVERSE } else { 0 },
        }
    };
    std::iter::once(ahead).chain(upright).map(port).collect()
}
