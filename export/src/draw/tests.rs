//! What has to hold of every drawing, for the zoo, for networks of other forms and for random ones.

use neckar_spec::{Checked, Library, Origin, compile, zoo};

use super::canvas::Canvas;
use super::layout::{Layout, Medium, layout};
use super::scene::{Glyph, Role, Scene, Sign};
use super::text::Screen;
use super::{Format, draw, fold};

/// Settings of the zoo under which other operators or more levels are drawn.
const SETTINGS: &[(&str, &[(&str, &str)])] = &[
    ("fpn", &[("levels", "3"), ("channels", "[32, 64, 128]"), ("up", "transposed")]),
    ("lite_fpn", &[("fuse", "weighted")]),
    ("lite_fpn", &[("fuse", "concat"), ("aggregate", "concat")]),
    ("pafpn", &[("up", "bilinear")]),
    ("pafpn", &[("extra", "2"), ("extra_convs", "on_input")]),
    ("fpn", &[("extra", "2"), ("extra_convs", "on_output"), ("norm", "group"), ("smooth", "separable")]),
    ("bifpn", &[("scale", "D7x")]),
    ("resnet", &[("depth", "18"), ("classes", "10")]),
    ("resnet", &[("classes", "0")]),
];

/// Two cells of a BiFPN: frames one after the other, paths that turn three times, fusions of three maps.
const BIFPN: &str = "
block Cell(c) {
    numerics { resize = nearest }
    input P3  input P4  input P5
    fuse F4, G3, G4, G5 (mode = fast)
    smooth S4, T3, T4, T5: -> c
    M4 = S4(F4(P4, Up2(P5)))
    Q3 = T3(G3(P3, Up2(M4)))
    Q4 = T4(G4(P4, M4, max_pool(Q3, kernel = 3, stride = 2, padding = 1)))
    Q5 = T5(G5(P5, max_pool(Q4, kernel = 3, stride = 2, padding = 1)))
    output Q3, Q4, Q5
}
arch Bifpn at H = 64, W = 64 {
    input P3: [B, 8, H, W]  input P4: [B, 8, H/2, W/2]  input P5: [B, 8, H/4, W/4]
    Cell a, b (c = 8)
    x = a(P3, P4, P5)
    y = b(x.Q3, x.Q4, x.Q5)
    output Q3 = y.Q3, Q4 = y.Q4, Q5 = y.Q5
}";

/// A chain of cells that give two levels, each with a row that its sum alone reads.
const CHAIN: &str = "
block Cell {
    numerics { resize = nearest }
    input P3  input P4
    lateral a, b: -> 8
    smooth s, t: -> 8
    down d: -> 8
    side = b(P4)
    M3 = s(a(P3) + Up2(P4))
    N4 = t(side + d(M3))
    output N3 = M3, N4
}
arch Chain at H = 64, W = 64 {
    input P3: [B, 8, H, W]  input P4: [B, 8, H/2, W/2]
    Cell cells x 4
    x = cells(P3, P4)
    output N3 = x.N3, N4 = x.N4
}";

/// Parallel branches at one level, an output that is an input, a sum of a map with itself, no `at` clause.
const SPP: &str = "
arch Spp {
    numerics { resize = nearest }
    input x: [B, 16, H, W]
    conv a: -> 32 (kernel = 1)
    conv b: -> 32 (kernel = 3, padding = 1, stride = 2)
    y = relu(a(x))
    p1 = max_pool(y, kernel = 5, stride = 1, padding = 2)
    p2 = max_pool(p1, kernel = 5, stride = 1, padding = 2)
    z = y ⊕ p1 ⊕ p2
    d = b(z)
    output o = relu(Up2(d)), d2 = d + d, x, u = Up2(z)
}";

fn checked(origin: Origin, settings: &[(&str, &str)]) -> Checked {
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let compilation = compile(Library::load(origin).expect("it can be read"), None, &settings);
    compilation.checked.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics))
}

