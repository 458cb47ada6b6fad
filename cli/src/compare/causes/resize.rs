//! Resizing by another rule.

use neckar_spec::program::{Instr, Resize, ResizeMode};

use super::resample::{Rule, resample};
use super::{Hypothesis, Part};
use crate::compare::part::Change;
use crate::compare::step::Step;

const LOOK: &str = "`mode`, `align_corners` and `antialias` of `F.interpolate`; in ONNX `coordinate_transformation_mode`; \
                    the spec's `mode` or `numerics { resize = … }`";

/// The rules that the language has no word for, and what they are called elsewhere.
const RULES: [(Rule, &str); 6] = [
    (Rule::Asymmetric, "bilinear with coordinates from the corner (asymmetric, TensorFlow 1), not half-pixel"),
    (Rule::HalfPixelNearest, "nearest with half-pixel centres (PyTorch's `nearest-exact`)"),
    (Rule::AlignedNearest, "nearest with aligned corners"),
    (Rule::Bicubic, "bicubic"),
    (Rule::Antialiased, "bilinear with antialiasing"),
    (Rule::Area, "by means over areas (PyTorch's `area`, adaptive average pooling)"),
];

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let Instr::Resize(own) = step.instr else { return Vec::new() };
    let spec = mode_name(own.mode);
    let way = |what: &str, step: Step| {
        Hypothesis::new(format!("the reference resizes {what}, the spec {spec}"), LOOK, Change::step(step))
    };
    let modes = [ResizeMode::Nearest, ResizeMode::Bilinear, ResizeMode::AlignCorners];
    let other = |mode| way(mode_name(mode), step.with_instr(Instr::Resize(Resize { mode, ..own })));
    let mut ways: Vec<Hypothesis> = modes.into_iter().filter(|mode| *mode != own.mode).map(other).collect();
    if let Some(made) = part.tensor(step.out)
        && let &[_, _, rows, columns] = made.shape()
    {
        ways.extend(RULES.map(|(rule, what)| way(what, step.replaced(move |x| resample(x, [rows, columns], rule)))));
    }
    ways
}

fn mode_name(mode: ResizeMode) -> &'static str {
    match mode {
        ResizeMode::Nearest => "nearest",
        ResizeMode::Bilinear => "bilinear (half-pixel)",
        ResizeMode::AlignCorners => "bilinear with aligned corners",
        ResizeMode::Bicubic => "bicubic",
        ResizeMode::BicubicAntialiased => "bicubic with antialiasing",
    }
}
