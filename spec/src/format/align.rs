//! Columns: what stands in line over several lines, and the cells of shapes.

use super::lexer::{Kind, Token};
use super::rows::Head;
use super::spacing::Role;

/// What may stand in a column, in the order in which a line has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The name of a layer.
    Name,
    /// The shape of an input.
    Axes,
    /// The `->` of a layer.
    Channels,
    /// The `=` of maps, of `let` and of kinds.
    Equals,
    /// The arrow before a declared shape.
    Arrow,
    /// `as` of a layer.
    As,
    /// `when` of an expectation.
    When,
    /// A comment behind a row.
    Comment,
}

const ANCHORS: [Anchor; 8] = [
    Anchor::Name,
    Anchor::Axes,
    Anchor::Channels,
    Anchor::Equals,
    Anchor::Arrow,
    Anchor::As,
    Anchor::When,
    Anchor::Comment,
];

/// A row that would push the column of its neighbours further than this stands outside it.
const FURTHEST: usize = 32;

/// A cell wider than the narrowest of its column by more than this runs over.
const WIDEST_CELL: usize = 4;

/// How far a line is indented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Indentation {
    /// Columns.
    pub columns: usize,
    /// They count from where this piece of an earlier line stands: line and piece.
    pub from: Option<(usize, usize)>,
}

impl Indentation {
    /// From the edge.
    pub(super) fn columns(columns: usize) -> Indentation {
        Indentation { columns, from: None }
    }

    /// Further in by some columns.
    pub(super) fn deeper(self, columns: usize) -> Indentation {
        Indentation { columns: self.columns + columns, ..self }
    }
}

/// A token of a line.
#[derive(Clone, Debug)]
pub(super) struct Piece<'t> {
    /// The token.
    pub token: Token<'t>,
    /// What it is for the blanks around it.
    pub role: Role,
    /// The blanks before it; none before the first of a line.
    pub gap: usize,
    /// The column it may stand in.
    pub anchor: Option<Anchor>,
}

impl Piece<'_> {
    fn width(&self) -> usize {
        self.token.text.chars().count()
    }
}

/// A line that is not empty.
#[derive(Clone, Debug)]
pub(super) struct Line<'t> {
    /// How far it is indented.
    pub indentation: Indentation,
    /// Its tokens.
    pub pieces: Vec<Piece<'t>>,
    /// Whether an empty line comes first.
    pub blank_before: bool,
    /// What begins here.
    pub head: Head,
}

/// A piece of a line: line and piece.
type Place = (usize, usize);

/// How many blanks a line begins with.
pub(super) fn indentation(lines: &[Line], line: usize) -> usize {
    let Indentation { columns, from } = lines[line].indentation;
    columns + from.map_or(0, |place| column(lines, place))
}

/// Where a piece stands.
fn column(lines: &[Line], (line, piece): Place) -> usize {
    let pieces = &lines[line].pieces;
    let mut at = indentation(lines, line);
    for piece in &pieces[..piece] {
        at = match piece.token.text.rsplit_once('\n') {
            Some((_, tail)) => tail.chars().count(),
            None => at + piece.gap + piece.width(),
        };
    }
    at + pieces[piece].gap
}

/// Makes all columns.
pub(super) fn align(lines: &mut [Line]) {
    for anchor in ANCHORS {
        for group in groups(lines, anchor) {
            let members = align_group(lines, anchor, &group);
            match anchor {
                Anchor::Axes => align_cells(lines, &members),
                Anchor::Arrow => {
                    let shapes: Vec<Place> = members.iter().map(|&(line, piece)| (line, piece + 1)).collect();
                    align_cells(lines, &shapes);
                }
                _ => {}
            }
        }
    }
}

/// The lines that share a column: consecutive ones of one kind. Declared shapes stand in one even past a line without.
fn groups(lines: &[Line], anchor: Anchor) -> Vec<Vec<Place>> {
    let mut groups: Vec<Vec<Place>> = Vec::new();
    let mut last = None;
    for (number, line) in lines.iter().enumerate() {
        if line.blank_before {
            last = None;
        }
        let torn = line.pieces.iter().any(|piece| piece.token.text.contains('\n'));
        let Some(piece) = line.pieces.iter().position(|piece| piece.anchor == Some(anchor)).filter(|_| !torn) else {
            continue;
        };
        let reach = if anchor == Anchor::Arrow { 2 } else { 1 };
        let joins = last.filter(|&last| number - last <= reach && are_alike(&lines[last], line, anchor));
        match groups.last_mut().filter(|_| joins.is_some()) {
            Some(group) => group.push((number, piece)),
            None => groups.push(vec![(number, piece)]),
        }
        last = Some(number);
    }
    groups
}

fn are_alike(above: &Line, line: &Line, anchor: Anchor) -> bool {
    match anchor {
        Anchor::Arrow | Anchor::Comment => true,
        Anchor::As => above.pieces[0].token.text == line.pieces[0].token.text,
        _ => above.indentation == line.indentation && above.head == line.head,
    }
}

