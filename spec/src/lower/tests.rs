//! What the passes make of small specs, and that one which breaks a body is caught.

use super::bodies::bodies;
use super::{Lowering, Pass, lower, lower_explained};
use crate::check::Checked;
use crate::program::{Body, Epilogue, Instr, Resize, ResizeMode, Step, Target};
use crate::{Library, Origin, compile};

fn checked(text: &str) -> Checked {
    let library = Library::load(Origin::Text { name: "test".into(), text: text.into(), folder: None })
        .expect("it has no imports");
    let compilation = compile(library, None, &[]);
    compilation.checked.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics))
}

fn with_pass(name: &'static str, pass: Pass) {
    let text = "arch Small {
        input x: [B, 2, 2*H, W]
        conv c: -> 2 (kernel = 3, padding = 1)
        y = relu(c(x))
        output z = x + y
    }";
    bodies(&checked(text), Lowering::default(), &[(name, pass)], None);
}

#[test]
fn a_pass_that_keeps_the_body_is_sound() {
    with_pass("nothing", |_, _| Vec::new());
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(
    expected = "`Small` after the pass `drop_first`\n  left: Err(\"step 0: reads %1, which no earlier step defines\")"
)]
fn a_pass_that_leaves_a_slot_undefined_is_named() {
    with_pass("drop_first", |body: &mut Body, _| {
        body.steps.remove(0);
        Vec::new()
    });
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(
    expected = "`Small` after the pass `widen`\n  left: Err(\"step 0: makes %1 of shape [1, 2, 4, 3], which was [1, 2, 2, 1]\")"
)]
fn a_pass_that_changes_a_shape_is_named() {
    with_pass("widen", |body: &mut Body, _| {
        let Step::Run { instr: Instr::Conv(conv), .. } = &mut body.steps[0] else { return Vec::new() };
        conv.padding = [2, 2];
        Vec::new()
    });
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(
    expected = "`Small` after the pass `double`\n  left: Err(\"step 2: adds a map of shape [1, 2, 4, 2] to one of [1, 2, 2, 1]\")"
)]
fn a_pass_that_adds_what_does_not_fit_is_named() {
    with_pass("double", |body: &mut Body, _| {
        let Step::Run { epilogue, .. } = &mut body.steps[2] else { return Vec::new() };
        let resize = Resize { mode: ResizeMode::Nearest, target: Target::Factor(2) };
        *epilogue = vec![Epilogue::Add { resize: Some(resize) }];
        Vec::new()
    });
}

/// The steps of a network, a line each.
fn steps(text: &str) -> Vec<String> {
    let program = lower(&checked(text), Lowering::default()).to_string();
    let (_, network) = program.rsplit_once("body ").expect("a program has bodies");
    network.lines().filter_map(|line| line.strip_prefix("  %")).map(|line| format!("%{line}")).collect()
}

#[test]
fn an_up_sampled_level_is_sampled_where_it_is_added() {
    for (sum, add) in [
        ("l(fine) + Up2(coarse)", "resize bilinear x2"),
        ("Up2(coarse) + l(fine)", "resize bilinear x2"),
        ("l(fine) + Up2(coarse, mode = nearest)", "resize nearest x2"),
        ("l(fine) + Up2(coarse, mode = align_corners)", "resize align_corners x2"),
        ("l(fine) + UpTo(coarse, fine)", "resize bilinear like"),
        ("UpTo(coarse, fine, mode = nearest) + l(fine)", "resize nearest like"),
    ] {
        let text = format!(
            "arch Levels {{
                numerics {{ resize = bilinear }}
                input coarse: [B, 4, H, W]
                input fine: [B, 2, 2*H, 2*W]
                conv l: -> 4 (kernel = 1)
                output y = relu({sum})
            }}"
        );
        let expected = format!("%5 = conv 4 k1x1 [w 0, b 1] (%1, %0) | add {add} | relu   // row y");
        assert_eq!(steps(&text), [expected], "{sum}");
    }
}

