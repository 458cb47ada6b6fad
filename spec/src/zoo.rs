//! The specs that ship with neckar, by name.

macro_rules! zoo {
    ($($name:literal),+ $(,)?) => {
        static SPECS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../zoo/", $name, ".arch")))),+];
    };
}

zoo!("fpn", "lite_fpn", "msfe_fpn", "notebook_fpn", "pafpn", "resnet", "resnet18_fpn_cls", "resnet50_fpn");

/// The names of the zoo, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|(name, _)| *name)
}

/// The text of a spec of the zoo; `prelude` gives the layer kinds that every spec knows.
pub fn text(name: &str) -> Option<&'static str> {
    if name == "prelude" {
        return Some(include_str!("../zoo/prelude.arch"));
    }
    SPECS.iter().find(|(spec, _)| *spec == name).map(|(_, text)| *text)
}
