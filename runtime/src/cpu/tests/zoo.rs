//! The zoo's programs with the shapes of their inputs at the documented sizes.

use neckar_spec::program::Program;
use neckar_spec::size::Env;
use neckar_spec::{Library, Lowering, Origin, compile, lower, zoo};

/// Parameters by which a network has other layers than with its defaults.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("fpn", "up", "bilinear"),
    ("fpn", "up", "align_corners"),
    ("fpn", "up", "transposed"),
    ("fpn", "norm", "batch"),
    ("fpn", "norm", "group"),
    ("fpn", "smooth", "separable"),
    ("lite_fpn", "fuse", "weighted"),
    ("lite_fpn", "fuse", "concat"),
    ("lite_fpn", "aggregate", "concat"),
];

/// A program and the shapes of its inputs, in its order.
pub(crate) type Sized = (Program, Vec<Vec<usize>>);

/// Each spec of the zoo, with its defaults and with other parameters, at the sizes of its `at` clause.
pub(crate) fn all() -> impl Iterator<Item = Sized> {
    let defaults = zoo::names().map(|name| (name, None));
    let others = SETTINGS.iter().map(|&(name, parameter, value)| (name, Some((parameter, value))));
    defaults.chain(others).map(|(name, setting)| sized(Origin::Zoo(name.into()), setting.as_slice(), &[]))
}

/// A spec with some parameters at its documented sizes, of which some are others.
pub(crate) fn sized(origin: Origin, settings: &[(&str, &str)], sizes: &[(&str, i64)]) -> Sized {
    let library = Library::load(origin).expect("no file is needed");
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let compiled = compile(library, None, &settings);
    let checked = compiled.checked.unwrap_or_else(|| panic!("the spec is right, but {:?}", compiled.diagnostics));
    let program = lower(&checked, Lowering::default());
    let at = |free: &neckar_spec::program::FreeSize| {
        (free.symbol.clone(), free.at.expect("an `at` clause stands in every spec of the zoo"))
    };
    let mut env: Env = program.symbols.iter().map(at).collect();
    env.set("B", 1);
    for &(symbol, size) in sizes {
        env.set(symbol, size);
    }
    let shapes = program.inputs.iter().map(|input| {
        let size = |size: &neckar_spec::size::Size| size.eval(&env).expect("every symbol has a value") as usize;
        input.shape.iter().map(size).collect()
    });
    let shapes = shapes.collect();
    (program, shapes)
}
