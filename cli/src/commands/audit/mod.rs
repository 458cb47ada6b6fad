//! `neckar audit`.

mod gates;
mod github;
mod plan;
mod report;
mod shape;
mod subject;
mod tables;

use std::path::Path;
use std::rc::Rc;

use neckar_spec::diagnostics::{Diagnostic, Severity};

use crate::arguments::{Audit, ReportFormat};
use crate::config::{Config, Configs, Gate, Policy};
use crate::failure::{Exit, Failure};
use crate::files::write_text;
use crate::sheet::Style;
use crate::spec::SpecArgument;
use crate::terminal::Terminal;
use report::{Document, Finding, Report};
use subject::{Examined, Subject};

/// Audits each spec, or what the gates of neckar.toml are about, whatever comes of the others; writes one report of all and
/// exits with the worst that was found.
pub fn audit(arguments: &Audit, terminal: &Terminal) -> Result<(), Failure> {
    if arguments.format == ReportFormat::Github && arguments.output.is_some() {
        return Err(Failure::usage("GitHub reads annotations from the standard output; leave --output out"));
    }
    let mut configs = Configs::default();
    let mut reports = Vec::new();
    let worst = if arguments.specs.is_empty() {
        let config = gated(arguments, &mut configs)?;
        let policy = Policy::new(Some(&config), arguments.fail_on);
        terminal.worst(config.gates.iter().flat_map(|gate| match gate.networks() {
            Ok(networks) => {
                let subjects = networks.iter().map(|spec| Subject::gated(spec, gate));
                subjects.map(|subject| report(&subject, &[], &policy, arguments, terminal, &mut reports)).collect()
            }
            Err(failure) => vec![Err(gate.blamed(failure))],
        }))?
    } else {
        terminal.worst(arguments.specs.iter().flat_map(SpecArgument::networks).map(|spec| {
            let spec = spec?;
            let config = configs.of(&spec)?;
            let gates = config.iter().flat_map(|config| &config.gates).filter(|gate| gate.is_about(&spec));
            let policy = Policy::new(config.as_deref(), arguments.fail_on);
            let subject = Subject::asked(&spec, arguments);
            report(&subject, &gates.collect::<Vec<_>>(), &policy, arguments, terminal, &mut reports)
        }))?
    };
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
    worst.ended()
}

/// The nearest neckar.toml from the current folder on, for its gates.
fn gated(arguments: &Audit, configs: &mut Configs) -> Result<Rc<Config>, Failure> {
    let Audit { settings, at, bounds, .. } = arguments;
    if !settings.settings.is_empty() || !at.is_empty() || !bounds.is_empty() {
        let message = "parameters, sizes and bounds are of a SPEC; without one the gates of neckar.toml state them";
        return Err(Failure::usage(message));
    }
    let Some(config) = configs.above(Path::new("."))? else {
        return Err(Failure::usage(
            "give a SPEC: there is no neckar.toml, in this folder or above, whose gates name any",
        ));
    };
    if config.gates.is_empty() {
        return Err(Failure::usage(format!("give a SPEC: `{}` has no `[[gate]]`", config.name)));
    }
    Ok(config)
}

/// Adds the report of a network, which is also held to gates of its own parameters and sizes.
fn report(
    subject: &Subject,
    gates: &[&Gate],
    policy: &Policy,
    arguments: &Audit,
    terminal: &Terminal,
    reports: &mut Vec<Report>,
) -> Result<Exit, Failure> {
    let name = &subject.spec.text;
    let Examined { compiled, audit, mut exceeded } = subject.examine()?;
    let compilation = &compiled.compilation;
    let mut report = Report::new(name);
    let mut found = compilation.diagnostics.clone();
    found.extend(compilation.failed_expectations());
    let mut misused = compiled.is_misused();
    if let (Some(checked), Some((audit, sizes))) = (&compilation.checked, &audit) {
        report.describe(checked, audit, sizes.as_ref(), arguments)?;
        for gate in gates {
            let held = Subject::gated(subject.spec, gate).examine()?;
            misused |= held.compiled.is_misused();
            exceeded.extend(held.exceeded);
            exceeded.extend(held.compiled.compilation.diagnostics.iter().find(is_error).map(|diagnostic| {
                let message = format!("with the gate's parameters: {}", diagnostic.message);
                Finding { place: Some((&gate.place).into()), ..Finding::gate(diagnostic.code.as_str(), message) }
            }));
        }
    }
    let found = policy.judge(found);
    terminal.diagnostics(&compilation.sources, &found);
    for finding in &exceeded {
        let place = finding.place.as_ref().map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
        terminal.error(&format!("{}{name}: {}", place.unwrap_or_default(), finding.message));
    }
    let worst =
        found.iter().map(|diagnostic| diagnostic.severity).chain(exceeded.first().map(|_| Severity::Error)).max();
    report.findings.extend(found.iter().map(|diagnostic| Finding::of(diagnostic, &compilation.sources)));
    report.findings.extend(exceeded);
    reports.push(report);
    if !misused {
        return Ok(policy.exit(worst));
    }
    if let Some(gate) = subject.gate {
        terminal.error(&format!("{}: `{name}` does not take the gate's parameters", gate.place));
    }
    Ok(Exit::Usage)
}

fn is_error(diagnostic: &&Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}