#[test]
fn work_on_each_element_joins_every_instruction() {
    for (instruction, text) in [
        ("conv 2 k1x1 [w 0, b 1]", "c(x)"),
        ("transposed_conv 2 s2 [w 0, b 1]", "u(x)"),
        ("max_pool k2x2 s2", "max_pool(x, kernel = 2, stride = 2)"),
        ("global_average_pool", "global_avg_pool(x)"),
        ("adaptive_average_pool 2x2", "adaptive_avg_pool(x, size = 2)"),
        ("resize bilinear x2", "Up2(x, mode = bilinear)"),
        ("flatten", "flatten(x)"),
        ("l2_normalize eps 1e-12", "l2_normalize(x)"),
    ] {
        let text = format!(
            "arch One at H = 8, W = 8 {{
                input x: [B, 2, H, W]
                conv c: -> 2 (kernel = 1)
                up2 u: -> 2 (mode = transposed)
                y = {text}
                output z = silu(relu(y))
            }}"
        );
        assert_eq!(steps(&text), [format!("%3 = {instruction} (%0) | relu | silu   // row z")]);
    }
    let text = "arch Two { input x: [B, 2, H, W]  fuse f (mode = softmax)  output y = relu(f(x, x)), z = relu(x ⊕ x) }";
    let expected = [
        "%2 = weighted_sum softmax eps 0.0001 [w 0] (%0, %0) | relu   // row y",
        "%4 = concat (%0, %0) | relu   // row z",
    ];
    assert_eq!(steps(text), expected);
}

/// Convolutions, norms and factors of 4 channels on maps of one size.
fn branches(sum: &str) -> String {
    format!(
        "arch Branches {{
            input x: [B, 4, H, W]
            input z: [B, 4, H, W]
            conv a: -> 4 (kernel = 3, padding = 1, bias = false)
            conv p: -> 4 (kernel = 1)
            conv five: -> 4 (kernel = 5, padding = 2)
            conv strip: -> 4 (kernel = [1, 3], padding = [0, 1])
            batch_norm n, m, i
            layer_scale s
            output y = relu({sum})
        }}"
    )
}

#[test]
fn convolutions_of_one_map_become_one() {
    for (sum, expected) in [
        (
            "n(a(x)) + m(p(x))",
            "conv 4 k3x3 p1 [w 0] (%0) | norm [w 1..4] eps 1e-5 | branch conv 4 k1x1 [w 5, b 6] norm [w 7..10] eps 1e-5",
        ),
        // RepVGG's three branches, in two orders.
        (
            "n(a(x)) + m(p(x)) + i(x)",
            "conv 4 k3x3 p1 [w 0] (%0) | norm [w 1..4] eps 1e-5 | branch conv 4 k1x1 [w 5, b 6] norm [w 7..10] eps 1e-5 \
             | branch norm [w 11..14] eps 1e-5",
        ),
        (
            "i(x) + n(a(x)) + m(p(x))",
            "conv 4 k3x3 p1 [w 4] (%0) | norm [w 5..8] eps 1e-5 | branch norm [w 0..3] eps 1e-5 \
             | branch conv 4 k1x1 [w 9, b 10] norm [w 11..14] eps 1e-5",
        ),
        (
            "strip(x) + five(x) + a(x)",
            "conv 4 k5x5 p2 [w 2, b 3] (%0) | branch conv 4 k1x3 p0x1 [w 0, b 1] | branch conv 4 k3x3 p1 [w 4]",
        ),
        ("z + a(x) + p(x)", "conv 4 k3x3 p1 [w 0] (%0, %1) | branch conv 4 k1x1 [w 1, b 2] | add"),
        ("s(a(x)) + p(x)", "conv 4 k3x3 p1 [w 0] (%0) | layer_scale [w 1] | branch conv 4 k1x1 [w 2, b 3]"),
        ("p(x) + p(x)", "conv 4 k1x1 [w 0, b 1] (%0) | branch conv 4 k1x1 [w 0, b 1]"),
    ] {
        let [step] = &steps(&branches(sum))[..] else { panic!("{sum} is more than a step") };
        let (_, step) = step.split_once(" = ").expect("a step makes a slot");
        assert_eq!(step, format!("{expected} | relu   // row y"), "{sum}");
    }
}

