//! `neckar compare`.

mod causes;
mod probe;
mod resample;
mod side;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use ndarray::ArrayD;
use neckar::Options;
use neckar_spec::program::Slot;
use neckar_spec::{Lowering, lower};

use crate::arguments::Settings;
use crate::failure::{Exit, Failure};
use crate::files::read_tensors;
use crate::run::InputArguments;
use crate::spec::SpecArgument;
use crate::terminal::Terminal;
use crate::weights::WeightsArguments;
use probe::Probe;
use side::{RunSide, Side};

/// `neckar compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The spec
    pub spec: SpecArgument,

    /// A run: `exact`, `fast`, `cuda:0`, `fuse=add`, or several of these with commas
    #[arg(value_name = "A")]
    pub first: Side,

    /// Another run, or the tensors of a reference: a .safetensors or .npz file
    #[arg(value_name = "B")]
    pub second: Side,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub weights: WeightsArguments,
    #[command(flatten)]
    pub input: InputArguments,

    /// Relative error above which a row counts as different
    #[arg(long, value_name = "E", default_value_t = 1e-4)]
    pub tolerance: f64,
}

/// A row on both sides.
struct Row {
    name: String,
    own: Vec<usize>,
    theirs: Vec<usize>,
    /// Greatest difference of two numbers.
    greatest: f64,
    /// Difference relative to the reference, by Euclidean norms.
    relative: f64,
}

/// Compares two runs, or a run and a reference, row by row.
pub fn compare(arguments: &Compare, terminal: &Terminal) -> Result<(), Failure> {
    let (run, other) = match (&arguments.first, &arguments.second) {
        (Side::Run(run), other) | (other, Side::Run(run)) => (run, other),
        (Side::Bundle(_), Side::Bundle(_)) => {
            return Err(Failure::usage("both sides are files; one has to be a run, such as `exact`"));
        }
    };
    let bundle = match other {
        Side::Bundle(path) => read_bundle(path)?,
        Side::Run(_) => BTreeMap::new(),
    };
    let probe = probe(arguments, run, &bundle, terminal)?;
    let theirs: BTreeMap<String, ArrayD<f32>> = match other {
        Side::Bundle(_) => bundle,
        Side::Run(other) => {
            let probe = self::probe(arguments, other, &BTreeMap::new(), terminal)?;
            let named = probe.names().into_iter();
            named.filter_map(|(name, slot)| Some((name, probe.tensors.get(&slot)?.clone()))).collect()
        }
    };
    let names = probe.names();
    let mut pairs: Vec<(Slot, &str, &ArrayD<f32>)> = theirs
        .iter()
        .filter_map(|(name, theirs)| Some((*names.get(name)?, name.as_str(), theirs)))
        .filter(|(slot, _, _)| *slot >= probe.program.inputs.len() as Slot)
        .collect();
    // In the order in which the network makes them.
    pairs.sort_by_key(|(slot, name, _)| (probe.maker(*slot), *name));
    pairs.dedup_by_key(|(slot, _, _)| *slot);
    if pairs.is_empty() {
        let known: Vec<&str> = names.keys().take(6).map(String::as_str).collect();
        let message = format!("`{}` holds no tensor of `{}`", other.name(), probe.program.name);
        return Err(Failure::incomplete(format!("{message}; expected names such as {}", known.join(", "))));
    }
    let rows: Vec<Row> = pairs.iter().map(|(slot, name, theirs)| row(name, &probe.tensors[slot], theirs)).collect();
    let differs = |row: &Row| row.own != row.theirs || row.relative.is_nan() || row.relative > arguments.tolerance;
    terminal.print_unless_quiet(&table::rows(&rows, &run.text, &other.name(), differs))?;
    let unknown = theirs.keys().filter(|name| !names.contains_key(*name)).count();
    if unknown > 0 {
        terminal.note(&format!("{unknown} tensors of `{}` have names that the network lacks", other.name()));
    }
    let Some(first) = rows.iter().position(differs) else {
        let worst = rows.iter().map(|row| row.relative).fold(0.0, f64::max);
        terminal.note(&format!(
            "{} rows agree within {:e}; the worst is off by {worst:.1e}",
            rows.len(),
            arguments.tolerance
        ));
        return Ok(());
    };
    let agreed: BTreeSet<Slot> = pairs[..first].iter().map(|(slot, _, _)| *slot).collect();
    let (slot, name, theirs) = pairs[first];
    let cause = causes::cause(&probe, slot, theirs, &agreed, arguments.tolerance);
    let cause = cause.unwrap_or_else(|| "none of the usual ones gives the reference's tensor".to_owned());
    terminal.error(&format!("`{name}` is the first row that differs\nlikely cause: {cause}"));
    Err(Failure::Reported(Exit::Findings))
}

fn read_bundle(path: &Path) -> Result<BTreeMap<String, ArrayD<f32>>, Failure> {
    let tensors = read_tensors(path)?;
    let named = tensors.into_iter().map(|(name, array)| {
        let reason = "its array has no name; give tensors as .safetensors or .npz";
        name.map(|name| (name, array)).ok_or_else(|| Failure::unreadable(path, reason))
    });
    named.collect()
}

/// The network with every step's tensor. Inputs that a bundle holds are taken where none are given.
fn probe(
    arguments: &Compare,
    run: &RunSide,
    bundle: &BTreeMap<String, ArrayD<f32>>,
    terminal: &Terminal,
) -> Result<Probe, Failure> {
    let settings: Vec<_> = arguments.settings.settings.iter().chain(&run.settings).cloned().collect();
    let checked = arguments.spec.checked(&settings, terminal)?;
    let program = lower(&checked, Lowering { unfused: true, ..Lowering::default() });
    let weights = arguments.weights.load(&program, terminal)?;
    let held =
        program.inputs.iter().map(|input| bundle.get(&input.name).map(|array| (input.name.clone(), array.clone())));
    let inputs = match held.collect::<Option<Vec<_>>>() {
        Some(held) if !arguments.input.is_given() => held,
        _ => arguments.input.gather(arguments.weights.seed, checked.at().as_ref(), &program, terminal)?.arrays,
    };
    let options = Options { device: run.device, numerics: run.numerics, ..Options::default() };
    Probe::run(&program, weights, &inputs, options)
}

fn row(name: &str, own: &ArrayD<f32>, theirs: &ArrayD<f32>) -> Row {
    let same = own.shape() == theirs.shape();
    let differences = own.iter().zip(theirs).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    Row {
        name: name.to_owned(),
        own: own.shape().to_vec(),
        theirs: theirs.shape().to_vec(),
        greatest: if same { differences.fold(0.0, f64::max) } else { f64::NAN },
        relative: if same { error(own, theirs) } else { f64::NAN },
    }
}

/// The difference of two tensors of one shape relative to the second, by Euclidean norms.
fn error(own: &ArrayD<f32>, theirs: &ArrayD<f32>) -> f64 {
    let norm = |squares: &mut dyn Iterator<Item = f64>| squares.sum::<f64>().sqrt();
    let difference = norm(&mut own.iter().zip(theirs).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)));
    if difference == 0.0 { 0.0 } else { difference / norm(&mut theirs.iter().map(|&b| f64::from(b).powi(2))) }
}
