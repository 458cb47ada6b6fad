//! Snapshots of what a network promises, for the tests of the crates that use it.
//!
//! ```text
//! #[test]
//! fn rows() {
//!     neckar::testing::assert_rows!("necks/my_neck.arch");
//! }
//! ```
//!
//! [`assert_rows!`](crate::assert_rows) locks the network's inputs, rows and outputs with their shapes, its parameters and its
//! legal sizes in an insta snapshot beside the test. Its first run fails and leaves a `.snap.new` file; `cargo insta accept`,
//! or `INSTA_UPDATE=always cargo test`, makes it the snapshot, which is committed. What a change of the spec does to the
//! promises is then a diff to be reviewed: each map is a line of its own, and no line depends on the width of another.
//!
//! Needs the feature `testing`, as a dependency of tests alone:
//!
//! ```toml
//! [dev-dependencies]
//! neckar = { version = "0.1", features = ["testing"] }
//! ```

use neckar_spec::program::Program;
use neckar_spec::size::{Env, Size, shape_text};

pub use crate::assert_rows;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub use insta;

/// What [`assert_rows!`](crate::assert_rows) locks of a program, as a text.
///
/// A map is a line, `P4 → [B, 64, H/2, W/2], here [1, 64, 14, 14]`: its shape at every legal size, then that at the sizes of the
/// spec's `at` clause and a batch of 1, where the clause gives all of them.
pub fn rows(program: &Program) -> String {
    let mut head = format!("arch {}", program.name);
    let settings = joined(program.settings.iter().map(|(name, value)| format!("{name} = {value}")));
    if !settings.is_empty() {
        head += &format!(" ({settings})");
    }
    let env = at(program);
    if let Some(env) = &env {
        head += &format!(" at {}", joined(env.iter().map(|(symbol, n)| format!("{symbol} = {n}"))));
    }

    let map = |name: &str, shape: &[Size]| {
        let sizes = env.as_ref().map(|env| shape.iter().map(|size| size.eval(env)).collect::<Option<Vec<i64>>>());
        let here = sizes.flatten().map(|sizes| format!(", here [{}]", joined(sizes.iter().map(i64::to_string))));
        format!("{name} → {}{}", shape_text(shape, &program.legal), here.unwrap_or_default())
    };
    let mut lines = vec![head, String::new(), "inputs".to_owned()];
    lines.extend(program.inputs.iter().map(|input| map(&input.name, &input.shape)));
    lines.extend([String::new(), "rows".to_owned()]);
    lines.extend(program.rows.iter().map(|row| map(&row.name, &row.shape)));
    lines.extend([String::new(), "outputs".to_owned()]);
    lines.extend(program.outputs.iter().map(|output| map(&output.name, &output.shape)));

    let learnable = program.weights.iter().filter(|weight| weight.learnable);
    let parameters: usize = learnable.map(|weight| weight.shape.iter().product::<usize>()).sum();
    lines.extend([String::new(), format!("parameters: {parameters}")]);
    lines.extend(program.legal.describe().into_iter().map(|sizes| format!("legal: {sizes}")));
    lines.join("\n") + "\n"
}

