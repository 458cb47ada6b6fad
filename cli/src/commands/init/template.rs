//! The files of a new crate.

use std::path::Path;

use neckar_codegen::{field_name, struct_name};
use neckar_spec::check::Checked;
use neckar_spec::size::{Env, Size, shape_text};
use neckar_spec::{Library, Lowering, Origin, compile, lower, zoo};

use super::install::File;
use crate::commands::check::grouped;
use crate::failure::Failure;
use crate::spec::no_such_spec;

/// The spec of a new crate.
#[derive(Debug)]
pub struct Neck {
    /// Its path in the crate.
    path: String,
    text: String,
    checked: Checked,
    at: Env,
}

impl Neck {
    /// A pyramid to begin with.
    pub fn first() -> Result<Neck, Failure> {
        Neck::of("neck", include_str!("template/neck.arch"))
    }

    /// A spec of the zoo.
    pub fn of_zoo(name: &str) -> Result<Neck, Failure> {
        let name = name.strip_prefix("zoo::").unwrap_or(name);
        let text = zoo::text(name).filter(|_| zoo::names().any(|known| known == name));
        Neck::of(name, text.ok_or_else(|| Failure::usage(no_such_spec(name)))?)
    }

    fn of(stem: &str, text: &str) -> Result<Neck, Failure> {
        let path = format!("necks/{stem}.arch");
        let library = Library::load(Origin::Text { name: path.clone(), text: text.to_owned(), folder: None })?;
        let compilation = compile(library, None, &[]);
        let whole = compilation.checked.and_then(|checked| checked.at().map(|at| (checked, at)));
        let (checked, at) = whole.ok_or_else(|| {
            Failure::incomplete(format!("`{stem}` needs parameters or sizes, and makes no crate without them"))
        })?;
        Ok(Neck { path, text: text.to_owned(), checked, at })
    }

    /// What the crate holds, by the paths from its root.
    pub fn files(&self, name: &str, neckar: &Path, has_workspace: bool) -> Result<Vec<File>, Failure> {
        let neckar = neckar.to_str().ok_or_else(|| Failure::unreadable(neckar, "its path is not UTF-8"))?;
        let neckar = toml::Value::from(neckar).to_string();
        let workspace = if has_workspace { "\n[workspace]\n" } else { "" };
        let manifest = include_str!("template/Cargo.toml.in").replace("{name}", name).replace("{neckar}", &neckar);
        let rows = neckar::testing::rows(&lower(&self.checked, Lowering::default()));
        let files = [
            (".gitignore", include_str!("template/gitignore").to_owned()),
            ("Cargo.toml", manifest + workspace),
            (self.path.as_str(), self.text.clone()),
            ("neckar.toml", self.placed(include_str!("template/neckar.toml.in")).replace("{bounds}\n", &self.bounds())),
            ("src/main.rs", self.main()),
            ("tests/rows.rs", self.placed(include_str!("template/rows.rs.in"))),
            // As insta writes it.
            ("tests/snapshots/rows__rows.snap", format!("---\nsource: tests/rows.rs\n---\n{rows}")),
        ];
        Ok(files.map(|(path, text)| (path.into(), text)).into())
    }

    fn placed(&self, template: &str) -> String {
        template.replace("{spec}", &self.path)
    }

    fn main(&self) -> String {
        let graph = self.checked.graph();
        let lines = |lines: Vec<String>| lines.join("\n");
        let arrays = graph.inputs.iter().map(|input| {
            let sizes: Vec<String> = self.here(&graph.node(input.node).shape);
            format!("    let {} = Array::zeros(({}));", field_name(&input.name), sizes.join(", "))
        });
        let inputs = graph.inputs.iter().map(|input| {
            let field = field_name(&input.name);
            format!("        {field}: (&{field}).try_into()?,")
        });
        let prints = graph.outputs.iter().map(|output| {
            let name = output.full_name();
            let fields: Vec<String> = name.split('.').map(field_name).collect();
            format!("    println!(\"{name} {{:?}}\", outputs.{}.sizes());", fields.join("."))
        });
        self.placed(include_str!("template/main.rs.in"))
            .replace("{Network}", &struct_name(&graph.name))
            .replace("{module}", &field_name(&graph.name))
            .replace("{arrays}", &lines(arrays.collect()))
            .replace("{inputs}", &lines(inputs.collect()))
            .replace("{prints}", &lines(prints.collect()))
    }

    /// What the network is as it stands, as the bounds of a gate.
    fn bounds(&self) -> String {
        let graph = self.checked.graph();
        let audit = neckar_spec::audit::audit(&self.checked, Some(&self.at));
        let at = graph.symbols.iter().filter_map(|(symbol, at)| Some(format!("{symbol} = {}", (*at)?)));
        let at: Vec<String> = at.collect();
        let mut lines = String::new();
        if !at.is_empty() {
            lines += &format!("at = {{ {} }}\n", at.join(", "));
        }
        if let Some(macs) = audit.total.macs {
            lines += &format!("max-macs = {}\n", grouped(macs));
        }
        lines += &format!("max-params = {}\n", grouped(audit.total.parameters));
        let shapes = graph.outputs.iter().map(|output| {
            let shape = shape_text(&graph.node(output.node).shape, self.checked.legal());
            format!("{} = {}", toml_key(&output.full_name()), toml::Value::from(shape))
        });
        lines + &format!("\n[gate.assert-shape]\n{}\n", shapes.collect::<Vec<_>>().join("\n"))
    }

    fn here(&self, shape: &[Size]) -> Vec<String> {
        shape.iter().map(|size| size.eval(&self.at).map_or_else(|| size.to_string(), |n| n.to_string())).collect()
    }
}

/// A key that is quoted where it has to be: a member of a list is called `list.member`.
fn toml_key(name: &str) -> String {
    let is_bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { name.to_owned() } else { toml::Value::from(name).to_string() }
}
