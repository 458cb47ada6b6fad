//! Receptive fields: which cells of the input a cell depends on (Araujo, Norris, Sim, "Computing Receptive Fields of
//! Convolutional Neural Networks", Distill 2019).
//!
//! Everything is counted in pixels of the largest input: where a network takes several maps, a cell of a map of half the
//! size is two pixels wide.
//!
//! The cells of an up-sampled map differ in what they see, so each map has a table of the cells of one period. It is exact but
//! where a resampling drifts: with `align_corners`, and with `UpTo` between maps of which one is not at every legal size an
//! exact multiple of the other. There it holds what a cell may see at any size.

mod sight;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::rc::Rc;

use crate::graph::{Graph, Node, NodeId};
use crate::ops::Field;
use crate::program::ResizeMode;
use crate::size::{Env, Size};
use sight::{Resampling, Sight, greatest_divisor};

/// What one cell of a map depends on, along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceptiveField {
    /// Pixels from the first to the last that a cell sees; of the cell that sees most where they differ.
    pub size: f64,
    /// Pixels between neighbours.
    pub stride: f64,
    /// The first pixel that cell 0 sees; negative inside padding.
    pub start: f64,
    /// The middle of what cell 0 sees. Of a resized map it is the mean over cells; where maps are joined it is that of the
    /// one with the smallest field, which places a thing best.
    pub centre: f64,
}

impl ReceptiveField {
    /// How far the middle of what a cell sees lies from the middle of the pixels that the cell stands for: negative to
    /// the left of it or above it. A 3×3 convolution of stride 2 with a padding of 1 on an even size gives −0.5.
    pub fn centre_offset(&self) -> f64 {
        self.centre - (self.stride - 1.0) / 2.0
    }
}

/// The receptive field of a map along its rows; none where it is the whole input.
pub fn receptive_field(graph: &Graph, node: NodeId) -> Option<ReceptiveField> {
    let [rows, _] = receptive_fields(graph)[node.0 as usize]?;
    Some(rows)
}

/// The receptive field of every node along rows and columns; none where it is the whole input, and for vectors.
pub fn receptive_fields(graph: &Graph) -> Vec<Option<[ReceptiveField; 2]>> {
    let legal = OnceCell::new();
    let mut views: Vec<Option<Rc<[View; 2]>>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs: Vec<_> = node.inputs.iter().map(|input| views[input.0 as usize].clone()).collect();
        views.push(match &node.op {
            _ if node.shape.len() != 4 => None,
            None => Some(Rc::new([2, 3].map(|axis| View::of_input(cell_width(graph, node, axis))))),
            Some(op) => {
                let drift = |axis, ratio| drift(graph, node, axis, ratio, legal.get_or_init(|| legal_sizes(graph)));
                through(op.field(), &inputs, &drift)
            }
        });
    }
    views.iter().map(|view| view.as_ref().map(|axes| axes.each_ref().map(View::field))).collect()
}

/// A map along one axis.
#[derive(Clone, Debug)]
struct View {
    /// What its cells depend on.
    all: Sight,
    /// What they depend on where of joined maps only the one with the smallest field counts.
    finest: Sight,
}

impl View {
    fn of_input(width: f64) -> View {
        View { all: Sight::of_input(width), finest: Sight::of_input(width) }
    }

    fn field(&self) -> ReceptiveField {
        let start = self.all.cells()[0].first;
        ReceptiveField { size: self.all.size(), stride: self.all.stride(), start, centre: self.finest.centre() }
    }

    fn joined(&self, other: &View) -> View {
        let finest = if other.all.size() < self.all.size() { &other.finest } else { &self.finest };
        View { all: self.all.joined(&other.all), finest: finest.clone() }
    }

    fn resampled(&self, by: Resampling) -> View {
        View { all: self.all.resampled(&by), finest: self.finest.resampled(&by.settled()) }
    }
}

/// Pixels of the largest input in a cell of an input.
fn cell_width(graph: &Graph, input: &Node, axis: usize) -> f64 {
    // Any large number does that the usual divisors divide.
    const SIZE: i64 = 1 << 20;
    let length = |size: &Size| {
        let symbols = size.symbols();
        let env: Env = symbols.iter().map(|symbol| (symbol.clone(), SIZE)).collect();
        size.eval(&env).map_or(1.0, |length| length.max(1) as f64)
    };
    let own = &input.shape[axis];
    let of_inputs = graph.inputs.iter().filter_map(|other| graph.node(other.node).shape.get(axis));
    // A fixed size and a free one have no ratio.
    let comparable = of_inputs.filter(|size| size.as_constant().is_some() == own.as_constant().is_some());
    comparable.map(length).fold(length(own), f64::max) / length(own)
}

/// Cells of the source in a cell of the result, as a fraction.
type Ratio = (i64, i64);

