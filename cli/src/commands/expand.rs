//! `neckar expand`.

use crate::arguments::Expand;
use crate::failure::Failure;
use crate::spec::{Compiled, Root};
use crate::terminal::Terminal;

/// Prints the module that `arch!` makes of a spec.
pub fn expand(arguments: &Expand, terminal: &Terminal) -> Result<(), Failure> {
    let Expand { spec, settings, name } = arguments;
    let library = spec.library(&settings.settings)?;
    let arch = spec.arch.as_deref();
    let root = Root::of(&library, arch);
    let tokens = match neckar_codegen::expand_spec(library, arch, &settings.settings, name.as_deref()) {
        Ok(tokens) => tokens,
        Err(compilation) => {
            let compiled = Compiled::new(compilation, root);
            terminal.diagnostics(&compiled.compilation.sources, &compiled.compilation.diagnostics);
            return Err(Failure::Reported(compiled.exit()));
        }
    };
    let file = syn::parse2(tokens).map_err(|error| {
        Failure::incomplete(format!("the module of `{}` is not Rust, a fault of neckar: {error}", spec.text))
    })?;
    terminal.print(&prettyplease::unparse(&file))
}
