//! Parameters and multiply-accumulates of the zoo against what is published of each variant.
//!
//! The figures are those that `tests/peers/run --references` prints: the parameters that PyTorch holds of another package's
//! network, and half the operations of convolutions and matrix products that `torch.utils.flop_counter` counts in a run of it.
//! Behind them stand the rounded ones of a model card or a paper, which they must come to.

use neckar_spec::audit::audit;
use neckar_spec::size::Env;

use crate::cases::Case;

/// A variant: its spec and settings, rows and columns, parameters, multiply-accumulates.
type Row = (&'static str, &'static [(&'static str, &'static str)], [i64; 2], u64, u64);

fn sizes([rows, columns]: [i64; 2]) -> Env {
    let mut env = Env::new();
    env.set("B", 1);
    env.set("H", rows);
    env.set("W", columns);
    env
}

fn hold(rows: &[Row]) {
    for &(spec, settings, size, parameters, macs) in rows {
        let total = audit(&Case { name: spec, spec, settings }.checked(), Some(&sizes(size))).total;
        assert_eq!((total.parameters, total.macs), (parameters, Some(macs)), "{spec} {settings:?}");
    }
}

/// Whether figures are the published ones when rounded to so many decimals of so many units.
fn rounds(figures: &[u64], unit: f64, decimals: usize, published: &[&str]) {
    let rounded: Vec<_> = figures.iter().map(|figure| format!("{:.decimals$}", *figure as f64 / unit)).collect();
    assert_eq!(rounded, published);
}

/// torchvision 0.29.2: `resnet18`, `resnet50` (its page of models has 11.69 M and 25.56 M parameters, 1.81 and 4.09 GFLOPS, which
/// are multiply-accumulates); `FeaturePyramidNetwork` on the maps of a ResNet-50, plain, with `BatchNorm2d`, and with
/// `LastLevelP6P7` on C5 and on P5 as in `retinanet_resnet50_fpn` and its second version.
#[test]
fn resnet_and_fpn() {
    const CLASSES: (&str, &str) = ("classes", "1000");
    const RETINANET: [(&str, &str); 3] = [("levels", "3"), ("channels", "[512, 1024, 2048]"), ("extra", "2")];
    hold(&[
        ("resnet", &[("depth", "18"), CLASSES], [224, 224], 11_689_512, 1_814_073_344),
        ("resnet", &[("depth", "50"), CLASSES], [224, 224], 25_557_032, 4_089_184_256),
        ("fpn", &[], [56, 56], 3_344_384, 2_841_968_640),
        ("fpn", &[("norm", "batch")], [56, 56], 3_346_432, 2_841_968_640),
        (
            "fpn",
            &[RETINANET[0], RETINANET[1], RETINANET[2], ("extra_convs", "on_input")],
            [32, 32],
            7_997_440,
            1_105_461_248,
        ),
        (
            "fpn",
            &[RETINANET[0], RETINANET[1], RETINANET[2], ("extra_convs", "on_output")],
            [32, 32],
            3_868_672,
            1_039_400_960,
        ),
    ]);
    rounds(&[11_689_512, 25_557_032], 1e6, 2, &["11.69", "25.56"]);
    rounds(&[1_814_073_344, 4_089_184_256], 1e9, 2, &["1.81", "4.09"]);
}

/// timm 1.0.31: `hrnet_w18`, `hrnet_w32`, of which HRNet's own table of classifiers has 21.3 M and 41.2 M parameters.
#[test]
fn hrnet() {
    hold(&[
        ("hrnet", &[("width", "18"), ("classes", "1000")], [224, 224], 21_299_004, 4_283_537_072),
        ("hrnet", &[("width", "32"), ("classes", "1000")], [224, 224], 41_232_680, 8_921_133_056),
    ]);
    rounds(&[21_299_004, 41_232_680], 1e6, 1, &["21.3", "41.2"]);
}

/// mmpose 1.3.2: `LiteHRNet` of 18 and 30 without the iterative head. It computes twice what the finest branch gives to the others,
/// and adds both: 2_734_080 multiply-accumulates of each module to the second branch, 2_803_200 to the third, 2_513_280 to the
/// fourth. The spec doubles the result.
#[test]
fn lite_hrnet() {
    let again =
        |[two, three, four]: [u64; 3]| (two + three + four) * 2_734_080 + (three + four) * 2_803_200 + four * 2_513_280;
    hold(&[
        ("lite_hrnet", &[("depth", "18")], [256, 192], 1_054_032, 225_894_528 - again([2, 4, 2])),
        ("lite_hrnet", &[("depth", "30")], [256, 192], 1_686_980, 369_653_088 - again([3, 8, 3])),
    ]);
}

/// Transformers 5.24.0: the hybrid encoder of `RTDetrModel` and the projections before it, for an image of 640×640.
#[test]
fn rtdetr_encoder() {
    hold(&[("rtdetr_encoder", &[], [80, 80], 11_950_848, 25_457_459_200)]);
}