fn of_text(text: &str) -> Checked {
    checked(Origin::Text { name: "test.arch".into(), text: text.into(), folder: None }, &[])
}

fn of_zoo(name: &str, settings: &[(&str, &str)]) -> Checked {
    checked(Origin::Zoo(name.into()), settings)
}

fn all() -> impl Iterator<Item = Checked> {
    let zoo = zoo::names().map(|name| of_zoo(name, &[]));
    zoo.chain(SETTINGS.iter().map(|(name, settings)| of_zoo(name, settings))).chain([BIFPN, CHAIN, SPP].map(of_text))
}

/// Boxes and texts lie apart and inside, arrows run from box to box and through none.
fn assert_sound(scene: &Scene, layout: &Layout) {
    let name = &scene.name;
    let labels = layout.labels.iter().flatten();
    let titles = layout.titles.iter().flatten().filter(|title| title.bottom >= title.top);
    let words = layout.words.iter().flatten().map(|(rect, _)| rect);
    let solid: Vec<_> = layout.bodies.iter().chain(labels).chain(titles).chain(words).collect();
    for (i, rect) in solid.iter().enumerate() {
        let inside = rect.left >= 0 && rect.top >= 0 && rect.right < layout.width && rect.bottom < layout.height;
        assert!(inside, "{name}: {rect:?} is cut off");
        let other = solid[..i].iter().find(|other| other.meets(rect));
        assert!(other.is_none(), "{name}: {rect:?} lies over {other:?}");
    }
    for (edge, path) in scene.edges.iter().zip(&layout.paths) {
        let (Some(first), Some(last)) = (path.first(), path.last()) else { panic!("{name}: {edge:?} has no way") };
        assert!(layout.bodies[edge.from].contains(*first), "{name}: {edge:?} begins at no box");
        assert!(layout.bodies[edge.to].contains(*last), "{name}: {edge:?} ends at no box");
        for pair in path.windows(2) {
            assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "{name}: {edge:?} runs aslant");
            for at in super::route::cells(pair[0], pair[1]).filter(|at| at != first && at != last) {
                let met = layout.bodies.iter().chain(layout.labels.iter().flatten()).find(|rect| rect.contains(at));
                assert!(met.is_none(), "{name}: {edge:?} runs through {met:?} at {at:?}");
            }
        }
    }
    for (frame, border) in layout.frames.iter().enumerate().filter_map(|(i, border)| Some((i, border.as_ref()?))) {
        for (unit, body) in layout.bodies.iter().enumerate() {
            let inside = scene.frames_of(unit).any(|around| around == frame);
            assert_eq!(inside, border.meets(body), "{name}: frame {frame} and unit {unit}");
        }
    }
}

fn layouts(scene: &Scene) -> [Layout; 2] {
    fn one(scene: &Scene, medium: &impl Medium) -> Layout {
        layout(scene, medium)
    }
    [one(scene, &Canvas::new(scene)), one(scene, &Screen)]
}

#[test]
fn drawings_are_sound() {
    for checked in all() {
        let scene = fold::scene(&checked);
        for layout in layouts(&scene) {
            assert_sound(&scene, &layout);
            let written =
                scene.edges.iter().zip(&layout.words).all(|(edge, words)| edge.label.is_empty() || words.is_some());
            assert!(written, "{}: words are left out", scene.name);
            assert!(layout.frames.iter().all(Option::is_some), "{}: a frame is left out", scene.name);
        }
    }
}

#[test]
fn random_networks_are_drawn() {
    for seed in 0..60 {
        let text = random(seed);
        let checked = of_text(&text);
        let scene = fold::scene(&checked);
        for layout in layouts(&scene) {
            assert_sound(&scene, &layout);
        }
        for format in [Format::Svg, Format::Mermaid, Format::Dot, Format::Text, Format::Ascii] {
            draw(&checked, format).unwrap_or_else(|error| panic!("{error} for\n{text}"));
        }
    }
}

