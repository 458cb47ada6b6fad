use std::collections::BTreeSet;

use super::*;
use crate::ops::formula::Window;
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
    // Each of the four cells sees three pixels; all of them are one cell of stride 2.
    assert_eq!((field.start, field.size), extent(&seen));
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

/// A period of 100 cells is not kept, and no cell sees more than its bound.
#[test]
fn long_periods_become_bounds() {
    for (mode, size) in [("nearest", 1.0), ("bilinear", 2.0)] {
        let text = format!("arch A {{ input x: [B, 1, H, W]  output y = Up(x, factor = 100, mode = {mode}) }}");
        let graph = graph(text);
        let [field, _] = receptive_fields(&graph)[graph.outputs[0].node.0 as usize].expect("a part");
        assert_eq!(field.stride, 0.01);
        assert!(field.size >= size && field.size <= size + 1.0, "{mode}: {field:?}");
    }
}

/// Both halves of an odd size differ by half a cell, which `UpTo` spreads over the map: to the finer one a nearest cell stays
/// the same, and a bilinear one may lie on either side of two.
#[test]
fn drifting_sizes_are_bounds() {
    for (mode, odd, even) in [("nearest", 1.0, 1.0), ("bilinear", 5.0, 3.0)] {
        let size = |condition: &str| {
            let text = format!(
                "arch A {{ input x: [B, 1, H, W]
                 conv c: -> 1 (kernel = 1, stride = 2)
                 output y = UpTo(c(x), x, mode = {mode}) {condition} }}"
            );
            let graph = graph(text);
            receptive_fields(&graph)[graph.outputs[0].node.0 as usize].expect("a part").map(|field| field.size)
        };
        assert_eq!(size(""), [odd; 2], "{mode}");
        assert_eq!(size("-> [B, 1, 2 * floor(H/2), 2 * floor(W/2)]"), [even; 2], "{mode}");
    }
}
