//! `neckar run`.

mod inputs;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use neckar::{Model, Options, Outputs, Weights};
use neckar_spec::check::Checked;
use neckar_spec::{Lowering, Program, lower};

use crate::arguments::Run;
use crate::failure::Failure;
use crate::files::{Format, Target, write_picture, write_tensors};
use crate::picture::{Caption, mosaic};
use crate::terminal::Terminal;
pub use inputs::{InputArguments, Inputs};

/// Runs a network, writes what was asked for, and shows its rows and outputs.
pub fn run(arguments: &Run, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let program = Arc::new(lower(&checked, Lowering::default()));
    let inputs = arguments.input.gather(arguments.weights.seed, checked.at().as_ref(), &program, terminal)?;
    let weights = arguments.weights.load(&program, terminal)?;
    let options = arguments.execution.options()?;
    // Every row's tensor comes from a model of its own.
    let again = arguments.rows.as_ref().map(|target| (target, weights.clone()));
    let model = Model::new(program.clone(), weights, options.clone())?;

    let shapes: Vec<(&str, &[usize])> = inputs.arrays.iter().map(|(name, array)| (&**name, array.shape())).collect();
    let wanted: Option<Vec<&str>> =
        arguments.outputs.as_ref().map(|names| names.iter().map(|name| name.trim()).collect());
    let mut session = model.session(&shapes, wanted.as_deref())?;
    let targets = targets(arguments, session.outputs().len())?;
    let ordered = inputs.ordered(&program);
    let mut outputs = session.empty_outputs();
    // The first run also pays for memory that nobody touched yet.
    session.run_into(&ordered, &mut outputs.views_mut())?;
    let times = session.run_profiled(&ordered, &mut outputs.views_mut())?;

    // Files first: they are whole even where nobody reads the tables to their end.
    warn_of_odd_values(&outputs, terminal);
    for target in &targets {
        match target.format {
            Format::Png => {
                let caption = caption(arguments, &program);
                write_picture(&target.path, &mosaic(&caption, inputs.picture.as_ref(), &outputs))?;
                terminal.note(&format!("the outputs are shown in `{}`", target.path.display()));
            }
            _ => {
                write_tensors(target, outputs.iter().map(|(name, array)| (name, array.view())))?;
                terminal.note(&format!("the outputs are in `{}`", target.path.display()));
            }
        }
    }
    if let Some((target, weights)) = again {
        let rows = every_row(&checked, weights, options, &inputs)?;
        write_tensors(target, rows.iter().map(|(name, array)| (name.as_str(), array.view())))?;
        terminal.note(&format!("the tensors of {} rows are in `{}`", rows.len(), target.path.display()));
    }

    let plan = session.plan();
    let profile = table::Profile { plan: &plan, times: &times };
    let rows = table::Rows { checked: &checked, program: &program, inputs: &inputs, profile };
    terminal.print_unless_quiet(&rows.table(terminal.is_verbose()))?;
    terminal.print_unless_quiet(&table::outputs(&outputs))?;
    let figures = profile.figures(session.peak_bytes());
    terminal.print_unless_quiet(&format!("\n{figures}\n"))?;
    if terminal.is_verbose() {
        terminal.print(&profile.steps())?;
    }
    Ok(())
}

/// The files to be written; with a picture for input and no file named, a picture in the current folder.
fn targets(arguments: &Run, outputs: usize) -> Result<Vec<Target>, Failure> {
    if arguments.out.is_empty() && arguments.input.image.is_some() {
        let path = PathBuf::from(format!("neckar-{}.png", arguments.spec.stem()));
        return Ok(vec![Target::picture(path)]);
    }
    if let Some(npy) = arguments.out.iter().find(|target| target.format == Format::Npy)
        && outputs != 1
    {
        return Err(Failure::usage(format!(
            "`{}` holds one tensor and there are {outputs} outputs; write .npz or .safetensors, or choose with --outputs",
            npy.path.display()
        )));
    }
    Ok(arguments.out.clone())
}

/// Every row's tensor. The program is lowered again so that none is fused away.
fn every_row(
    checked: &Checked,
    weights: Weights,
    options: Options,
    inputs: &Inputs,
) -> Result<Vec<(String, ArrayD<f32>)>, Failure> {
    let program = Arc::new(lower(checked, Lowering { keep_rows: true, ..Lowering::default() }));
    let arrays: Vec<(&str, ArrayViewD<f32>)> =
        inputs.arrays.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
    Ok(Model::new(program, weights, options)?.rows(&arrays)?)
}

fn warn_of_odd_values(outputs: &Outputs, terminal: &Terminal) {
    for (name, array) in outputs.iter() {
        let odd = array.iter().filter(|x| !x.is_finite()).count();
        if odd > 0 {
            terminal.warning(&format!("output `{name}` holds NaN or infinity in {odd} of {} elements", array.len()));
        }
    }
}

fn caption(arguments: &Run, program: &Program) -> Caption {
    let weights = match &arguments.weights.file {
        Some(path) => format!("weights {}", path.file_name().unwrap_or_default().to_string_lossy()),
        None if program.weights.is_empty() => "no weights".to_owned(),
        None => format!("untrained weights, seed {}", arguments.weights.seed),
    };
    let settings = arguments.settings.settings.iter().map(|(name, value)| format!(", {name} = {value}"));
    Caption { title: format!("{}{}", program.name, settings.collect::<String>()), weights }
}
