//! `neckar bench`.

mod report;
mod table;
mod timing;
mod tune;

use std::path::Path;
use std::sync::Arc;

use neckar::{Model, Numerics, Tuning};
use neckar_spec::check::Checked;
use neckar_spec::size::{Env, Size};
use neckar_spec::{Lowering, lower};

use crate::accounts::{Account, accounts};
use crate::arguments::{Bench, BenchFormat};
use crate::failure::Failure;
use crate::files::write_text;
use crate::sizes;
use crate::terminal::Terminal;
use report::{Measured, Report, SCHEMA_VERSION, Start};
use timing::{Repeats, milliseconds, repeat, time};
use tune::tune;

/// Times a network.
pub fn bench(arguments: &Bench, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let program = Arc::new(lower(&checked, Lowering::default()));
    let sizes = sizes(arguments, &checked)?;
    let inputs = arguments.input.gather(arguments.weights.seed, sizes.as_ref(), &program, terminal)?;
    let shapes: Vec<(&str, &[usize])> = inputs.arrays.iter().map(|(name, array)| (&**name, array.shape())).collect();

    let (weights, weights_time) = time(|| arguments.weights.load(&program, terminal))?;
    let repeats = Repeats { runs: arguments.runs as usize, seconds: arguments.seconds };
    let ordered = inputs.ordered(&program);
    let mut options = arguments.execution.options()?;
    if let Some(algorithm) = arguments.algorithm {
        options.tuning = Some(Arc::new(Tuning::everywhere(algorithm.into())));
    }
    if let Some(path) = &arguments.tune {
        let tuning = tune(&program, &weights, &options, &shapes, &ordered, repeats, terminal)?;
        write_tuning(path, &tuning, terminal)?;
        options.tuning = Some(Arc::new(tuning));
    }
    let (model, pack_time) = time(|| Model::new(program.clone(), weights, options))?;
    let (mut session, plan_time) = time(|| model.session(&shapes, None))?;
    let mut outputs = session.empty_outputs();
    let mut views = outputs.views_mut();
    let ((), first_time) = time(|| session.run_into(&ordered, &mut views))?;

    let runs = repeat(repeats, "whole network", terminal, || {
        time(|| session.run_into(&ordered, &mut views)).map(|((), time)| time)
    })?;
    let profiles = repeat(repeats, "row by row", terminal, || session.run_profiled(&ordered, &mut views))?;

    let plan = session.plan();
    let measured = Measured { plan: &plan, profiles: &profiles, peak_gflops: model.measure_peak() };
    let env = inputs.sizes(&program);
    let report = Report {
        schema_version: SCHEMA_VERSION,
        spec: arguments.spec.text.clone(),
        network: program.name.clone(),
        settings: program.settings.iter().cloned().collect(),
        inputs: shapes.iter().map(|&(name, shape)| (name.to_owned(), shape.to_vec())).collect(),
        threads: model.thread_count(),
        numerics: match model.options().numerics {
            Numerics::Fast => "fast",
            Numerics::Exact => "exact",
        },
        instruction_set: model.instructions().to_string(),
        peak_gflops: measured.peak_gflops,
        runs: runs.len(),
        whole: measured.whole(&runs),
        profiled_runs: profiles.len(),
        start: Start {
            weights_ms: milliseconds(weights_time),
            pack_ms: milliseconds(pack_time),
            plan_ms: milliseconds(plan_time),
            first_run_ms: milliseconds(first_time),
        },
        session_bytes: session.peak_bytes(),
        arena_bytes: plan.arena_bytes,
        packed_bytes: model.packed_bytes(),
        rows: measured.rows(&accounts(&checked, &program, &plan), |account| shape(&checked, account, &env)),
        steps: measured.steps(),
    };
    let text = match arguments.format {
        BenchFormat::Text => table::write(&report, terminal.is_verbose()),
        BenchFormat::Json => report.json(),
    };
    match &arguments.out {
        Some(path) => write_text(path, &text),
        None if arguments.format == BenchFormat::Text => terminal.print_unless_quiet(&text),
        None => terminal.print(&text),
    }
}

/// Writes what was measured for `--tuning`.
fn write_tuning(path: &Path, tuning: &Tuning, terminal: &Terminal) -> Result<(), Failure> {
    let text = tuning.to_json().expect("a measured tuning has a file");
    write_text(path, &text)?;
    let (path, count) = (path.display(), tuning.convolutions().len());
    terminal
        .note(&format!("`{path}` holds the fastest algorithms of {count} convolutions; give it as `--tuning {path}`"));
    Ok(())
}

/// The shape of a row's map at sizes of the inputs.
fn shape(checked: &Checked, account: &Account, sizes: &Env) -> Vec<usize> {
    let shape = &checked.graph().node(account.row.node).shape;
    let size = |size: &Size| size.eval(sizes).and_then(|n| usize::try_from(n).ok());
    shape.iter().map(|n| size(n).unwrap_or(0)).collect()
}

/// The sizes and the batch that the command line and the spec give; none are needed where inputs are read.
fn sizes(arguments: &Bench, checked: &Checked) -> Result<Option<Env>, Failure> {
    if arguments.input.is_read() {
        return Ok(None);
    }
    let mut asked = arguments.at.clone();
    if let Some(batch) = arguments.batch {
        let batches = sizes::batches(checked);
        if batches.is_empty() {
            return Err(Failure::usage(format!("`{}` has a fixed batch; leave --batch out", checked.graph().name)));
        }
        asked.extend(batches.into_iter().map(|symbol| (symbol.to_owned(), i64::from(batch))));
    }
    sizes::at(checked, &asked)?.map(Some).ok_or_else(|| sizes::missing(checked, "bench"))
}
