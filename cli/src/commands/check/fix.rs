//! `neckar check --fix`.

use neckar_spec::diagnostics::FixScope;
use neckar_spec::fixes;

use crate::failure::Failure;
use crate::files::write_text;
use crate::spec::SpecArgument;
use crate::terminal::Terminal;

/// Applies the fixes of a spec's findings to its files, and says which.
pub fn fix(
    spec: &SpecArgument,
    settings: &[(String, String)],
    scope: FixScope,
    terminal: &Terminal,
) -> Result<(), Failure> {
    if spec.is_of_zoo() {
        let name = &spec.text;
        let message = format!("`{name}` belongs to the zoo, which `--fix` leaves alone; `neckar zoo {name}` prints it");
        return Err(Failure::usage(message));
    }
    // What cannot be read is said where it is checked.
    for spec in spec.networks().into_iter().flatten() {
        for file in fixes::fix(spec.library(settings)?, spec.arch.as_deref(), settings, scope)? {
            write_text(&file.path, &file.text)?;
            for (line, title) in &file.done {
                terminal.note(&format!("fixed {}:{line}: {title}", file.name));
            }
        }
    }
    Ok(())
}
