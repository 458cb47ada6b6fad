//! Networks of the zoo against the implementations that other packages have of them, where no oracle is given.
//!
//! `tests/peers/run --references` writes `fixtures/references.safetensors`, in the form of the oracles' samples with up to 512 a
//! network's output. `tests/peers/packages.py` says which package and which of its settings each name stands for; the versions
//! are among the fixture's metadata.

use neckar_spec::{Lowering, lower};

use crate::cases::Case;
use crate::oracles::{Inputs, TOLERANCES, check};

static SAMPLES: &[u8] = include_bytes!("../fixtures/references.safetensors");

type Settings = &'static [(&'static str, &'static str)];

fn agrees(name: &'static str, spec: &'static str, settings: Settings, inputs: Inputs, tolerances: [f64; 2]) {
    let program = lower(&Case { name, spec, settings }.checked(), Lowering::default());
    check(SAMPLES, name, &program, inputs, tolerances);
}

macro_rules! references {
    ($($name:ident: $spec:ident($($key:ident = $value:literal),*) of $($input:ident $shape:expr),+;)+) => {
        $(#[test]
        fn $name() {
            let settings = &[$((stringify!($key), $value)),*];
            let inputs: Inputs = &[$((stringify!($input), &$shape)),+];
            agrees(stringify!($name), stringify!($spec), settings, inputs, TOLERANCES);
        })+
    };
}

references! {
    hrnet_w18: hrnet(width = "18", classes = "1000") of x [1, 3, 64, 96];
    hrnet_w32: hrnet(width = "32", classes = "1000") of x [1, 3, 64, 96];
    lite_hrnet_18: lite_hrnet(depth = "18") of x [1, 3, 64, 96];
    yolov8n: yolov8(scale = "n") of x [1, 3, 64, 96];
    yolov8s_neck: yolov8_neck(scale = "s") of x [1, 3, 64, 96];
    yolov8m_neck: yolov8_neck(scale = "m") of x [1, 3, 64, 96];
    yolov8l_neck: yolov8_neck(scale = "l") of x [1, 3, 64, 96];
    yolov8x_neck: yolov8_neck(scale = "x") of x [1, 3, 64, 96];
    bifpn_d1: bifpn(scale = "D1") of P3 [1, 40, 16, 24], P4 [1, 112, 8, 12], P5 [1, 320, 4, 6];
    bifpn_d2: bifpn(scale = "D2") of P3 [1, 48, 16, 24], P4 [1, 120, 8, 12], P5 [1, 352, 4, 6];
    bifpn_d3: bifpn(scale = "D3") of P3 [1, 48, 16, 24], P4 [1, 136, 8, 12], P5 [1, 384, 4, 6];
    bifpn_d4: bifpn(scale = "D4") of P3 [1, 56, 16, 24], P4 [1, 160, 8, 12], P5 [1, 448, 4, 6];
    bifpn_d5: bifpn(scale = "D5") of P3 [1, 64, 16, 24], P4 [1, 176, 8, 12], P5 [1, 512, 4, 6];
    bifpn_d6: bifpn(scale = "D6") of P3 [1, 72, 16, 24], P4 [1, 200, 8, 12], P5 [1, 576, 4, 6];
    bifpn_d7: bifpn(scale = "D7") of P3 [1, 72, 16, 24], P4 [1, 200, 8, 12], P5 [1, 576, 4, 6];
    bifpn_d7x: bifpn(scale = "D7x") of P3 [1, 80, 32, 48], P4 [1, 224, 16, 24], P5 [1, 640, 8, 12];
    fpn_pool: fpn(channels = "[16, 32, 64, 128]", c = "64", extra = "1")
        of C2 [1, 16, 16, 24], C3 [1, 32, 8, 12], C4 [1, 64, 4, 6], C5 [1, 128, 2, 3];
    fpn_two_pools: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", extra = "2")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_p6p7: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", extra = "2", extra_convs = "on_output")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_p6p7_input: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", extra = "2", extra_convs = "on_input")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_input: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", extra = "2", extra_convs = "on_input", extra_relu = "false")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_lateral: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", extra = "2", extra_convs = "on_lateral")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_output: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", extra = "2", extra_convs = "on_output")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_batch_norm: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", norm = "batch")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    fpn_average: fpn(levels = "3", channels = "[32, 64, 128]", c = "64", fuse = "average", extra = "2", extra_convs = "on_output")
        of C3 [1, 32, 16, 24], C4 [1, 64, 8, 12], C5 [1, 128, 4, 6];
    pafpn_sums: pafpn(channels = "[16, 32, 64, 128]", c = "64", carry = "sums")
        of C2 [1, 16, 16, 24], C3 [1, 32, 8, 12], C4 [1, 64, 4, 6], C5 [1, 128, 2, 3];
    pafpn_input: pafpn(channels = "[16, 32, 64, 128]", c = "64", carry = "sums", extra = "2", extra_convs = "on_input")
        of C2 [1, 16, 16, 24], C3 [1, 32, 8, 12], C4 [1, 64, 4, 6], C5 [1, 128, 2, 3];
    pafpn_lateral: pafpn(channels = "[16, 32, 64, 128]", c = "64", carry = "sums", extra = "2", extra_convs = "on_lateral")
        of C2 [1, 16, 16, 24], C3 [1, 32, 8, 12], C4 [1, 64, 4, 6], C5 [1, 128, 2, 3];
    pafpn_output: pafpn(channels = "[16, 32, 64, 128]", c = "64", carry = "sums", extra = "2", extra_convs = "on_output")
        of C2 [1, 16, 16, 24], C3 [1, 32, 8, 12], C4 [1, 64, 4, 6], C5 [1, 128, 2, 3];
}

/// Its fourteen modules each double the finest branch, and with weights drawn like these rounding grows with it: PyTorch 2.15 in
/// single precision lies 2e-4 from itself in double precision.
#[test]
fn lite_hrnet_30() {
    agrees("lite_hrnet_30", "lite_hrnet", &[("depth", "30")], &[("x", &[1, 3, 64, 96])], [1e-3; 2]);
}