/// A network of a dozen random rows over four levels of maps with 8 channels.
fn random(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |n: usize| {
        // Knuth's MMIX generator; its low bits are poor.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut text =
        String::from("arch R at H = 64, W = 64 {\n numerics { resize = nearest }\n input r0: [B, 8, H, W]\n");
    let mut levels = vec![0];
    for row in 1..=12 {
        let from = below(levels.len());
        let level = levels[from];
        let peers: Vec<usize> = (0..levels.len()).filter(|&other| levels[other] == level).collect();
        let peer = peers[below(peers.len())];
        let (expression, to) = match below(7) {
            0 if level < 3 => (format!("c{row}(r{from})"), level + 1),
            1 if level > 0 => (format!("Up2(r{from})"), level - 1),
            2 => (format!("r{from} + r{peer}"), level),
            3 if level > 0 => (format!("UpTo(r0, r{from}) + r{from}"), level),
            4 => (format!("relu(r{from})"), level),
            5 => (format!("p{row}(r{from} ⊕ r{peer})"), level),
            _ => (format!("p{row}(r{from}) + r{peer}"), level),
        };
        text.push_str(&format!(" down c{row}: -> 8\n lateral p{row}: -> 8\n r{row} = {expression}\n"));
        levels.push(to);
    }
    let outputs: Vec<String> = (8..=12).map(|row| format!("r{row}")).collect();
    text + &format!(" output {}\n}}", outputs.join(", "))
}

#[test]
fn an_fpn_as_the_paper_draws_it() {
    let scene = fold::scene(&of_zoo("fpn", &[]));
    let unit = |name: &str| scene.units.iter().position(|unit| unit.name == name).expect("it is drawn");
    assert_eq!(scene.units.len(), 12);
    assert_eq!(scene.levels, 4);
    for (level, [c, m, p]) in
        [["C2", "M2", "P2"], ["C3", "M3", "P3"], ["C4", "M4", "P4"], ["C5", "M5", "P5"]].iter().enumerate()
    {
        let [c, m, p] = [c, m, p].map(|name| unit(name));
        assert!([c, m, p].iter().all(|&unit| scene.units[unit].level == level));
        assert_eq!([c, m, p].map(|unit| scene.units[unit].role), [Role::Input, Role::TopDown, Role::TopDown]);
        let fused = scene.units[m].glyph == Glyph::Fuse(Sign::Add);
        assert_eq!(fused, level < 3, "M5 is the lateral itself");
        let label = |from, to| {
            scene.edges.iter().find(|edge| (edge.from, edge.to) == (from, to)).map(|edge| edge.label.as_str())
        };
        // The lateral has no row of its own but at the top.
        assert_eq!(label(c, m), Some(if fused { "1×1" } else { "" }));
        assert_eq!(label(m, p), Some(""));
        if level > 0 {
            assert_eq!(label(m, unit(["M2", "M3", "M4"][level - 1])), Some("2× nearest"));
        }
    }
    // Inputs, the top-down path and the outputs are a column each.
    let grid = super::grid::Grid::new(&scene);
    for (column, family) in ["C", "M", "P"].iter().enumerate() {
        for level in 2..=5 {
            assert_eq!(grid.places[unit(&format!("{family}{level}"))].column, column, "{family}{level}");
        }
    }
}

#[test]
fn blocks_are_folded_and_instances_framed() {
    let scene = fold::scene(&of_zoo("msfe_fpn", &[]));
    let frames: Vec<&str> = scene.frames.iter().map(|frame| frame.label.as_str()).collect();
    assert_eq!(frames, ["body: Resnet", "fpn: Fpn"]);
    let operator = |name: &str| {
        let unit = scene.units.iter().find(|unit| unit.name == name).unwrap_or_else(|| panic!("{name} is drawn"));
        (unit.operator.as_str(), unit.role, unit.frame)
    };
    assert_eq!(operator("layer1"), ("Bottleneck × 3", Role::Backbone, Some(0)));
    assert_eq!(operator("layer3"), ("Bottleneck × 6", Role::Backbone, Some(0)));
    assert_eq!(operator("initial"), ("max 3×3 /2", Role::Backbone, Some(0)));
    assert_eq!(operator("P2"), ("3×3", Role::TopDown, Some(1)));
    assert_eq!(operator("pooled"), ("global avg", Role::Global, None));
    assert_eq!(operator("fusion"), ("linear", Role::Global, None));
    let scene = fold::scene(&of_zoo("pafpn", &[]));
    let bottom_up: Vec<&str> =
        scene.edges.iter().map(|edge| edge.label.as_str()).filter(|label| *label == "3×3 /2").collect();
    assert_eq!(bottom_up.len(), 3);
}

#[test]
fn like_instances_of_a_chain_share_a_frame() {
    let frames = |scene: &Scene| scene.frames.iter().map(|frame| frame.label.clone()).collect::<Vec<_>>();
    let edges = |scene: &Scene| -> Vec<String> {
        let named = |unit: usize| scene.units[unit].title();
        scene.edges.iter().map(|edge| format!("{} {} {}", named(edge.from), edge.label, named(edge.to))).collect()
    };
    let scene = fold::scene(&of_text(CHAIN));
    assert_eq!(frames(&scene), ["cells: Cell × 4"]);
    // The chain's inputs go in, the last one's outputs come out; nothing goes round. A block's row alone makes no box.
    let sums: Vec<usize> = (0..scene.units.len()).filter(|&unit| scene.units[unit].name.is_empty()).collect();
    assert_eq!((scene.units.len(), sums.len()), (6, 2));
    assert_eq!(
        edges(&scene),
        ["P3 1×1 ", "P4 2× nearest ", "  N3", "P4 1×1 ", "N3 3×3 /2 ", "  N4"],
        "{:?}",
        scene.units
    );
    let outputs: Vec<_> = scene.units.iter().filter(|unit| unit.is_output()).map(|unit| &unit.name).collect();
    assert_eq!(outputs, ["N3", "N4"]);

    // One that is like no neighbour stands alone.
    let scene = fold::scene(&of_zoo("bifpn", &[]));
    assert_eq!(frames(&scene), ["cells.0: BiFpnCell", "cells.1 to 2: BiFpnCell × 2"]);
    let into: Vec<_> =
        scene.edges.iter().filter(|edge| !scene.holds(1, edge.from) && scene.holds(1, edge.to)).collect();
    assert!(into.iter().all(|edge| scene.holds(0, edge.from)), "the second cell reads the first");
    let read: Vec<String> = into.iter().map(|edge| scene.units[edge.from].title()).collect();
    assert!(["T3", "N4", "N5", "N6", "N7"].iter().all(|name| read.iter().any(|read| read == name)), "{read:?}");
    let given = scene.units.iter().enumerate().filter(|(_, unit)| unit.is_output());
    assert!(given.clone().count() == 5 && given.into_iter().all(|(unit, _)| scene.holds(1, unit)));
    assert_eq!(
        frames(&fold::scene(&of_zoo("hrnet", &[]))),
        ["stage2: Exchange", "stage3: Exchange × 4", "stage4: Exchange × 3"]
    );
    let scene = fold::scene(&of_zoo("lite_hrnet", &[]));
    let nested = scene.frames.iter().map(|frame| (frame.label.as_str(), frame.parent)).skip(2);
    assert_eq!(
        nested.take(2).collect::<Vec<_>>(),
        [("stage1: Exchange × 4", None), ("layers: ChannelWeighting × 2", Some(2))]
    );
}

#[test]
fn a_name_from_inside_is_none_outside() {
    // Of extra levels the first, inside, is what they are given.
    let scene = fold::scene(&of_zoo("pafpn", &[("extra", "2"), ("extra_convs", "on_input")]));
    let inputs = scene.units.iter().filter(|unit| unit.role == Role::Input).map(|unit| unit.name.as_str());
    assert_eq!(inputs.collect::<Vec<_>>(), ["C2", "C3", "C4", "C5"]);
    let scene = fold::scene(&of_zoo("fpn", &[("extra", "2"), ("extra_convs", "on_output")]));
    let role = |name: &str| scene.units.iter().find(|unit| unit.name == name).map(|unit| unit.role);
    assert_eq!(["P5", "P6", "P7"].map(role), [Some(Role::TopDown), Some(Role::BottomUp), Some(Role::BottomUp)]);
}

#[test]
fn a_layer_of_several_operators_is_one_box() {
    let scene = fold::scene(&of_zoo("fpn", &[("norm", "group"), ("smooth", "separable")]));
    let operator = |name: &str| scene.units.iter().find(|unit| unit.name == name).map(|unit| unit.operator.as_str());
    assert_eq!(operator("P3"), Some("dw 3×3, 1×1"));
    assert_eq!(scene.units.len(), 12);
}

#[test]
fn words_keep_off_foreign_arrows() {
    for name in ["vit_pyramid", "carafe_fpn", "pafpn", "bifpn", "hrnet"] {
        let scene = fold::scene(&of_zoo(name, &[]));
        let layout = layout(&scene, &Canvas::new(&scene));
        for (edge, words) in scene.edges.iter().zip(&layout.words) {
            let Some((rect, _)) = words else { continue };
            for (other, path) in scene.edges.iter().zip(&layout.paths) {
                let mut cells = path.windows(2).flat_map(|pair| super::route::cells(pair[0], pair[1]));
                let covered = other != edge && cells.any(|cell| rect.contains(cell));
                assert!(!covered, "{name}: the words of {edge:?} lie on {other:?}");
            }
        }
    }
}

#[test]
fn texts_fit_a_terminal() {
    // Detectors and what repeats whole pyramids are longer than necks: they fit a wide screen, or have to be scrolled.
    let most = |name: &str| match name {
        "lite_hrnet" => 1024,
        "bifpn" | "hrnet" | "rtdetr_encoder" | "yolov8" | "yolov8_neck" => 256,
        _ => 120,
    };
    for name in zoo::names() {
        for format in [Format::Text, Format::Ascii] {
            let text = String::from_utf8(draw(&of_zoo(name, &[]), format).expect("it is drawn")).expect("UTF-8");
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(most(name)), "{name}: {widest:?} columns");
            assert!(format == Format::Text || text.is_ascii(), "{name}");
        }
    }
}

