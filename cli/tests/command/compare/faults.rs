//! The faults that are planted, a table a network.

use ndarray::{Array4, ArrayD, Axis, IxDyn};
use neckar_spec::program::{Activation, Epilogue, Instr, Normalise, PoolKind, ResizeMode};

use super::by_hand::{batch_normed, conv3, doubled, pointwise, pooled, shrunk};
use super::reference::Reference;

/// A fault in a reference, and what has to be said of it.
pub struct Fault {
    /// What went wrong where the network was ported.
    pub name: &'static str,
    /// Makes the reference wrong.
    pub plant: fn(&mut Reference),
    /// The first row that differs.
    pub row: &'static str,
    /// What the cause has to say.
    pub says: &'static [&'static str],
}

const fn fault(
    name: &'static str,
    plant: fn(&mut Reference),
    row: &'static str,
    says: &'static [&'static str],
) -> Fault {
    Fault { name, plant, row, says }
}

/// Resizing, norms, kernels, activations and wiring.
pub const LITE: &[Fault] = &[
    fault(
        "align_corners=True",
        |r| resize(r, "U5", ResizeMode::AlignCorners),
        "U5",
        &["in `U5`: the reference resizes bilinear with aligned corners, the spec bilinear (half-pixel)"],
    ),
    fault("mode left at nearest", |r| resize(r, "U4", ResizeMode::Nearest), "U4", &["in `U4`", "resizes nearest,"]),
    fault(
        "TensorFlow 1's coordinates",
        |r| r.replace("U3", |maps| doubled(&maps["P3_td"], |i| i as f64 / 2.0)),
        "U3",
        &["in `U3`", "(asymmetric"],
    ),
    fault(
        "another framework's eps",
        |r| r.norm("S4.bn").eps = 1e-3,
        "P4_td",
        &["`S4.bn`", "eps is 1e-3, the spec's 1e-5"],
    ),
    fault(
        "folded without the running mean",
        |r| r.weight("L4.bn.running_mean").fill(0.0),
        "P4",
        &["`L4.bn`: the reference does not subtract the running mean"],
    ),
    fault("a norm folded into nothing", |r| r.step("L3.bn").2.clear(), "P3", &["`L3.bn`", "leaves the norm out"]),
    fault("β lost", |r| r.weight("L2.bn.bias").fill(0.0), "Hr", &["`L2.bn`", "leaves the norm's bias β out"]),
    fault("γ lost", |r| r.weight("L2.bn.weight").fill(1.0), "Hr", &["`L2.bn`", "leaves the norm's weight γ out"]),
    fault(
        "statistics not loaded",
        |r| {
            r.weight("S5.bn.running_mean").fill(0.0);
            r.weight("S5.bn.running_var").fill(1.0);
        },
        "P5s",
        &["`S5.bn`", "untrained norm"],
    ),
    fault(
        "training mode",
        |r| {
            let weights = r.weights.clone();
            r.replace("P5", move |maps| {
                let x = pointwise(&maps["B4"], &weights["L5.conv.weight"]);
                batch_normed(&x, &weights["L5.bn.weight"], &weights["L5.bn.bias"])
            });
        },
        "P5",
        &["`L5.bn`", "training mode"],
    ),
    fault(
        "rows and columns of a kernel swapped",
        |r| transpose(r, "S3.conv.weight", &[0, 1, 3, 2]),
        "P3_td",
        &["`S3.conv`", "transposed, its rows and columns swapped"],
    ),
    fault(
        "channels of a square kernel swapped",
        |r| transpose(r, "S5.conv.weight", &[1, 0, 2, 3]),
        "P5s",
        &["`S5.conv`", "transposed, its input and output channels swapped"],
    ),
    fault(
        "a true convolution",
        |r| {
            r.weight("S2.conv.weight").invert_axis(Axis(2));
            r.weight("S2.conv.weight").invert_axis(Axis(3));
            transpose(r, "S2.conv.weight", &[0, 1, 2, 3]);
        },
        "Hf",
        &["`S2.conv`", "flipped"],
    ),
    fault(
        "two layers' weights exchanged by the table of names",
        |r| {
            for part in ["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"] {
                let other = r.weights[&format!("S3.{part}")].clone();
                *r.weight(&format!("S4.{part}")) = other;
            }
        },
        "P4_td",
        &["the reference runs `S4` with the weights of `S3`"],
    ),
    fault(
        "ReLU for SiLU",
        |r| activate(r, "P4_td", Activation::Relu),
        "P4_td",
        &["the activation in `P4_td`: the reference applies ReLU, the spec SiLU"],
    ),
    fault(
        "Hardswish for SiLU",
        |r| {
            r.step("P5s").2.clear();
            let plain = r.run();
            r.replace("P5s", move |_| plain["P5s"].mapv(|v| v * (v + 3.0).clamp(0.0, 6.0) / 6.0));
        },
        "P5s",
        &["applies Hardswish, the spec SiLU"],
    ),
    fault("no activation", |r| r.step("P5s").2.clear(), "P5s", &["leaves SiLU out"]),
    fault(
        "an activation behind a lateral",
        |r| r.step("P3").2.push(Epilogue::Activation(Activation::Relu)),
        "P3",
        &["`L3.bn`: the reference applies ReLU to it, the spec nothing"],
    ),
    fault(
        "the activation before the norm",
        |r| {
            let norm = r.step("S3.bn").2.clone();
            let activation = std::mem::replace(r.step("P3_td").2, norm);
            *r.step("S3.bn").2 = activation;
        },
        "P3_td",
        &["applies SiLU before the norm"],
    ),
    fault(
        "the lateral forgotten",
        |r| sum(r, "S2.conv", |args| args.truncate(1)),
        "Hf",
        &["the reference does not add `U3`"],
    ),
    fault(
        "the lateral added twice",
        |r| sum(r, "S2.conv", |args| args.push(args[0])),
        "Hf",
        &["the reference adds `Hr` twice"],
    ),
    fault(
        "an unsmoothed map passed on",
        |r| *r.step("U4").1 = vec![r.slot("P4")],
        "U4",
        &["the reference reads `P4`, the spec `P4_td`"],
    ),
    fault(
        "half a network in fp16",
        |r| {
            let plain = r.run();
            r.replace("P5", move |_| plain["P5"].mapv(|v| half::f16::from_f32(v).to_f32()));
        },
        "P5",
        &["one of fp16"],
    ),
    fault(
        "a checkpoint of fp16",
        |r| r.weight("L4.conv.weight").mapv_inplace(|v| half::f16::from_f32(v).to_f32()),
        "P4",
        &["`L4.conv`: the reference's weights are rounded to fp16"],
    ),
    fault(
        "a channels-first map read as channels-last",
        |r| {
            let plain = r.run();
            r.replace("P4", move |_| {
                let shape = plain["P4"].shape().to_vec();
                let last = permuted(&plain["P4"], &[0, 2, 3, 1]);
                ArrayD::from_shape_vec(IxDyn(&shape), last.into_iter().collect()).expect("as many numbers")
            });
        },
        "P4",
        &["channels-last", "scrambles"],
    ),
    fault("a division by zero", |r| r.weight("L3.bn.bias")[[7]] = f32::NAN, "P3", &["NaN or infinity in 256 of"]),
];

