//! Networks of the zoo at small sizes, with settings that bring in most instructions, and one that has the others.

use ndarray::ArrayD;
use neckar_spec::Origin;

use super::compiled::available;
use super::{Dtype, ORDERS, compare};
use crate::common::random;
use crate::cpu::zoo::sized;

/// A type each with an order of threads.
const TYPES: [(Dtype, &[u32]); 3] = [(Dtype::F32, &[1]), (Dtype::F16, &[20]), (Dtype::Bf16, &[0])];

const OTHERS: &str = "arch Others at H = 9, W = 12 {
    input a: [B, 12, H, W]
    input b: [B, 24, H, W]
    conv stem: -> 16 (kernel = 3, stride = 2, padding = 1)
    conv grouped: -> 32 (kernel = 3, padding = 2, dilation = 2, groups = 2)
    conv odd: -> 21 (kernel = 1, stride = 3)
    linear head: -> 10
    s = silu(stem(a))                   → [B, 16, ceil(H / 2), ceil(W / 2)]
    g = hard_swish(grouped(s))          → [B, 32, ceil(H / 2), ceil(W / 2)]
    output c = l2_normalize(channel_shuffle(g, groups = 4))
    output d = pixel_shuffle(b, factor = 2)
    output e = flatten(adaptive_avg_pool(b, size = 3))
    output f = head(flatten(global_avg_pool(b)))
    output h = sigmoid(odd(a))
    output i = avg_pool(max_pool(a, kernel = 3, stride = 2, padding = 1), kernel = 2, stride = 1)
    output p = permute(b, order = [0, 1, 3, 2])
    t = tokens(adaptive_avg_pool(b, size = [2, 3])) → [B, 24, 6]
    output j = matmul(permute(t, order = [0, 2, 1]), t)
    output k = softmax(b) * mean(b, axis = channels)
    output l = gelu(relu(b) ⊕ hard_sigmoid(b))
}";

fn holds(name: &str, origin: Origin, settings: &[(&str, &str)], sizes: [i64; 2], types: &[(Dtype, &[u32])]) {
    if !available() {
        return;
    }
    let [rows, columns] = sizes;
    let (program, shapes) = sized(origin, settings, &[("H", rows), ("W", columns), ("B", 2)]);
    let inputs: Vec<ArrayD<f32>> = shapes.iter().enumerate().map(|(i, shape)| random(shape, i as u64)).collect();
    let complaints = compare(name, &program, &inputs, types, &|source| source);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

macro_rules! networks {
    ($($test:ident: $spec:literal ($($key:ident = $value:literal),*) at $sizes:expr;)+) => {
        $(#[test]
        fn $test() {
            holds($spec, Origin::Zoo($spec.into()), &[$((stringify!($key), $value)),*], $sizes, &TYPES);
        })+
    };
}

networks! {
    lite_fpn_gates: "lite_fpn" (fuse = "weighted", gate = "coord_att", bottom_up = "blur") at [16, 24];
    fpn_transposed: "fpn" (levels = "3", channels = "[32, 64, 20]", c = "24", up = "transposed", smooth = "separable") at [8, 12];
    bifpn: "bifpn" () at [32, 16];
    carafe_fpn: "carafe_fpn" (channels = "[16, 24, 32]", c = "24") at [8, 12];
    rtdetr_encoder: "rtdetr_encoder" (channels = "[16, 24, 32]", c = "32", ffn = "48") at [8, 12];
    vit_pyramid: "vit_pyramid" (width = "48", depth = "1", heads = "3", registers = "2", grid = "3", c = "16") at [56, 28];
}

#[test]
fn the_same_bits_in_any_order() {
    let settings = [("levels", "3"), ("channels", "[32, 64, 20]"), ("c", "32"), ("up", "bilinear"), ("norm", "group")];
    let types = [Dtype::F32, Dtype::F16, Dtype::Bf16].map(|dtype| (dtype, &ORDERS[..]));
    holds("fpn", Origin::Zoo("fpn".into()), &settings, [8, 12], &types);
}

#[test]
fn others() {
    let origin = Origin::Text { name: "others.arch".into(), text: OTHERS.into(), folder: None };
    holds("others", origin, &[], [9, 12], &TYPES);
}