/// The sizes of the `at` clause and a batch of 1; none where a free size is not among them, or where none is free.
fn at(program: &Program) -> Option<Env> {
    if program.symbols.is_empty() {
        return None;
    }
    let mut env = Env::new();
    for free in &program.symbols {
        env.set(free.symbol.clone(), free.at?);
    }
    for batch in program.inputs.iter().filter_map(|input| input.shape.first()?.as_symbol()) {
        env.set(batch.clone(), 1);
    }
    Some(env)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Locks the inputs, rows and outputs of a network with their shapes, its parameters and its legal sizes in an insta snapshot;
/// [`testing`](crate::testing) tells more.
///
/// It takes a spec as [`arch!`](crate::arch) does, with values of its parameters behind it, or the path of a module that
/// `arch!` made:
///
/// ```text
/// neckar::testing::assert_rows!("necks/my_neck.arch");
/// neckar::testing::assert_rows!("necks/all.arch"::Lite, fuse = add, channels = [32, 64]);
/// neckar::testing::assert_rows!(zoo::lite_fpn);
/// neckar::testing::assert_rows!(my_crate::my_neck);
/// ```
///
/// The snapshot is named after the test, and is a file in `snapshots/` beside that of the test.
#[cfg(feature = "testing")]
#[macro_export]
macro_rules! assert_rows {
    ($spec:literal $(:: $arch:ident)? $(, $($settings:tt)*)?) => {{
        $crate::arch!($spec $(:: $arch)? as rows $(, $($settings)*)?);
        $crate::assert_rows!(rows)
    }};
    (zoo :: $spec:ident $(:: $arch:ident)? $(, $($settings:tt)*)?) => {{
        $crate::arch!(zoo::$spec $(:: $arch)? as rows $(, $($settings)*)?);
        $crate::assert_rows!(rows)
    }};
    ($($module:ident)::+) => {{
        let program = $crate::Program::from_bytes($($module)::+::PROGRAM);
        let program = program.expect("`arch!` of this same version wrote the program");
        $crate::testing::insta::with_settings!({ omit_expression => true }, {
            $crate::testing::insta::assert_snapshot!($crate::testing::rows(&program))
        })
    }};
}

/// Needs the feature `testing` of neckar.
#[cfg(not(feature = "testing"))]
#[macro_export]
macro_rules! assert_rows {
    ($($tokens:tt)*) => {
        ::core::compile_error!(
            "`assert_rows!` needs a feature: write `neckar = { …, features = [\"testing\"] }` in [dev-dependencies]"
        )
    };
}

#[cfg(test)]
mod tests {
    use neckar_spec::{Library, Lowering, Origin, compile, lower};

    use super::rows;

    fn rows_of(text: &str) -> String {
        let origin = Origin::Text { name: "test".into(), text: text.into(), folder: None };
        let library = Library::load(origin).expect("a text can be read");
        let checked = compile(library, None, &[]).checked.expect("the spec has no faults");
        rows(&lower(&checked, Lowering::default()))
    }

    #[test]
    fn nested_rows_and_lists() {
        let text = "block Half { input x  y = max_pool(x, kernel = 2, stride = 2)  output y }
            arch Two(c = 2) at H = 8, W = 4 {
                input x: [B, 3, H, W]  conv a: -> c (kernel = 1)  Half h
                z = h(a(x))  output maps: [z, small = max_pool(z, kernel = 2, stride = 2)]
            }";
        // 3·2 + 2 parameters.
        let expected = "arch Two (c = 2) at B = 1, H = 8, W = 4

inputs
x → [B, 3, H, W], here [1, 3, 8, 4]

rows
h.y → [B, 2, floor(H/2), floor(W/2)], here [1, 2, 4, 2]
z → [B, 2, floor(H/2), floor(W/2)], here [1, 2, 4, 2]

outputs
maps.z → [B, 2, floor(H/2), floor(W/2)], here [1, 2, 4, 2]
maps.small → [B, 2, floor(H/4), floor(W/4)], here [1, 2, 2, 1]

parameters: 8
";
        let found = rows_of(text);
        assert!(found.starts_with(expected), "{found}");
        assert_eq!(found.lines().count(), expected.lines().count() + 2, "{found}");
    }

    #[test]
    fn sizes_that_are_not_given_or_not_free() {
        let free = rows_of("arch Free { input x: [B, 3, H, W]  output y = relu(x) }");
        assert!(free.starts_with("arch Free\n") && free.contains("\ny → [B, 3, H, W]\n"), "{free}");
        let fixed = rows_of("arch Fixed { input x: [1, 3, 4, 4]  output y = relu(x) }");
        assert!(
            fixed.starts_with("arch Fixed\n") && fixed.ends_with("\ny → [1, 3, 4, 4]\n\nparameters: 0\n"),
            "{fixed}"
        );
    }
}
