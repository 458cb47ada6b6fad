//! `neckar check`.

mod fix;

use neckar_spec::check::Checked;
use neckar_spec::diagnostics::Code;
use neckar_spec::graph::ScopeId;

use crate::arguments::Check;
use crate::config::{Config, Configs, Policy};
use crate::failure::{Exit, Failure};
use crate::spec::SpecArgument;
use crate::terminal::Terminal;

/// Checks each spec, whatever comes of the others, and exits with the worst that was found.
pub fn check(arguments: &Check, terminal: &Terminal) -> Result<(), Failure> {
    let mut codes = Vec::new();
    let mut configs = Configs::default();
    let settings = &arguments.settings.settings;
    let networks = arguments.specs.iter().flat_map(|spec| {
        match arguments.fix.map_or(Ok(()), |fix| fix::fix(spec, settings, fix.into(), terminal)) {
            Ok(()) => spec.networks(),
            Err(failure) => vec![Err(failure)],
        }
    });
    let worst = terminal.worst(networks.map(|spec| {
        let spec = spec?;
        let config = configs.of(&spec)?;
        check_one(&spec, arguments, config.as_deref(), &mut codes, terminal)
    }))?;
    if let Some(code) = codes.first() {
        terminal.note(&format!("`neckar explain {code}` tells more"));
    }
    worst.ended()
}

/// Checks a network, and adds the codes of what is found.
fn check_one(
    spec: &SpecArgument,
    arguments: &Check,
    config: Option<&Config>,
    codes: &mut Vec<Code>,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let policy = Policy::new(config, arguments.fail_on);
    let compiled = spec.compile(&arguments.settings.settings)?;
    let compilation = &compiled.compilation;
    let failed = compilation.failed_expectations();
    let found = policy.judge([compilation.diagnostics.as_slice(), &failed].concat());
    terminal.diagnostics(&compilation.sources, &found);
    codes.extend(found.iter().map(|diagnostic| diagnostic.code));
    if let Some(checked) = &compilation.checked {
        let summary = summary(checked, failed.len());
        terminal.print_unless_quiet(&format!("{}: {summary}\n", terminal.strong(&spec.text)))?;
    }
    let worst = found.iter().map(|diagnostic| diagnostic.severity).max();
    Ok(if compiled.is_misused() { Exit::Usage } else { policy.exit(worst) })
}

/// `Fpn, 12 rows, 3_344_384 parameters; H mod 8 in {0}; W mod 8 in {0}; 2 of 2 expectations hold`.
fn summary(checked: &Checked, failed: usize) -> String {
    let graph = checked.graph();
    let rows = graph.rows.iter().filter(|row| row.scope == ScopeId(0)).count();
    let mut parts = vec![format!(
        "{}, {rows} row{}, {} parameters",
        graph.name,
        if rows == 1 { "" } else { "s" },
        grouped(graph.parameters(""))
    )];
    parts.extend(checked.legal().describe_with_examples());
    let count = graph.expectations.len();
    if count > 0 {
        parts.push(format!("{} of {count} expectations hold", count - failed));
    }
    parts.join("; ")
}

/// `3_344_384`, as the language writes numbers.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn groups_of_three() {
        let cases = [(0, "0"), (999, "999"), (1000, "1_000"), (25_557_032, "25_557_032"), (653_312, "653_312")];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
    }
}
