//! Pictures that were prepared otherwise before they became inputs.

use std::collections::BTreeSet;

use ndarray::{ArrayD, Axis, IxDyn};
use neckar_spec::program::{Preprocessing, Slot};

use super::{Hypothesis, Part};
use crate::compare::part::Change;

const PREPARED: &str =
    "how the reference's input is made: order of colours, scale, mean, deviation; the spec's `image(…)`";

/// Mean and deviation of ImageNet's colours, as torchvision has them.
const IMAGENET: [[f32; 3]; 2] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];

/// The inputs that a part reads.
pub fn read(part: &Part) -> BTreeSet<Slot> {
    let read = part.steps.iter().flat_map(|step| step.args.iter().copied());
    read.chain([part.target]).filter(|slot| part.network.is_input(*slot)).collect()
}

pub fn hypotheses(part: &Part, slot: Slot) -> Vec<Hypothesis> {
    let (Some(own), Some(input)) = (part.tensor(slot), part.network.program.inputs.get(slot as usize)) else {
        return Vec::new();
    };
    let mut ways = Vec::new();
    let mut add = |cause: &str, made: ArrayD<f32>| {
        ways.push(Hypothesis::new(cause, PREPARED, Change::tensor(slot, made)));
    };
    if own.ndim() == 4 && own.shape()[1] == 3 {
        let mean_and_std = |image: &Preprocessing| match (image.mean.as_slice(), image.std.as_slice()) {
            (&[a, b, c], &[d, e, f]) => Some([[a, b, c], [d, e, f]]),
            _ => None,
        };
        add("the reference's colours are in the opposite order (BGR, RGB)", reversed(own));
        if let Some([mean, std]) = input.image.as_ref().and_then(mean_and_std) {
            let plain = shifted(own, |v, c| v * std[c] + mean[c]);
            let scale = input.image.as_ref().map_or(1.0, |image| image.scale);
            add(
                "the reference's colours are in the opposite order (BGR, RGB), the mean's and deviation's are not",
                shifted(&reversed(&plain), |v, c| (v - mean[c]) / std[c]),
            );
            add("the reference's is not normalised by mean and deviation", plain.clone());
            add("the reference's is not normalised, and in bytes (0 to 255)", plain.mapv(|v| v / scale));
            add("the reference's is not divided by the deviation", shifted(&plain, |v, c| v - mean[c]));
            add("the reference's has no mean subtracted", shifted(&plain, |v, c| v / std[c]));
            add("the reference's is normalised to −1 to 1 (mean 0.5, deviation 0.5)", plain.mapv(|v| (v - 0.5) / 0.5));
            add("the reference's is normalised twice", shifted(own, |v, c| (v - mean[c]) / std[c]));
        } else {
            let [mean, std] = IMAGENET;
            add(
                "the reference's is normalised by ImageNet's mean and deviation",
                shifted(own, |v, c| (v - mean[c]) / std[c]),
            );
        }
    }
    add("the reference's is 255 times as large", own.mapv(|v| v * 255.0));
    add("the reference's is divided by 255", own.mapv(|v| v / 255.0));
    if own.ndim() == 4 && own.shape()[2] == own.shape()[3] {
        let swapped = own.view().permuted_axes(IxDyn(&[0, 1, 3, 2])).as_standard_layout().into_owned();
        add("the reference's rows and columns are swapped", swapped);
    }
    ways
}

fn reversed(x: &ArrayD<f32>) -> ArrayD<f32> {
    let mut x = x.clone();
    x.invert_axis(Axis(1));
    x.as_standard_layout().into_owned()
}

/// A picture with something made of each number and its colour.
fn shifted(x: &ArrayD<f32>, cell: impl Fn(f32, usize) -> f32) -> ArrayD<f32> {
    let mut made = x.clone();
    for (colour, mut map) in made.axis_iter_mut(Axis(1)).enumerate() {
        map.mapv_inplace(|v| cell(v, colour));
    }
    made
}
