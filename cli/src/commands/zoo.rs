//! `neckar zoo`.

use neckar_spec::source::Sources;
use neckar_spec::syntax::ast::Parameter;
use neckar_spec::{Library, Origin, compile};

use super::check::grouped;
use crate::arguments::Zoo;
use crate::failure::Failure;
use crate::spec::no_such_spec;
use crate::terminal::Terminal;

/// Lists the zoo, or prints one of its specs.
pub fn zoo(arguments: &Zoo, terminal: &Terminal) -> Result<(), Failure> {
    if let Some(name) = &arguments.name {
        let name = name.strip_prefix("zoo::").unwrap_or(name);
        let text = neckar_spec::zoo::text(name).ok_or_else(|| Failure::usage(no_such_spec(name)))?;
        return terminal.print(text);
    }
    let mut text = String::new();
    for name in neckar_spec::zoo::names() {
        let library = Library::load(Origin::Zoo(name.to_owned()))?;
        for arch in library.archs() {
            let parameters: Vec<String> =
                arch.parameters.iter().map(|parameter| written(&library.sources, parameter)).collect();
            let head = terminal.strong(&format!("{name}::{}", arch.name.node));
            text += &format!("{head}({}): {}\n", parameters.join(", "), size(name, &arch.name.node));
            for line in arch.doc.lines().take(1) {
                text += &format!("    {line}\n");
            }
        }
    }
    terminal.print(&text)
}

/// What it holds with its defaults.
fn size(name: &str, arch: &str) -> String {
    let library = Library::load(Origin::Zoo(name.to_owned()));
    let checked = library.ok().and_then(|library| compile(library, Some(arch), &[]).checked);
    match checked {
        Some(checked) => format!("{} parameters", grouped(checked.graph().parameters(""))),
        None => "needs arguments".to_owned(),
    }
}

/// A parameter as its spec writes it: `fuse: Fuse = add`.
fn written(sources: &Sources, parameter: &Parameter) -> String {
    let mut text = parameter.name.node.clone();
    if let Some(ty) = &parameter.ty {
        text += &format!(": {}", sources.snippet(ty.span));
    }
    if let Some(default) = &parameter.default {
        text += &format!(" = {}", sources.snippet(default.span));
    }
    text
}
