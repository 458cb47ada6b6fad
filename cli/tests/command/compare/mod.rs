//! `compare` against references with planted faults: the first row that differs, and why.

mod by_hand;
mod faults;
mod reference;

use std::collections::BTreeMap;

use ndarray::ArrayD;
use neckar_spec::program::{Activation, ResizeMode};

use crate::common::Folder;
use faults::{Fault, activate, permuted, resize, transpose};
use reference::Reference;

/// Plants each fault by itself; without one, nothing may be said.
fn each(spec: &str, settings: &[(&str, &str)], sizes: [i64; 2], faults: &[Fault]) {
    let folder = Folder::new();
    folder.write("windows.arch", faults::WINDOWS_SPEC);
    let clean = Reference::new(&folder, spec, settings, sizes);
    let said = clean.compare(&folder, &clean.run());
    assert_eq!(said.code, 0, "{spec} without a fault: {}{}", said.out, said.err);
    assert!(!said.err.contains("cause"), "{}", said.err);
    let mut missed = Vec::new();
    for fault in faults {
        let mut reference = Reference::new(&folder, spec, settings, sizes);
        (fault.plant)(&mut reference);
        let said = reference.compare(&folder, &reference.run());
        let first = format!("error: `{}` is the first row that differs\nlikely cause: ", fault.row);
        let rest = said.err.split_once(&first).map_or("", |(_, rest)| rest);
        let cause = rest.lines().next().unwrap_or_default();
        let named = fault.says.iter().all(|words| cause.contains(words)) && rest.contains("\nlook at: ");
        if said.code != 1 || !named {
            missed.push(format!("{}: {}", fault.name, said.err));
        }
        // What is after the fault follows from it.
        if said.err.matches("error:").count() != 1 {
            missed.push(format!("{}, more than one error: {}", fault.name, said.err));
        }
    }
    assert!(missed.is_empty(), "{spec}\n{}", missed.join("\n"));
}

#[test]
fn faults_of_a_small_neck_are_named() {
    each("lite_fpn", &[], [16, 32], faults::LITE);
}

#[test]
fn faults_of_weighted_fusions_are_named() {
    each("lite_fpn", &[("fuse", "weighted")], [16, 16], faults::WEIGHTED);
    each("lite_fpn", &[("fuse", "fast")], [16, 16], faults::FAST);
    each("lite_fpn", &[("fuse", "concat")], [16, 16], faults::CONCAT);
}

#[test]
fn faults_of_a_pyramid_are_named() {
    let small = [("channels", "[16, 24, 32, 40]"), ("c", "32"), ("up", "bilinear")];
    each("fpn", &small, [32, 48], faults::FPN);
}

#[test]
fn faults_of_a_classifier_are_named() {
    each("resnet18_fpn_cls", &[("c", "32"), ("classes", "10")], [64, 64], faults::CLASSIFIER);
}

#[test]
fn faults_of_a_vector_and_a_pyramid_are_named() {
    each("msfe_fpn", &[], [64, 64], faults::MSFE);
}

#[test]
fn faults_of_windows_and_layouts_are_named() {
    each("./windows.arch", &[], [12, 12], faults::WINDOWS);
}

/// Each of them is in one file, and none hides another: what comes after a fault is judged from the reference's own tensors.
#[test]
fn ten_faults_in_one_reference_are_each_named() {
    let folder = Folder::new();
    let mut reference = Reference::new(&folder, "lite_fpn", &[], [16, 32]);
    reference.norm("L5.bn").eps = 1e-3;
    transpose(&mut reference, "S5.conv.weight", &[0, 1, 3, 2]);
    resize(&mut reference, "U5", ResizeMode::AlignCorners);
    reference.weight("L4.bn.running_mean").fill(0.0);
    activate(&mut reference, "P4_td", Activation::Relu);
    let unsmoothed = reference.slot("P4");
    *reference.step("U4").1 = vec![unsmoothed];
    reference.step("L3.bn").2.clear();
    transpose(&mut reference, "S3.conv.weight", &[1, 0, 2, 3]);
    resize(&mut reference, "U3", ResizeMode::Nearest);
    reference.weight("L2.bn.weight").fill(1.0);
    let mut maps = reference.run();
    let last = permuted(&maps["Hf"], &[0, 2, 3, 1]);
    maps.insert("Hf".into(), last);
    let said = reference.compare(&folder, &maps);
    assert_eq!(said.code, 1);
    let expected = [
        ("P5", "`L5.bn`: the reference's eps is 1e-3, the spec's 1e-5"),
        ("P5s", "`S5.conv`: the reference's kernel is transposed, its rows and columns swapped"),
        ("U5", "the reference resizes bilinear with aligned corners, the spec bilinear (half-pixel)"),
        ("P4", "`L4.bn`: the reference does not subtract the running mean"),
        ("P4_td", "the activation in `P4_td`: the reference applies ReLU, the spec SiLU"),
        ("U4", "the resizing in `U4`: the reference reads `P4`, the spec `P4_td`"),
        ("P3", "`L3.bn`: the reference leaves the norm out"),
        ("P3_td", "`S3.conv`: the reference's kernel is transposed, its input and output channels swapped"),
        ("U3", "the resizing in `U3`: the reference resizes nearest, the spec bilinear (half-pixel)"),
        ("Hr", "`L2.bn`: the reference leaves the norm's weight γ out"),
        ("Hf", "the reference is channels-last ([B, H, W, C])"),
    ];
    let errors: Vec<&str> = said.err.split("error: ").skip(1).collect();
    assert_eq!(errors.len(), expected.len(), "{}", said.err);
    for (error, (row, cause)) in errors.iter().zip(expected) {
        assert!(error.starts_with(&format!("`{row}` ")) && error.contains(cause), "{row}: {error}");
    }
}