/// What none of the known causes gives.
pub const UNKNOWN: &[Fault] = &[
    fault("one number of a kernel", |r| r.weight("S4.conv.weight")[[3, 5, 1, 1]] += 2.0, "P4_td", &[]),
    fault("an eps that nobody uses", |r| r.norm("S4.bn").eps = 7e-4, "P4_td", &[]),
    fault(
        "a gain",
        |r| {
            let plain = r.run();
            r.replace("U5", move |_| &plain["U5"] * 1.01);
        },
        "U5",
        &[],
    ),
    fault("another kernel", |r| r.weight("L3.conv.weight").mapv_inplace(|v| (v * 50.0).sin()), "P3", &[]),
    fault(
        "two faults of one row",
        |r| {
            r.norm("L4.bn").eps = 1e-2;
            r.weight("L4.bn.bias").mapv_inplace(|v| 0.9 * v);
        },
        "P4",
        &[],
    ),
];

/// Weighted fusions.
pub const WEIGHTED: &[Fault] = &[
    fault("softmax for softplus", |r| normalise(r, "F4", Normalise::Softmax), "P4_td", &["`F4`", "weights by softmax"]),
    fault("ReLU for softplus", |r| normalise(r, "F3", Normalise::Relu), "P3_td", &["`F3`", "weights by ReLU"]),
    fault(
        "the weights in the order of the other path",
        |r| {
            r.weight("F4.w").invert_axis(Axis(0));
            transpose(r, "F4.w", &[0]);
        },
        "P4_td",
        &["`F4`: the reference gives the operands the weights in the order 2, 1"],
    ),
];