/// timm 1.0.31: `vit_small_patch14_dinov2` to `vit_large_patch14_reg4_dinov2` for images of 518×518, as published, and of 224×224. The
/// checkpoints have a mask token besides, which is for training. ViTDet's pyramid on them is of no package.
#[test]
fn dinov2() {
    let hold = |[width, depth, heads]: [&'static str; 3],
                registers,
                (pixels, grid): (i64, &'static str),
                parameters,
                macs| {
        let settings =
            vec![("width", width), ("depth", depth), ("heads", heads), ("registers", registers), ("grid", grid)];
        let case = Case { name: "vit_pyramid", spec: "vit_pyramid", settings: settings.leak() };
        let layers = audit(&case.checked(), Some(&sizes([pixels; 2]))).layers;
        let vit = &layers.iter().find(|layer| layer.name == "vit").expect("the backbone is called so").cost;
        assert_eq!((vit.parameters, vit.macs), (parameters, Some(macs)), "{width}, {registers} registers, {pixels}");
    };
    let [small, base, large] = [["384", "12", "6"], ["768", "12", "12"], ["1024", "24", "16"]];
    let [published, own] = [(518, "37"), (224, "16")];
    hold(small, "0", published, 22_056_192, 46_696_739_328);
    hold(base, "0", published, 86_579_712, 151_573_718_016);
    hold(large, "0", published, 304_367_616, 506_803_826_688);
    hold(small, "0", own, 21_628_800, 6_123_561_984);
    hold(base, "0", own, 85_724_928, 23_161_227_264);
    hold(large, "0", own, 303_227_904, 81_011_982_336);
    // With registers timm adds the class token's place to the token, where DINOv2's checkpoints keep it.
    hold(small, "4", published, 22_057_344 + 384, 46_882_828_800);
    hold(base, "4", published, 86_582_016 + 768, 152_115_766_272);
    hold(large, "4", published, 304_370_688 + 1024, 508_551_278_592);
}

/// CARAFE's paper (arXiv 1905.02188) has 74 k parameters of an up-sampling of 256 channels and, by its formula, 199 k operations a
/// cell of its source, two for each multiply-accumulate and two for each bias. The rest is torchvision's FPN.
#[test]
fn carafe_fpn() {
    let (kernels, cells) = (4 * 25, 28 * 28 + 14 * 14 + 7 * 7);
    let parameters = 256 * 64 + 64 + 9 * 64 * kernels + kernels;
    let macs = 256 * 64 + 9 * 64 * kernels + kernels * 256;
    rounds(&[parameters, 2 * (macs + 64 + kernels)], 1e3, 0, &["74", "199"]);
    hold(&[("carafe_fpn", &[], [56, 56], 3_344_384 + 3 * parameters, 2_841_968_640 + macs * cells)]);
}

/// ultralytics 8.4.190: `yolov8n.yaml` to `yolov8x.yaml`, whose summaries have these numbers of gradients; the 16 parameters more
/// are the numbers 0 to 15 of `dfl`. Its own `get_flops` of the fused networks counts `dfl` too and two operations for each
/// multiply-accumulate; rounded they are the figures of its page of YOLOv8, but for 165.2 of l there.
#[test]
fn yolov8() {
    hold(&[
        ("yolov8", &[("scale", "n")], [640, 640], 3_157_184, 4_371_456_000),
        ("yolov8", &[("scale", "s")], [640, 640], 11_166_544, 14_300_774_400),
        ("yolov8", &[("scale", "m")], [640, 640], 25_902_624, 39_467_827_200),
        ("yolov8", &[("scale", "l")], [640, 640], 43_691_504, 82_573_721_600),
        ("yolov8", &[("scale", "x")], [640, 640], 68_229_632, 128_901_632_000),
    ]);
    let parameters = [3_157_184, 11_166_544, 25_902_624, 43_691_504, 68_229_632];
    rounds(&parameters, 1e6, 1, &["3.2", "11.2", "25.9", "43.7", "68.2"]);
    let macs = [4_371_456_000, 14_300_774_400, 39_467_827_200, 82_573_721_600, 128_901_632_000];
    // 16 bins of 4 distances at 80² + 40² + 20² cells.
    let dfl = 16 * 4 * 8400;
    rounds(&macs.map(|macs| 2 * (macs + dfl)), 1e9, 1, &["8.7", "28.6", "78.9", "165.1", "257.8"]);
}

/// effdet 0.4.1: the neck of `efficientdet_d0` to `d5` and `tf_efficientdet_d6` to `d7x` at each scale's own size, on maps of an
/// eighth of it; with symmetric padding and without the biases before norms, as in `efficientdet_d0`. The paper's figures are of
/// whole detectors.
#[test]
fn bifpn() {
    hold(&[
        ("bifpn", &[("scale", "D0")], [64, 64], 194_361, 136_203_264),
        ("bifpn", &[("scale", "D1")], [80, 80], 387_628, 450_639_200),
        ("bifpn", &[("scale", "D2")], [96, 96], 703_007, 1_216_329_408),
        ("bifpn", &[("scale", "D3")], [112, 112], 1_550_834, 3_755_971_520),
        ("bifpn", &[("scale", "D4")], [128, 128], 3_335_941, 10_744_760_320),
        ("bifpn", &[("scale", "D5")], [160, 160], 5_388_037, 27_275_414_400),
        ("bifpn", &[("scale", "D6")], [160, 160], 10_556_928, 54_062_592_000),
        ("bifpn", &[("scale", "D7")], [192, 192], 10_556_928, 77_850_132_480),
        ("bifpn", &[("scale", "D7x")], [192, 192], 13_079_040, 78_520_430_592),
    ]);
}