fn through(
    field: Field,
    inputs: &[Option<Rc<[View; 2]>>],
    drift: &dyn Fn(usize, Ratio) -> (f64, f64),
) -> Option<Rc<[View; 2]>> {
    let first = inputs.first()?.clone()?;
    let each = |of: &dyn Fn(usize, &View) -> View| Some(Rc::new([0, 1].map(|axis| of(axis, &first[axis]))));
    match field {
        Field::Pointwise => inputs.iter().skip(1).try_fold(first, |union, other| {
            let other = other.as_ref()?;
            Some(Rc::new([0, 1].map(|axis| union[axis].joined(&other[axis]))))
        }),
        Field::Windows(windows) => each(&|axis, of| {
            let window = &windows[axis];
            let through = |sight: &Sight| sight.windowed(window.stride, window.padding, window.reach());
            View { all: through(&of.all), finest: through(&of.finest) }
        }),
        Field::Scaled { factor, mode } => each(&|_, of| of.resampled(resampling(mode, (1, factor as i64), (0.0, 0.0)))),
        Field::Reassembled { kernel, factor } => {
            let kernels = inputs.get(1)?.as_ref()?;
            each(&|axis, of| {
                let spread = of.resampled(resampling(ResizeMode::Nearest, (1, factor as i64), (0.0, 0.0)));
                // Windows of as many cells as stand for those of the kernel.
                let around = |sight: &Sight| sight.windowed(1, factor * (kernel / 2), factor * (kernel - 1));
                View { all: around(&spread.all), finest: around(&spread.finest) }.joined(&kernels[axis])
            })
        }
        Field::Like { mode } => {
            let like = inputs.get(1)?.as_ref()?;
            each(&|axis, of| {
                let ratio = fraction(like[axis].all.stride() / of.all.stride());
                of.resampled(resampling(mode, ratio, drift(axis, ratio)))
            })
        }
        Field::Global => None,
    }
}

fn resampling(mode: ResizeMode, (numerator, denominator): Ratio, drift: (f64, f64)) -> Resampling {
    // The corners of both maps lie on each other: what is off at the last cell is what the half cells at both ends make.
    let corners = if mode == ResizeMode::AlignCorners { numerator as f64 / denominator as f64 - 1.0 } else { 0.0 };
    Resampling {
        numerator,
        denominator,
        half_pixel: matches!(mode, ResizeMode::Bilinear | ResizeMode::Bicubic | ResizeMode::BicubicAntialiased),
        beyond: beyond(mode, (numerator, denominator)),
        is_linear: mode != ResizeMode::Nearest,
        drift: ((drift.0 + corners).min(0.0), (drift.1 + corners).max(0.0)),
    }
}

/// Cells on either side of the two around a place that are read as well.
fn beyond(mode: ResizeMode, (numerator, denominator): Ratio) -> i64 {
    match mode {
        ResizeMode::Nearest | ResizeMode::Bilinear | ResizeMode::AlignCorners => 0,
        ResizeMode::Bicubic => 1,
        // The cubic reaches two cells, or as many of the result's where the map shrinks.
        ResizeMode::BicubicAntialiased => (2 * numerator.max(denominator) + denominator - 1) / denominator - 1,
    }
}

/// A ratio of strides, which are small whole multiples of each other but for inputs of unrelated sizes.
fn fraction(ratio: f64) -> Ratio {
    const FINEST: i64 = 4096;
    let whole = |b: &i64| ((ratio * *b as f64).round() - ratio * *b as f64).abs() < 1e-6;
    let denominator = (1..=64).find(whole).unwrap_or(FINEST);
    let numerator = ((ratio * denominator as f64).round() as i64).max(1);
    let shared = greatest_divisor(numerator, denominator);
    (numerator / shared, denominator / shared)
}

/// By how many cells of its source the last cells of a `UpTo` may lie beside the place that a ratio gives them.
fn drift(graph: &Graph, node: &Node, axis: usize, (numerator, denominator): Ratio, legal: &[Env]) -> (f64, f64) {
    let [source, result] = [&graph.node(node.inputs[0]).shape[axis + 2], &node.shape[axis + 2]];
    if source.scale(denominator) == result.scale(numerator) {
        return (0.0, 0.0);
    }
    let off = |env: &Env| {
        let (source, result) = (source.eval(env)? as f64, result.eval(env)? as f64);
        Some(source - result * numerator as f64 / denominator as f64)
    };
    let found = legal.iter().filter_map(off);
    // Without a legal size at hand: a cell either way.
    found.map(|off| (off, off)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((-1.0, 1.0))
}

/// Some large sizes at which every condition holds, one after the other, so that each remainder is among them.
fn legal_sizes(graph: &Graph) -> Vec<Env> {
    const FIRST: i64 = 1 << 20;
    const TRIED: i64 = 128;
    let inputs = graph.inputs.iter().flat_map(|input| &graph.node(input.node).shape);
    let symbols: std::collections::BTreeSet<_> = inputs.flat_map(Size::symbols).collect();
    let relations: std::collections::BTreeSet<_> =
        graph.conditions.iter().map(|condition| &condition.relation).collect();
    let env = |size: i64| symbols.iter().map(|symbol| (symbol, size)).collect::<Env>();
    let is_legal = |env: &Env| relations.iter().all(|relation| relation.holds(env) == Some(true));
    (FIRST..FIRST + TRIED).map(env).filter(is_legal).collect()
}
