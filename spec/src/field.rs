//! Receptive fields: which cells of the input a cell depends on (Araujo, Norris, Sim, "Computing Receptive Fields of
//! Convolutional Neural Networks", Distill 2019).
//!
//! Everything is counted in pixels of the largest input: where a network takes several maps, a cell of a map of half the
//! size is two pixels wide.

use crate::graph::{Graph, Node, NodeId};
use crate::ops::Field;
use crate::ops::formula::Window;
use crate::size::{Env, Size};

/// What one cell of a map depends on, along one axis: cell i sees pixels from `start + i·stride`, `size` of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceptiveField {
    /// Pixels seen.
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
    /// A cell of an input that is `stride` pixels wide.
    fn of_input(stride: f64) -> ReceptiveField {
        ReceptiveField { size: stride, stride, start: 0.0, centre: (stride - 1.0) / 2.0 }
    }

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
    let mut fields: Vec<Option<[ReceptiveField; 2]>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs: Vec<_> = node.inputs.iter().map(|input| fields[input.0 as usize]).collect();
        fields.push(match &node.op {
            _ if node.shape.len() != 4 => None,
            None => Some([2, 3].map(|axis| ReceptiveField::of_input(cell_width(graph, node, axis)))),
            Some(op) => through(op.field(), &inputs),
        });
    }
    fields
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

fn through(field: Field, inputs: &[Option<[ReceptiveField; 2]>]) -> Option<[ReceptiveField; 2]> {
    let first = (*inputs.first()?)?;
    let each = |of: &dyn Fn(ReceptiveField) -> ReceptiveField| Some(first.map(of));
    match field {
        Field::Pointwise => inputs.iter().skip(1).try_fold(first, |union, other| {
            let other = (*other)?;
            Some([0, 1].map(|axis| join(union[axis], other[axis])))
        }),
        Field::Windows(windows) => Some([0, 1].map(|axis| windowed(first[axis], windows[axis]))),
        Field::Scaled { factor, reach } => each(&|of| scaled(of, factor as f64, reach)),
        Field::Like { reach } => {
            let like = (*inputs.get(1)?)?;
            Some([0, 1].map(|axis| resized(first[axis], like[axis].stride, reach)))
        }
        Field::Global => None,
    }
}

fn windowed(of: ReceptiveField, window: Window) -> ReceptiveField {
    let (reach, padding) = (window.reach() as f64, window.padding as f64);
    ReceptiveField {
        size: of.size + reach * of.stride,
        stride: of.stride * window.stride as f64,
        start: of.start - padding * of.stride,
        centre: of.centre + (reach / 2.0 - padding) * of.stride,
    }
}

/// Cell i lies at source (i + 1/2)/factor − 1/2, at most (factor − 1)/factor before i/factor.
fn scaled(of: ReceptiveField, factor: f64, reach: f64) -> ReceptiveField {
    let before = (factor - 1.0 + reach) / factor;
    let after = reach / factor;
    let stride = of.stride / factor;
    ReceptiveField {
        size: of.size + (before + after) * of.stride,
        stride,
        start: of.start - before * of.stride,
        centre: of.centre + (stride - of.stride) / 2.0,
    }
}

/// Resampled to cells of another width, of which the sizes need not be exact multiples.
fn resized(of: ReceptiveField, stride: f64, reach: f64) -> ReceptiveField {
    let shift = (stride - of.stride) / 2.0;
    ReceptiveField {
        size: of.size + (1.0 + 2.0 * reach) * of.stride,
        stride,
        start: of.start - (1.0 + reach) * of.stride,
        // The nearest cell of a finer map is the first of those that it stands for.
        centre: of.centre + if reach == 0.0 { shift.min(0.0) } else { shift },
    }
}