#[test]
fn convolutions_that_stay_apart() {
    // Maps of two inputs, a sum with the operand itself, and one that is scaled where the other is not.
    for sum in ["a(x) + p(z)", "a(x) + x", "relu(a(x)) + p(x)", "a(x) + s(p(x))"] {
        assert!(!steps(&branches(sum)).concat().contains("branch"), "{sum}");
    }
    let of_pass = |text: &str, lowering| -> Vec<String> {
        let unfused = unfused(text, lowering).into_iter();
        unfused.filter(|[pass, ..]| pass == "merge_branches").map(|[.., reason]| reason).collect()
    };
    let apart =
        branches("strip(x) + turn(x)").replace("conv a", "conv turn: -> 4 (kernel = [3, 1], padding = [1, 0])  conv a");
    assert_eq!(
        of_pass(&apart, Lowering::default()),
        ["a map on the way to `y` and what it is added to in `y` do not make one convolution"]
    );
    let shared = branches("first + p(x)").replace("output", "first = a(x)  output first,");
    assert_eq!(of_pass(&shared, Lowering::default()), ["`first` is an output"]);
    let row = branches("first + p(x)").replace("output", "first = a(x)  output");
    assert_eq!(of_pass(&row, Lowering { keep_rows: true, ..Lowering::default() }), ["`first` is a row that is kept"]);
}

/// What the passes left as it was: the pass, the block, the row, the reason.
fn unfused(text: &str, lowering: Lowering) -> Vec<[String; 4]> {
    let (_, unfused) = lower_explained(&checked(text), lowering);
    let texts = unfused.into_iter().map(|step| {
        let row = step.row.unwrap_or_default();
        [step.pass.trim_start_matches("fuse_").to_owned(), step.block, row, step.reason.to_string()]
    });
    texts.collect()
}

#[test]
fn passes_say_why_they_did_not_fire() {
    let text = "block Gate { input x  output y = sigmoid(x) }
        arch Reasons at H = 8, W = 8 {
            numerics { resize = nearest }
            input x: [B, 2, H, W]
            input fine: [B, 2, 2*H, 2*W]
            conv c, d, e, f: -> 2 (kernel = 1)
            Gate gate
            a = relu(gate(x))
            early = c(x)
            given = d(x)
            b = relu(given)
            shared = e(b)
            sum = early + shared
            g = relu(shared)
            h = f(g)
            twice = h + h
            joined = Up2(twice) ⊕ fine
            sizes = Up2(sum) + Up2(a)
            u = Up2(a)
            v = u + fine
            w = u ⊕ v
            output given, joined, sizes, w
        }";
    let expected: [[&str; 4]; 12] = [
        ["epilogues", "Gate", "y", "it works on an input, which no step makes"],
        [
            "upsampled_add",
            "Reasons",
            "joined",
            "a map on the way to `joined` goes into `joined`, which is no plain sum",
        ],
        ["upsampled_add", "Reasons", "sizes", "the sum takes its size from a map on the way to `sizes`"],
        ["upsampled_add", "Reasons", "u", "`u` is read by `v` and `w`"],
        ["epilogues", "Reasons", "a", "`gate` is made by an instance of a block"],
        ["epilogues", "Reasons", "b", "`given` is an output"],
        ["epilogues", "Reasons", "sum", "`shared` is made later than `early`"],
        ["epilogues", "Reasons", "sum", "`shared` is read by `sum` and `g`"],
        ["epilogues", "Reasons", "g", "`shared` is read by `sum` and `g`"],
        ["epilogues", "Reasons", "twice", "`h` is read twice by `twice`"],
        ["epilogues", "Reasons", "v", "`u` is read by `v` and `w`"],
        ["epilogues", "Reasons", "v", "it works on an input, which no step makes"],
    ];
    assert_eq!(unfused(text, Lowering::default()), expected);
}

#[test]
fn rows_that_are_kept_and_maps_of_many_readers() {
    let text = "arch Kept {
        input x: [B, 2, H, W]
        conv c: -> 2 (kernel = 1)
        y = c(x)
        output z = relu(y)
    }";
    assert_eq!(unfused(text, Lowering::default()), [[""; 4]; 0]);
    let kept = Lowering { keep_rows: true, ..Lowering::default() };
    assert_eq!(unfused(text, kept), [["epilogues", "Kept", "z", "`y` is a row that is kept"]]);

    let text = "arch Many {
        input x: [B, 2, H, W]
        conv c: -> 2 (kernel = 1)
        y = c(x)
        z = relu(y)
        a = y ⊕ x
        b = y ⊕ a
        d = y ⊕ b
        e = y ⊕ d
        output z, e
    }";
    assert_eq!(
        unfused(text, Lowering::default()),
        [["epilogues", "Many", "z", "`y` is read by `z`, `a`, `b` and 2 more"]]
    );
}
