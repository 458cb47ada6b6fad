//! `neckar expand`.

use crate::arguments::Expand;
use crate::failure::Failure;
use crate::spec::Compiled;
use crate::terminal::Terminal;

/// Prints the module that `arch!` makes of a spec.
pub fn expand(arguments: &Expand, terminal: &Terminal) -> Result<(), Failure> {
    let Expand { spec, settings, name } = arguments;
    let library = spec.library(&settings.settings)?;
    let has_archs = library.archs().next().is_some();
    let arch = spec.arch.as_deref();
    let tokens = match neckar_codegen::expand_spec(library, arch, &settings.settings, name.as_deref()) {
        Ok(tokens) => tokens,
        Err(compilation) => {
            terminal.diagnostics(&compilation.sources, &compilation.diagnostics);
            return Err(Failure::Reported(Compiled { compilation, has_archs }.exit()));
        }
    };
    let file = syn::parse2(tokens).map_err(|error| {
        Failure::incomplete(format!("the module of `{}` is not Rust, a fault of neckar: {error}", spec.text))
    })?;
    terminal.print(&prettyplease::unparse(&file))
}