#[test]
fn a_png_is_twice_the_svg() {
    let checked = of_zoo("lite_fpn", &[]);
    let svg = String::from_utf8(draw(&checked, Format::Svg).expect("it is drawn")).expect("UTF-8");
    assert!(svg.contains("<title id=\"title\">LiteFpn: fuse = add, aggregate = add, gate = none, bottom_up = none, aux = true, at H = 64, W = 128</title>"));
    let png = draw(&checked, Format::Png).expect("it is drawn");
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]);
    let sides = format!("width=\"{}\" height=\"{}\"", side(16) / 2, side(20) / 2);
    assert!(svg.contains(&sides), "{sides}");
}

#[test]
fn too_large_a_network_is_refused() {
    let rows: String = (0..401).map(|i| format!("conv c{i}: -> 1 (kernel = 1)\nr{} = c{i}(r{i})\n", i + 1)).collect();
    let checked = of_text(&format!("arch Long {{ input r0: [B, 1, 4, 4]\n{rows} output r401 }}"));
    let error = draw(&checked, Format::Text).expect_err("nobody could read it");
    assert!(error.to_string().contains("402 maps and vectors"), "{error}");
}

#[test]
fn forms_in_text() {
    for name in ["lite_fpn", "pafpn", "resnet18_fpn_cls"] {
        let checked = of_zoo(name, &[]);
        for (form, format) in [("text", Format::Text), ("mermaid", Format::Mermaid), ("dot", Format::Dot)] {
            let text = String::from_utf8(draw(&checked, format).expect("it is drawn")).expect("UTF-8");
            let mut settings = insta::Settings::clone_current();
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!(format!("{name}.{form}"), text));
        }
    }
}