/// Aligns a group, and gives those that stand in the column.
///
/// Arrows, `=` and comments are always aligned; the others where the writer padded one of them.
fn align_group(lines: &mut [Line], anchor: Anchor, group: &[Place]) -> Vec<Place> {
    let left = |lines: &[Line], place: Place| column(lines, place) - lines[place.0].pieces[place.1].gap;
    let lefts: Vec<usize> = group.iter().map(|&place| left(lines, place)).collect();
    let furthest = lefts.iter().min().map_or(0, |narrowest| narrowest + FURTHEST);
    let inside = |&(_, &left): &(&Place, &usize)| left <= furthest;
    let members: Vec<Place> = group.iter().zip(&lefts).filter(inside).map(|(place, _)| *place).collect();
    let padded = group.iter().any(|&(line, piece)| lines[line].pieces[piece].token.blanks > 1);
    let always = matches!(anchor, Anchor::Arrow | Anchor::Equals | Anchor::Comment);
    if !always && !padded {
        return members;
    }
    let least = match anchor {
        Anchor::Comment => 2,
        Anchor::Arrow | Anchor::As if group.len() > 1 => 2,
        _ => 1,
    };
    let widest = lefts.iter().filter(|&&left| left <= furthest).max().copied().unwrap_or_default();
    for (&(line, piece), left) in group.iter().zip(lefts) {
        lines[line].pieces[piece].gap = least + widest.saturating_sub(left);
    }
    members
}

/// A cell of a shape.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Its first piece.
    first: usize,
    width: usize,
    /// Numbers stand to the right, everything else to the left.
    is_number: bool,
    /// The blanks that the writer put before it.
    blanks: usize,
}

/// A shape that opens and closes in one line.
#[derive(Debug)]
struct Shape {
    line: usize,
    cells: Vec<Cell>,
    /// The `]`.
    close: usize,
}

/// Pads the cells of shapes where the writer padded one of the column, and keeps a table tight that the writer set tight.
fn align_cells(lines: &mut [Line], opens: &[Place]) {
    let shapes: Vec<Shape> = opens.iter().filter_map(|&open| shape(lines, open)).collect();
    let columns = shapes.iter().map(|shape| shape.cells.len()).max().unwrap_or_default();
    if shapes.len() < 2 {
        return;
    }
    let cells = |column: usize| shapes.iter().filter_map(move |shape| shape.cells.get(column));
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let narrowest = cells(column).map(|cell| cell.width).min().unwrap_or_default();
            let fits = |width: &usize| *width <= narrowest + WIDEST_CELL;
            cells(column).map(|cell| cell.width).filter(fits).max().unwrap_or_default()
        })
        .collect();
    let pad = |column: usize, cell: &Cell| widths[column].saturating_sub(cell.width);
    let tight = columns > 1
        && cells(0).all(|cell| cell.width == widths[0])
        && (1..columns).all(|column| {
            cells(column).all(|cell| cell.is_number && (cell.blanks == 0 || cell.width != widths[column]))
        });
    let least = usize::from(!tight);
    for column in 1..columns {
        let padded = cells(column).any(|cell| cell.blanks > least);
        for shape in shapes.iter().filter(|shape| column < shape.cells.len()) {
            let (before, cell) = (&shape.cells[column - 1], &shape.cells[column]);
            let after_left = if before.is_number { 0 } else { pad(column - 1, before) };
            let before_right = if cell.is_number { pad(column, cell) } else { 0 };
            let padding = if padded { after_left + before_right } else { 0 };
            lines[shape.line].pieces[cell.first].gap = least + padding;
        }
    }
    let padded = shapes.iter().any(|shape| lines[shape.line].pieces[shape.close].token.blanks > 0);
    for shape in shapes.iter().filter(|_| padded) {
        let Some(last) = shape.cells.last().filter(|last| !last.is_number) else {
            continue;
        };
        lines[shape.line].pieces[shape.close].gap = pad(shape.cells.len() - 1, last);
    }
}

/// The cells between a `[` and its `]`.
fn shape(lines: &[Line], (line, open): Place) -> Option<Shape> {
    let pieces = &lines[line].pieces;
    if !pieces.get(open)?.token.is("[") {
        return None;
    }
    let mut cells: Vec<Cell> = Vec::new();
    let (mut depth, mut begins) = (0_usize, false);
    for (at, piece) in pieces.iter().enumerate().skip(open) {
        let token = &piece.token;
        if token.kind == Kind::Close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return (token.is("]") && !begins).then_some(Shape { line, cells, close: at });
            }
        }
        if depth == 1 && token.is(",") {
            begins = true;
        } else if begins {
            let is_number = token.kind == Kind::Number;
            cells.push(Cell { first: at, width: piece.width(), is_number, blanks: token.blanks });
            begins = false;
        } else if let Some(cell) = cells.last_mut() {
            cell.width += piece.gap + piece.width();
        }
        if token.kind == Kind::Open {
            begins = begins || depth == 0;
            depth += 1;
        }
    }
    None
}
