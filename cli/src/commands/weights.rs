//! `neckar weights`.

use std::path::{Path, PathBuf};

use neckar_spec::checkpoint::{self, Header, HeaderError, Report};
use neckar_spec::{Lowering, Program, lower};

use crate::arguments::{Weights, WeightsCheck, WeightsInit, WeightsMap};
use crate::commands::check::grouped;
use crate::failure::{Exit, Failure};
use crate::files::{Format, Target, write_tensors, write_text};
use crate::terminal::Terminal;
use crate::weights::read_names;

/// Makes, checks and maps files of weights.
pub fn weights(arguments: &Weights, terminal: &Terminal) -> Result<(), Failure> {
    match arguments {
        Weights::Init(arguments) => init(arguments, terminal),
        Weights::Check(arguments) => check(arguments, terminal),
        Weights::Map(arguments) => map(arguments, terminal),
    }
}

fn init(arguments: &WeightsInit, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let program = lower(&checked, Lowering::default());
    let drawn = neckar::Weights::init(&program, arguments.seed);
    let path = arguments.out.clone();
    let path = path.unwrap_or_else(|| PathBuf::from(format!("{}.safetensors", arguments.spec.stem())));
    let target = Target { path, format: Format::Safetensors };
    write_tensors(&target, drawn.iter())?;
    let parameters = grouped(checked.graph().parameters(""));
    let (tensors, seed, path) = (program.weights.len(), arguments.seed, target.path.display());
    terminal.note(&format!("`{path}` holds {tensors} tensors, {parameters} parameters, of seed {seed}"));
    Ok(())
}

fn check(arguments: &WeightsCheck, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let program = lower(&checked, Lowering::default());
    let header = header(&arguments.file)?;
    let table = arguments.map.as_deref().map(read_names).transpose()?.unwrap_or_default();
    let names = program.weights.iter().map(|weight| weight.name.as_str());
    let report = checkpoint::match_names(&program, &table.rename(names, header.tensors));
    terminal.print_unless_quiet(&summary(&program, &report, &arguments.file))?;
    let problems = report.problems(arguments.allow_unused);
    for problem in &problems {
        terminal.error(problem);
    }
    for cause in &report.causes {
        terminal.warning(cause);
    }
    if report.suits(arguments.allow_unused) { Ok(()) } else { Err(Failure::Reported(Exit::Findings)) }
}

/// How many tensors found their places.
fn summary(program: &Program, report: &Report, file: &Path) -> String {
    let counts = [
        ("missing", report.missing.len()),
        ("misshaped", report.misshaped.len()),
        ("of a type that is not read", report.unreadable.len()),
        ("unused", report.unused.len()),
        ("ignored", report.ignored.len()),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!(", {count} {what}"));
    let (applied, all) = (report.applied.len(), program.weights.len());
    format!(
        "{}: {applied} of {all} weights of `{}` applied{}\n",
        file.display(),
        program.name,
        counts.collect::<String>()
    )
}

fn map(arguments: &WeightsMap, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let program = lower(&checked, Lowering::default());
    let proposal = checkpoint::propose(&program, &header(&arguments.file)?.tensors);
    let file = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!(
        "# The names of `{}` (left) in `{file}` (right); `*` stands for the same on both sides.\n",
        program.name
    );
    for name in &proposal.open {
        text.push_str(&format!("# no tensor of its shape is left for {name}\n"));
    }
    for (name, others) in &proposal.doubtful {
        text.push_str(&format!("# {name} may as well be {}\n", others.join(", ")));
    }
    text.push_str(&proposal.table.to_string());
    match &arguments.out {
        Some(path) => {
            write_text(path, &text)?;
            let (path, rules) = (path.display(), proposal.table.rules.len());
            terminal.note(&format!("`{path}` holds {rules} rules; read them, then give it as `--map {path}`"));
        }
        None => terminal.print(&text)?,
    }
    for name in &proposal.open {
        terminal.error(&format!("`{name}`: the file has no tensor of its shape left"));
    }
    if proposal.open.is_empty() { Ok(()) } else { Err(Failure::Reported(Exit::Findings)) }
}

fn header(path: &Path) -> Result<Header, Failure> {
    Header::read(path).map_err(|error: HeaderError| Failure::unreadable(path, error))
}
