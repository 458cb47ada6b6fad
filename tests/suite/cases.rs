//! The networks that every test goes through: the zoo with its default parameters and with those of the reference outputs.

use neckar_spec::{Checked, Library, Origin, compile};

/// A spec of the zoo with parameters.
pub struct Case {
    /// How snapshots and failures name it.
    pub name: &'static str,
    /// The spec.
    pub spec: &'static str,
    /// The parameters that differ from their defaults.
    pub settings: &'static [(&'static str, &'static str)],
}

const fn case(name: &'static str, spec: &'static str, settings: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, spec, settings }
}

const THREE_LEVELS: [(&str, &str); 3] = [("levels", "3"), ("channels", "[32, 64, 128]"), ("c", "64")];

/// Every case; each spec of the zoo stands in it with its defaults.
pub static CASES: &[Case] = &[
    case("bifpn", "bifpn", &[]),
    case("carafe_fpn", "carafe_fpn", &[]),
    case("carafe_fpn_small", "carafe_fpn", &[("channels", "[64, 128, 256]"), ("c", "64")]),
    case("fpn", "fpn", &[]),
    case("fpn_bilinear", "fpn", &[THREE_LEVELS[0], THREE_LEVELS[1], THREE_LEVELS[2], ("up", "bilinear")]),
    case("fpn_align_corners", "fpn", &[THREE_LEVELS[0], THREE_LEVELS[1], THREE_LEVELS[2], ("up", "align_corners")]),
    case("fpn_transposed", "fpn", &[THREE_LEVELS[0], THREE_LEVELS[1], THREE_LEVELS[2], ("up", "transposed")]),
    case("fpn_group_norm", "fpn", &[THREE_LEVELS[0], THREE_LEVELS[1], THREE_LEVELS[2], ("norm", "group")]),
    case("fpn_separable", "fpn", &[THREE_LEVELS[0], THREE_LEVELS[1], THREE_LEVELS[2], ("smooth", "separable")]),
    case(
        "fpn_extra",
        "fpn",
        &[
            THREE_LEVELS[0],
            THREE_LEVELS[1],
            THREE_LEVELS[2],
            ("fuse", "average"),
            ("extra", "2"),
            ("extra_convs", "on_input"),
        ],
    ),
    case("fpn_batch_separable", "fpn", &[("norm", "batch"), ("smooth", "separable")]),
    case("hrnet", "hrnet", &[]),
    case("hrnet_classifier", "hrnet", &[("classes", "1000")]),
    case("lite_fpn", "lite_fpn", &[]),
    case("lite_fpn_weighted", "lite_fpn", &[("fuse", "weighted")]),
    case("lite_fpn_fast", "lite_fpn", &[("fuse", "fast")]),
    case("lite_fpn_softmax", "lite_fpn", &[("fuse", "softmax")]),
    case("lite_fpn_fuse_concat", "lite_fpn", &[("fuse", "concat")]),
    case("lite_fpn_se", "lite_fpn", &[("fuse", "weighted"), ("gate", "se")]),
    case("lite_fpn_coord_att", "lite_fpn", &[("fuse", "weighted"), ("gate", "coord_att")]),
    case("lite_fpn_down", "lite_fpn", &[("bottom_up", "depthwise")]),
    case("lite_fpn_average", "lite_fpn", &[("bottom_up", "average"), ("aux", "false")]),
    case("lite_fpn_blur", "lite_fpn", &[("bottom_up", "blur")]),
    case("lite_fpn_concat", "lite_fpn", &[("aggregate", "concat")]),
    case("lite_hrnet", "lite_hrnet", &[]),
    case("lite_hrnet_30", "lite_hrnet", &[("depth", "30")]),
    case("msfe_fpn", "msfe_fpn", &[]),
    case("notebook_fpn", "notebook_fpn", &[]),
    case("pafpn", "pafpn", &[]),
    case("pafpn_small", "pafpn", &[("channels", "[64, 128, 256, 512]"), ("c", "64")]),
    case(
        "pafpn_extra",
        "pafpn",
        &[
            ("channels", "[64, 128, 256, 512]"),
            ("c", "64"),
            ("carry", "sums"),
            ("extra", "2"),
            ("extra_convs", "on_lateral"),
        ],
    ),
    case("resnet", "resnet", &[]),
    case("resnet18", "resnet", &[("depth", "18"), ("classes", "10")]),
    case("rtdetr_encoder", "rtdetr_encoder", &[]),
    case("resnet18_fpn_cls", "resnet18_fpn_cls", &[]),
    case("resnet18_fpn_cls_10", "resnet18_fpn_cls", &[("classes", "10")]),
    case("resnet50_fpn", "resnet50_fpn", &[]),
    case("vit_pyramid", "vit_pyramid", &[]),
    case("vit_pyramid_small", "vit_pyramid", &[("width", "96"), ("depth", "4"), ("heads", "3"), ("c", "64")]),
    case(
        "vit_pyramid_registers",
        "vit_pyramid",
        &[("width", "96"), ("depth", "2"), ("heads", "3"), ("registers", "4"), ("grid", "7")],
    ),
    case("yolov8", "yolov8", &[]),
    case("yolov8_neck", "yolov8_neck", &[]),
];

impl Case {
    /// The parameters as the compiler takes them.
    pub fn given(&self) -> Vec<(String, String)> {
        self.settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    /// The checked graph; every expectation of the spec holds.
    pub fn checked(&self) -> Checked {
        let library = Library::load(Origin::Zoo(self.spec.into())).expect("the spec is in the zoo");
        let compilation = compile(library, None, &self.given());
        let findings = neckar_spec::diagnostics::render(&compilation.sources, &compilation.diagnostics);
        assert!(findings.is_empty(), "{}: {findings}", self.name);
        let failed = compilation.failed_expectations();
        assert!(failed.is_empty(), "{}: {failed:?}", self.name);
        compilation.checked.expect("a spec without findings is checked")
    }
}

#[test]
fn the_whole_zoo_is_there() {
    for spec in neckar_spec::zoo::names() {
        let plain = CASES.iter().any(|case| case.spec == spec && case.settings.is_empty());
        assert!(plain, "{spec} has no case with its default parameters");
    }
}
