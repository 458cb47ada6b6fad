//! The specs that ship with neckar, by name.

macro_rules! zoo {
    ($($name:literal),+ $(,)?) => {
        static SPECS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../zoo/", $name, ".arch")))),+];
    };
}

zoo!(
    "bifpn",
    "carafe_fpn",
    "fpn",
    "hrnet",
    "lite_fpn",
    "lite_hrnet",
    "msfe_fpn",
    "notebook_fpn",
    "pafpn",
    "resnet",
    "resnet18_fpn_cls",
    "resnet50_fpn",
    "rtdetr_encoder",
    "vit_pyramid",
    "yolov8",
    "yolov8_neck"
);

/// The names of the zoo, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|(name, _)| *name)
}

/// The spec that holds an architecture or a block of this name.
pub fn holder(name: &str) -> Option<&'static str> {
    let defines = |line: &str| {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        matches!(words.next(), Some("arch" | "block")) && words.next() == Some(name)
    };
    SPECS.iter().find(|(_, text)| text.lines().any(defines)).map(|(spec, _)| *spec)
}

/// The text of a spec of the zoo; `prelude` gives the layer kinds that every spec knows.
pub fn text(name: &str) -> Option<&'static str> {
    if name == "prelude" {
        return Some(include_str!("../zoo/prelude.arch"));
    }
    SPECS.iter().find(|(spec, _)| *spec == name).map(|(_, text)| *text)
}
