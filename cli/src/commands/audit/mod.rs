//! `neckar audit`.

mod gates;
mod github;
mod report;
mod shape;
mod tables;

use neckar_spec::check::Checked;
use neckar_spec::size::Env;

use crate::arguments::{Audit, ReportFormat};
use crate::failure::{Exit, Failure};
use crate::files::write_text;
use crate::spec::SpecArgument;
use crate::terminal::Terminal;
use report::{Document, Finding, Report};
use tables::Style;

/// Audits each spec, whatever comes of the others, writes one report of all and exits with the worst that was found.
pub fn audit(arguments: &Audit, terminal: &Terminal) -> Result<(), Failure> {
    if arguments.format == ReportFormat::Github && arguments.output.is_some() {
        return Err(Failure::usage("GitHub reads annotations from the standard output; leave --output out"));
    }
    let mut worst = Exit::Clean;
    let mut reports = Vec::new();
    for spec in &arguments.specs {
        match audit_each(spec, arguments, terminal, &mut reports) {
            Ok(exit) => worst = worst.max(exit),
            Err(Failure::Closed) => return Err(Failure::Closed),
            Err(failure) => worst = worst.max(terminal.report(failure)),
        }
    }
    let document = Document::new(reports);
    let text = match arguments.format {
        ReportFormat::Text => tables::write(&document, Style::Terminal, terminal.is_verbose()),
        ReportFormat::Markdown => tables::write(&document, Style::Markdown, terminal.is_verbose()),
        ReportFormat::Json => document.json(),
        ReportFormat::Github => {
            github::summarise(&tables::write(&document, Style::Markdown, terminal.is_verbose()))?;
            github::annotations(&document)
        }
    };
    match &arguments.output {
        Some(path) => write_text(path, &text)?,
        None if arguments.format == ReportFormat::Text => terminal.print_unless_quiet(&text)?,
        None => terminal.print(&text)?,
    }
    if worst == Exit::Clean { Ok(()) } else { Err(Failure::Reported(worst)) }
}

fn audit_each(
    spec: &SpecArgument,
    arguments: &Audit,
    terminal: &Terminal,
    reports: &mut Vec<Report>,
) -> Result<Exit, Failure> {
    let mut worst = Exit::Clean;
    for spec in spec.each()? {
        let compiled = spec.compile(&arguments.settings.settings)?;
        let (exit, compilation) = (compiled.exit(), &compiled.compilation);
        let mut diagnostics = compilation.diagnostics.clone();
        diagnostics.extend(compilation.failed_expectations());
        let mut report = Report::new(&spec.text);
        if let Some(checked) = &compilation.checked {
            let sizes = sizes(checked, arguments)?;
            let audit = neckar_spec::audit::audit(checked, sizes.as_ref());
            diagnostics.extend(audit.warnings.iter().cloned());
            report.describe(checked, &audit, sizes.as_ref(), arguments.dialects)?;
            for finding in gates::exceeded(arguments, checked, &audit, sizes.as_ref())? {
                terminal.error(&format!("{}: {}", spec.text, finding.message));
                report.findings.push(finding);
            }
        }
        terminal.diagnostics(&compilation.sources, &diagnostics);
        let found = diagnostics.iter().map(|diagnostic| Finding::of(diagnostic, &compilation.sources));
        report.findings.splice(0..0, found);
        let failed = report.findings.iter().any(Finding::is_error);
        worst = worst.max(exit).max(if failed { Exit::Findings } else { Exit::Clean });
        reports.push(report);
    }
    Ok(worst)
}

/// The sizes of `--at` over those of the `at` clause, legal ones; none where a free size has no value.
fn sizes(checked: &Checked, arguments: &Audit) -> Result<Option<Env>, Failure> {
    let graph = checked.graph();
    let batches: Vec<&str> = graph
        .inputs
        .iter()
        .filter_map(|input| graph.node(input.node).shape.first()?.as_symbol())
        .map(|symbol| symbol.as_str())
        .collect();
    let mut env: Env = batches.iter().map(|&batch| (batch, 1)).collect();
    for (symbol, at) in &graph.symbols {
        at.map(|at| env.set(symbol.clone(), at));
    }
    for (i, (name, value)) in arguments.at.iter().enumerate() {
        let free = graph.symbols.iter().map(|(symbol, _)| symbol.as_str()).chain(batches.iter().copied());
        let free: Vec<&str> = free.collect();
        if !free.contains(&name.as_str()) {
            let message = format!("`{}` has no free size `{name}` for --at", graph.name);
            return Err(Failure::usage(match free.as_slice() {
                [] => format!("{message}; all its sizes are fixed"),
                free => format!("{message}; its free sizes are {}", free.join(", ")),
            }));
        }
        if arguments.at[..i].iter().any(|(other, _)| other == name) {
            return Err(Failure::usage(format!("`--at {name}` is given twice")));
        }
        env.set(name.as_str(), *value);
    }
    if graph.symbols.iter().any(|(symbol, _)| env.get(symbol.as_str()).is_none()) {
        return Ok(None);
    }
    match checked.legal().check(&env) {
        Ok(()) => Ok(Some(env)),
        Err(illegal) => Err(Failure::incomplete(format!("`{}`: {illegal}", graph.name))),
    }
}