/// Both fields together.
fn join(a: ReceptiveField, b: ReceptiveField) -> ReceptiveField {
    let start = a.start.min(b.start);
    let end = (a.start + a.size).max(b.start + b.size);
    let centre = if b.size < a.size { b.centre } else { a.centre };
    ReceptiveField { size: end - start, stride: a.stride.min(b.stride), start, centre }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Library, Origin, compile};

    fn graph(text: String) -> Graph {
        let origin = Origin::Text { name: "test.arch".into(), text, folder: None };
        let library = Library::load(origin).expect("a text needs no file");
        let compilation = compile(library, None, &[]);
        let found = format!("{:?}", compilation.diagnostics);
        compilation.checked.unwrap_or_else(|| panic!("{found}")).graph().clone()
    }

    /// The cells of the input that a set of cells depends on, window by window from the last to the first.
    fn cone(mut cells: BTreeSet<i64>, windows: &[Window]) -> BTreeSet<i64> {
        for window in windows.iter().rev() {
            let taps = |cell: i64| {
                let first = cell * window.stride as i64 - window.padding as i64;
                (0..window.kernel).map(move |tap| first + (tap * window.dilation) as i64)
            };
            cells = cells.into_iter().flat_map(taps).collect();
        }
        cells
    }

    fn extent(cells: &BTreeSet<i64>) -> (f64, f64) {
        let (first, last) = (cells.first().copied().unwrap_or(0) as f64, cells.last().copied().unwrap_or(0) as f64);
        (first, last - first + 1.0)
    }

    #[test]
    fn chains_against_the_cone_of_cells() {
        let mut state = 7_u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % n) as usize
        };
        for case in 0..40 {
            let mut chains: [Vec<Window>; 2] = Default::default();
            let mut rows = vec!["m0 = x".to_owned()];
            let mut layers = String::new();
            for i in 1..=4 {
                let pool = below(3) == 0;
                let windows: Vec<Window> = (0..2)
                    .map(|_| {
                        let kernel = 1 + below(4);
                        let dilation = if pool { 1 } else { 1 + below(2) };
                        Window { kernel, stride: 1 + below(3), padding: below(kernel as u64 / 2 + 1), dilation }
                    })
                    .collect();
                let pair = |of: fn(&Window) -> usize| format!("[{}, {}]", of(&windows[0]), of(&windows[1]));
                let shape = format!(
                    "kernel = {}, stride = {}, padding = {}",
                    pair(|window| window.kernel),
                    pair(|window| window.stride),
                    pair(|window| window.padding)
                );
                if pool {
                    rows.push(format!("m{i} = max_pool(m{}, {shape})", i - 1));
                } else {
                    layers += &format!("conv c{i}: -> 1 ({shape}, dilation = {})\n", pair(|window| window.dilation));
                    rows.push(format!("m{i} = c{i}(m{})", i - 1));
                }
                (0..2).for_each(|axis| chains[axis].push(windows[axis]));
            }
            let body = rows[1..].join("\n").replace("(m0", "(x");
            let text = format!("arch A {{\ninput x: [B, 1, H, W]\n{layers}{body}\noutput m4\n}}");
            let graph = graph(text);
            let fields = receptive_fields(&graph)[graph.outputs[0].node.0 as usize].expect("windows see a part");
            for (field, windows) in fields.iter().zip(&chains) {
                for cell in [0, 1, 5] {
                    let (first, size) = extent(&cone(BTreeSet::from([cell]), windows));
                    assert_eq!(field.size, size, "case {case}");
                    assert_eq!(field.start + cell as f64 * field.stride, first, "case {case}");
                    let centre = field.centre + cell as f64 * field.stride;
                    assert_eq!(centre, first + (size - 1.0) / 2.0, "case {case}");
                }
            }
        }
    }

    #[test]
    fn the_centre_of_an_up_sampled_map_is_the_mean_over_its_cells() {
        let text = "arch A { input x: [B, 1, H, W]
            conv c: -> 1 (kernel = 3, stride = 2, padding = 1)
            output y = Up(c(x), factor = 4, mode = nearest) }";
        let graph = graph(text.to_owned());
        let [field, _] = receptive_fields(&graph)[graph.outputs[0].node.0 as usize].expect("a part");
        let window = Window { kernel: 3, stride: 2, padding: 1, dilation: 1 };
        let (mut centres, mut seen) = (0.0, BTreeSet::new());
        for cell in 0..4 {
            let cells = cone(BTreeSet::from([cell / 4]), &[window]);
            let (first, size) = extent(&cells);
            centres += first + (size - 1.0) / 2.0 - cell as f64 * field.stride;
            seen.extend(cells);
        }
        assert_eq!(field.stride, 0.5);
        assert_eq!(field.centre, centres / 4.0);
        assert!(field.start <= -1.0 && field.start + field.size >= 2.0, "{seen:?}");
    }

    #[test]
    fn figures_of_resnet_50() {
        let library = Library::load(Origin::Zoo("resnet50_fpn".into())).expect("it ships with the crate");
        let compilation = compile(library, None, &[]);
        let checked = compilation.checked.expect("it is checked");
        let graph = checked.graph();
        let fields = receptive_fields(graph);
        // 91, 267 and 427 stand in the design documents; every padding is half its kernel, so centres stay at pixel 0.
        for (name, size, stride) in [("C3", 91.0, 8.0), ("C4", 267.0, 16.0), ("C5", 427.0, 32.0)] {
            let row = graph.rows.iter().find(|row| row.name == name).expect("a row of the spec");
            for field in fields[row.node.0 as usize].expect("a part") {
                assert_eq!((field.size, field.stride, field.centre), (size, stride, 0.0));
                assert_eq!(field.centre_offset(), -(stride - 1.0) / 2.0);
            }
        }
    }

    #[test]
    fn cells_of_a_smaller_input_are_wider() {
        let text = "arch A { input a: [B, 1, H, W] input b: [B, 1, H/4, W/2]
            conv c: -> 1 (kernel = 3, padding = 1)
            output y = c(b), z = relu(a) }";
        let graph = graph(text.to_owned());
        let fields = receptive_fields(&graph);
        let of = |i: usize| fields[graph.outputs[i].node.0 as usize].expect("a part");
        assert_eq!(of(0).map(|field| (field.size, field.centre_offset())), [(12.0, 0.0), (6.0, 0.0)]);
        assert_eq!(of(1).map(|field| field.size), [1.0, 1.0]);
    }
}