/// No cause is guessed: what none of the known ones reproduces is said to be unknown.
#[test]
fn an_unknown_fault_is_said_to_be_unknown() {
    let folder = Folder::new();
    for fault in faults::UNKNOWN {
        let mut reference = Reference::new(&folder, "lite_fpn", &[], [16, 32]);
        (fault.plant)(&mut reference);
        let said = reference.compare(&folder, &reference.run());
        let expected = format!("`{}` is the first row that differs\ncause unknown: ", fault.row);
        assert!(said.code == 1 && said.err.contains(&expected), "{}: {}", fault.name, said.err);
        assert!(!said.err.contains("likely"), "{}: {}", fault.name, said.err);
    }
}

/// A reference that holds its outputs alone, in whose every norm, or weights, there is the same fault.
#[test]
fn a_fault_of_every_layer_is_named_from_the_outputs_alone() {
    let folder = Folder::new();
    let norms = ["L5", "S5", "L4", "S4", "L3", "S3", "L2", "S2"];
    let outputs = |maps: BTreeMap<String, ArrayD<f32>>| {
        let kept = maps.into_iter().filter(|(name, _)| ["Hf", "P3_td", "P4_td"].contains(&name.as_str()));
        kept.collect::<BTreeMap<_, _>>()
    };
    let mut reference = Reference::new(&folder, "lite_fpn", &[], [16, 32]);
    norms.iter().for_each(|layer| reference.norm(&format!("{layer}.bn")).eps = 1e-3);
    let said = reference.compare(&folder, &outputs(reference.run()));
    assert!(said.err.contains("`P4_td` is the first row that differs"), "{}", said.err);
    assert!(said.err.contains("steps at once: the reference's eps is 1e-3"), "{}", said.err);

    let mut reference = Reference::new(&folder, "lite_fpn", &[], [16, 32]);
    norms.iter().for_each(|layer| transpose(&mut reference, &format!("{layer}.conv.weight"), &[0, 1, 3, 2]));
    let said = reference.compare(&folder, &outputs(reference.run()));
    assert!(said.err.contains("steps at once: the reference's kernel is transposed, its rows and"), "{}", said.err);
}

/// Inputs are compared where the reference holds them and others are given.
#[test]
fn an_input_that_was_prepared_otherwise_is_named() {
    let folder = Folder::new();
    let mut reference = Reference::new(&folder, "resnet18_fpn_cls", &[("c", "32"), ("classes", "10")], [64, 64]);
    let normalised = reference.inputs[0].1.clone();
    // mean and deviation as the spec's `image(…)` has them
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    for (at, value) in reference.inputs[0].1.indexed_iter_mut() {
        *value = normalised[&at] * std[at[1]] + mean[at[1]];
    }
    let mut maps = reference.run();
    maps.insert("x".into(), reference.inputs[0].1.clone());
    let said = reference.compare(&folder, &maps);
    let expected =
        "`x` is the first row that differs\nlikely cause: input `x`: the reference's is not normalised by mean";
    assert!(said.err.contains(expected), "{}", said.err);
    assert_eq!(said.err.matches("error:").count(), 1, "{}", said.err);
}

/// A block that is applied twice gives its rows twice; so do layers that share their weights.
#[test]
fn what_is_made_twice_has_two_names() {
    let folder = Folder::new();
    folder.write(
        "twice.arch",
        "block Pair { input x  conv c: -> 4 (kernel = 3, padding = 1)  y = c(x)  output z = relu(y) }
         arch Twice at H = 8, W = 8 { input x: [B, 4, H, W]  Pair p  a = p(x)  output b = p(a) }",
    );
    let reference = Reference::new(&folder, "./twice.arch", &[], [8, 8]);
    folder.succeed(&["run", "./twice.arch", "--rows", "rows.safetensors"]);
    let said = folder.succeed(&["compare", "./twice.arch", "exact", "rows.safetensors"]);
    assert!(!said.err.contains("names that the network lacks"), "{}", said.err);
    // As hooks on modules keep them.
    let maps = reference.run();
    let of_modules = BTreeMap::from([("p.c".to_owned(), maps["p.y"].clone())]);
    assert_eq!(reference.compare(&folder, &of_modules).code, 0);
}

#[test]
fn two_runs_differ_by_their_steps() {
    let folder = Folder::new();
    for other in ["fast", "threads:1", "fast,threads:2"] {
        let said =
            folder.succeed(&["compare", "fpn", "exact", other, "--set", "channels=[8, 8, 8, 8]", "--set", "c=8"]);
        assert!(said.err.contains("rows agree"), "{}", said.err);
    }
    let said = folder.neckar(&["compare", "lite_fpn", "fuse=add", "fuse=weighted"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("`S4.conv` is the first row that differs"), "{}", said.err);
    assert!(said.err.contains("fuse=add: add, `S4.conv` conv 128 k3x3 p1"), "{}", said.err);
    assert!(said.err.contains("fuse=weighted: `F4` weighted_sum softplus eps 0.0001, `S4.conv`"), "{}", said.err);
    assert_eq!(folder.neckar(&["compare", "lite_fpn", "exact", "threads:0"]).code, 2);
}