/// Fast-normalised fusions.
pub const FAST: &[Fault] = &[
    fault(
        "another epsilon",
        |r| match r.step("F4").0 {
            Instr::WeightedSum { eps, .. } => *eps = 1e-2,
            other => panic!("{other:?}"),
        },
        "P4_td",
        &["`F4`: the reference's fusion has eps 1e-2, the spec's 1e-4"],
    ),
    fault("softmax for ReLU", |r| normalise(r, "F4", Normalise::Softmax), "P4_td", &["`F4`", "weights by softmax"]),
];

/// Concatenations.
pub const CONCAT: &[Fault] = &[fault(
    "operands in the opposite order",
    |r| sum(r, "S4.conv", |args| args.reverse()),
    "P4_td",
    &["the concatenation in `P4_td`: the reference joins the maps in the order 2, 1"],
)];

/// A pyramid whose laterals have biases, and whose rows hold several steps.
pub const FPN: &[Fault] = &[
    fault(
        "a lateral's bias lost",
        |r| r.weight("fpn.inner_blocks.2.0.bias").fill(0.0),
        "M4",
        &["`fpn.inner_blocks.2.0`: the reference leaves the bias out"],
    ),
    fault(
        "half-pixel for nearest inside a row",
        |r| {
            let step = resizing(r, "M3");
            *step = ResizeMode::Nearest;
        },
        "M3",
        &["the resizing in `M3`: the reference resizes nearest, the spec bilinear (half-pixel)"],
    ),
    fault(
        "reflected padding",
        |r| {
            let weights = r.weights.clone();
            r.replace("P3", move |maps| {
                let (w, b) = (&weights["fpn.layer_blocks.1.0.weight"], &weights["fpn.layer_blocks.1.0.bias"]);
                conv3(&maps["M3"], w, b, |at, size| {
                    if at < 0 {
                        -at
                    } else if at >= size {
                        2 * size - 2 - at
                    } else {
                        at
                    }
                })
            });
        },
        "P3",
        &["`fpn.layer_blocks.1.0`: the reference pads by reflection"],
    ),
    fault(
        "levels one off: the lateral's weights of the level above",
        |r| {
            for part in ["weight", "bias"] {
                let other = r.weights[&format!("fpn.layer_blocks.3.0.{part}")].clone();
                *r.weight(&format!("fpn.layer_blocks.2.0.{part}")) = other;
            }
        },
        "P4",
        &["the reference runs `fpn.layer_blocks.2.0` with the weights of `fpn.layer_blocks.3.0`"],
    ),
    fault(
        "the smoothing convolution skipped",
        |r| {
            let plain = r.run();
            r.replace("P5", move |_| plain["M5"].clone());
        },
        "P5",
        &["the reference has `M5` here"],
    ),
    fault(
        "a mean for a sum",
        |r| {
            let plain = r.run();
            r.replace("M2", move |_| plain["M2"].mapv(|v| v / 2.0));
        },
        "M2",
        &["the sum in `M2`: the reference takes the mean of the maps, the spec their sum"],
    ),
];

