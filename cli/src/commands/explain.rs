//! `neckar explain`.

use neckar_spec::diagnostics::{Code, find_code, page};

use crate::arguments::Explain;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Lists the codes, or explains one.
pub fn explain(arguments: &Explain, terminal: &Terminal) -> Result<(), Failure> {
    let Some(text) = &arguments.code else {
        let line = |code: &Code| format!("{}  {}\n", terminal.strong(code.as_str()), code.summary());
        return terminal.print(&Code::ALL.iter().map(line).collect::<String>());
    };
    let code = find_code(text).map_err(|near| Failure::usage(no_such_code(text, &near)))?;
    let (heading, body) = page(code).split_once('\n').unwrap_or((page(code), ""));
    terminal.print(&format!("{}\n{body}", terminal.strong(heading)))
}

/// Why a text names no code, and what was meant.
fn no_such_code(text: &str, near: &[Code]) -> String {
    let near: Vec<String> = near.iter().map(|code| format!("`{code}`")).collect();
    let hint = match near.split_last() {
        Some((last, [])) => format!("did you mean {last}?"),
        Some((last, others)) => format!("did you mean {} or {last}?", others.join(", ")),
        None => "`neckar explain` lists them".to_owned(),
    };
    format!("there is no code `{text}`; {hint}")
}