/// A ResNet, whose rows are nested, and vectors.
pub const CLASSIFIER: &[Fault] = &[
    fault(
        "TensorFlow's SAME at stride 2",
        |r| {
            // 64 cells, a window of 7 at stride 2: 5 cells of padding, 2 before and 3 behind.
            let Instr::Conv(conv) = r.step("body.conv1").0 else { panic!("it is a convolution") };
            conv.padding = [0, 0];
            let mut padded = ArrayD::zeros(IxDyn(&[2, 3, 69, 69]));
            padded.slice_mut(ndarray::s![.., .., 2..66, 2..66]).assign(&r.inputs[0].1);
            r.inputs[0].1 = padded;
        },
        "body.C1",
        &["`body.conv1`: the reference pads as TensorFlow's SAME does"],
    ),
    fault(
        "colours in the opposite order",
        |r| r.inputs[0].1.invert_axis(Axis(1)),
        "body.C1",
        &["input `x`: the reference's colours are in the opposite order"],
    ),
    fault(
        "bytes, not normalised",
        |r| {
            let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
            let own = r.inputs[0].1.clone();
            r.inputs[0].1.indexed_iter_mut().for_each(|(at, v)| *v = 255.0 * (own[&at] * std[at[1]] + mean[at[1]]));
        },
        "body.C1",
        &["input `x`: the reference's is not normalised, and in bytes"],
    ),
    fault(
        "the residual activated before it is added",
        |r| {
            r.step("body.layer1.0.residual").2.push(Epilogue::Activation(Activation::Relu));
            // relu(relu(residual) + stem): the stem is not negative, so that nothing is left of the outer one.
        },
        "body.layer1.0.residual",
        &["applies ReLU to it, the spec nothing"],
    ),
    fault(
        "no shortcut",
        |r| {
            let (shortcut, residual) = (r.slot("body.layer2.0.shortcut"), r.slot("body.layer2.0.residual"));
            let added = r.program.bodies[0].steps.iter_mut().find_map(|step| match step {
                neckar_spec::program::Step::Run { args, epilogue, .. } if *args == [residual, shortcut] => {
                    Some((args, epilogue))
                }
                _ => None,
            });
            let (args, epilogue) = added.expect("they are added");
            args.truncate(1);
            epilogue.clear();
        },
        "body.layer2.0.y",
        &["the reference does not add `body.layer2.0.shortcut`"],
    ),
    fault(
        "levels joined from the coarsest",
        |r| sum(r, "fc", |args| args.reverse()),
        "logits",
        &["the concatenation in `logits`: the reference joins the maps in the order 4, 3, 2, 1"],
    ),
];

/// Resizing downwards, a linear layer with a norm, and a vector of length 1.
pub const MSFE: &[Fault] = &[
    fault(
        "antialias=True",
        |r| {
            r.replace("fused", |maps| {
                let maps = [shrunk(&maps["layer2"], 4), shrunk(&maps["layer3"], 2), maps["layer4"].clone()];
                ndarray::concatenate(Axis(1), &maps.each_ref().map(|map| map.view())).expect("of one size")
            });
        },
        "fused",
        &["2 steps at once: the reference resizes bilinear with antialiasing"],
    ),
    fault(
        "a bias that was not scaled in folding",
        |r| {
            // γ/s·(Wx + b·s/γ − μ) + β is the folded layer with b as it was.
            let [gamma, variance] = ["norm.weight", "norm.running_var"].map(|name| r.weights[name].clone());
            let scale = gamma / variance.mapv(|v| (v + 1e-5).sqrt());
            *r.weight("reduce.bias") /= &scale;
        },
        "fusion",
        &["`norm`: the reference does not scale the bias of the layer before"],
    ),
];

/// What no network of the zoo has where it would show.
pub const WINDOWS_SPEC: &str = "arch Windows at H = 12, W = 12 {
    numerics { resize = nearest }
    input x: [B, 4, H, W]
    conv c1: -> 6 (kernel = 3, padding = 1)
    conv c2: -> 6 (kernel = 1)
    conv c3: -> 6 (kernel = 3, stride = 2, padding = 1)
    linear fc: -> 5
    a = c1(x)
    greatest = max_pool(a, kernel = 3, stride = 2, padding = 1)
    mean     = avg_pool(a, kernel = 3, stride = 2, padding = 1)
    narrow   = a |> c2 |> relu |> c3
    fine     = avg_pool(a, kernel = 5, stride = 1)
    up       = UpTo(mean, fine)
    output v = fc(flatten(adaptive_avg_pool(mean, size = 2)))
    output greatest, narrow, up
}";

/// Pooling, strides and orders of numbers.
pub const WINDOWS: &[Fault] = &[
    fault(
        "zeros around a map of negative numbers",
        |r| r.replace("greatest", |maps| pooled(&maps["a"], 0.0)),
        "greatest",
        &["the pooling in `greatest`: the reference pads with zeros"],
    ),
    fault(
        "padding that does not count",
        |r| match r.step("mean").0 {
            Instr::Pool(pool) => {
                let PoolKind::Average { count_padding } = &mut pool.kind else { panic!("it averages") };
                *count_padding = !*count_padding;
            }
            other => panic!("{other:?}"),
        },
        "mean",
        &["the pooling in `mean`: the reference averages and"],
    ),
    fault(
        "the stride on the first convolution",
        |r| {
            for (layer, stride) in [("c2", 2), ("c3", 1)] {
                let Instr::Conv(conv) = r.step(layer).0 else { panic!("it is a convolution") };
                conv.stride = [stride; 2];
            }
        },
        "narrow",
        &["`c3`: the reference has the stride on the other convolution, `c2`"],
    ),
    fault(
        "nearest-exact",
        |r| {
            r.replace("up", |maps| {
                let at = |i: usize| ((i as f64 + 0.5) * 0.75) as usize;
                let x = &maps["mean"];
                Array4::from_shape_fn((2, 6, 8, 8), |(b, c, i, j)| x[[b, c, at(i), at(j)]]).into_dyn()
            });
        },
        "up",
        &["the resizing in `up`", "nearest with half-pixel centres"],
    ),
    fault(
        "a channels-last map flattened",
        |r| {
            let weights = r.weights.clone();
            r.replace("v", move |maps| {
                let x = &maps["mean"];
                let cell = |b: usize, c: usize, i: usize, j: usize| {
                    let cells = (0..9).map(|at| x[[b, c, 3 * i + at / 3, 3 * j + at % 3]]);
                    cells.sum::<f32>() / 9.0
                };
                let product = |at: &[usize]| {
                    let features =
                        (0..24).map(|k| cell(at[0], k % 6, k / 12, k / 6 % 2) * weights["fc.weight"][[at[1], k]]);
                    features.sum::<f32>() + weights["fc.bias"][[at[1]]]
                };
                ArrayD::from_shape_fn(IxDyn(&[2, 5]), |at| product(&[at[0], at[1]]))
            });
        },
        "v",
        &["the flattening in `v`: the reference flattens a channels-last map"],
    ),
];

pub fn resize(reference: &mut Reference, row: &str, mode: ResizeMode) {
    match reference.step(row).0 {
        Instr::Resize(resize) => resize.mode = mode,
        other => panic!("{row} is {other:?}"),
    }
}

/// The mode of the resizing that the last step of a row adds.
fn resizing<'r>(reference: &'r mut Reference, row: &str) -> &'r mut ResizeMode {
    let operands = reference.step(row).1.clone();
    let modes = reference.program.bodies[0].steps.iter_mut().find_map(|step| match step {
        neckar_spec::program::Step::Run { instr: Instr::Resize(resize), out, .. } if operands.contains(out) => {
            Some(&mut resize.mode)
        }
        _ => None,
    });
    modes.expect("the row adds a resized map")
}

pub fn activate(reference: &mut Reference, row: &str, activation: Activation) {
    *reference.step(row).2 = vec![Epilogue::Activation(activation)];
}

fn normalise(reference: &mut Reference, fusion: &str, other: Normalise) {
    match reference.step(fusion).0 {
        Instr::WeightedSum { normalise, .. } => *normalise = other,
        step => panic!("{fusion} is {step:?}"),
    }
}

/// Changes the operands of the sum or concatenation that a layer reads.
fn sum(reference: &mut Reference, layer: &str, change: fn(&mut Vec<u32>)) {
    let slot = reference.step(layer).1[0];
    for step in &mut reference.program.bodies[0].steps {
        if let neckar_spec::program::Step::Run { instr, args, epilogue, out, .. } = step
            && *out == slot
        {
            change(args);
            if *instr == Instr::Elementwise {
                *epilogue = vec![Epilogue::Add { resize: None }; args.len() - 1];
            }
        }
    }
}

pub fn permuted(array: &ArrayD<f32>, axes: &[usize]) -> ArrayD<f32> {
    array.view().permuted_axes(IxDyn(axes)).as_standard_layout().into_owned()
}

pub fn transpose(reference: &mut Reference, weight: &str, axes: &[usize]) {
    let other = permuted(reference.weight(weight), axes);
    *reference.weight(weight) = other;
}
