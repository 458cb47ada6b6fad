//! `neckar compare`.

mod causes;
mod judge;
mod network;
mod part;
mod report;
mod side;
mod step;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

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
use network::{Network, Tensor};
use side::{RunSide, Side};

/// `neckar compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The spec
    pub spec: SpecArgument,

    /// A run: `exact`, `fast`, `cuda:0`, `threads:1`, `fuse=add`, or several of these with commas
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

/// A tensor on both sides.
struct Pair<'a> {
    slot: Slot,
    name: &'a str,
    own: Tensor,
    theirs: Tensor,
    /// Difference relative to the reference by Euclidean norms; NaN where the shapes differ.
    relative: f64,
}

impl Pair<'_> {
    /// Whether it differs by more than is allowed.
    fn differs(&self, tolerance: f64) -> bool {
        self.relative.is_nan() || self.relative > tolerance
    }
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
    let own = network(arguments, run, &bundle, terminal)?;
    let second = match other {
        Side::Bundle(_) => None,
        Side::Run(other) => Some(network(arguments, other, &bundle, terminal)?),
    };
    let theirs = second.as_ref().map_or(bundle, Network::named);
    let names = own.names();
    let pairs = pairs(&own, &names, &theirs);
    if pairs.is_empty() {
        let known: Vec<&str> = names.keys().take(6).map(String::as_str).collect();
        let message = format!("`{}` holds no tensor of `{}`", other.name(), own.program.name);
        return Err(Failure::incomplete(format!("{message}; expected names such as {}", known.join(", "))));
    }
    let tolerance = arguments.tolerance;
    terminal.print_unless_quiet(&report::table(&pairs, &run.text, &other.name(), tolerance))?;
    let unknown: Vec<&str> = theirs.keys().map(String::as_str).filter(|name| !names.contains_key(*name)).collect();
    if !unknown.is_empty() {
        terminal.note(&report::unknown(&unknown, &other.name()));
    }
    if !pairs.iter().any(|pair| pair.differs(tolerance)) {
        terminal.note(&report::agreement(&pairs, tolerance));
        return Ok(());
    }
    match &second {
        Some(second) => report::two_runs(&own, second, &pairs, tolerance, [&run.text, &other.name()], terminal),
        None => report::verdict(&judge::judge(&own, &pairs, tolerance), &pairs, tolerance, terminal),
    }
    Err(Failure::Reported(Exit::Findings))
}

/// What both sides hold, in the order in which the network makes it, a map of several names once where it is one map.
fn pairs<'a>(
    network: &Network,
    names: &BTreeMap<String, Vec<Slot>>,
    theirs: &'a BTreeMap<String, Tensor>,
) -> Vec<Pair<'a>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (name, theirs) in theirs {
        let held = names.get(name).into_iter().flatten();
        let held: Vec<_> = held.filter_map(|slot| Some((*slot, network.tensors.get(slot)?))).collect();
        let suiting = held.iter().find(|(_, own)| own.shape() == theirs.shape());
        let Some(&(slot, own)) = suiting.or(held.first()) else { continue };
        // The reference's own inputs are what the network runs on, where no others are given.
        if network.is_input(slot) && own == theirs {
            continue;
        }
        let relative = if own.shape() == theirs.shape() { error(own, theirs) } else { f64::NAN };
        pairs.push(Pair { slot, name, own: own.clone(), theirs: theirs.clone(), relative });
    }
    pairs.sort_by_key(|pair| (pair.slot, pair.name.matches('.').count(), pair.name));
    pairs.dedup_by(|next, first| next.slot == first.slot && next.theirs == first.theirs);
    pairs
}

fn read_bundle(path: &Path) -> Result<BTreeMap<String, Tensor>, Failure> {
    let tensors = read_tensors(path)?;
    let named = tensors.into_iter().map(|(name, array)| {
        let reason = "its array has no name; give tensors as .safetensors or .npz";
        name.map(|name| (name, Rc::new(array))).ok_or_else(|| Failure::unreadable(path, reason))
    });
    named.collect()
}

/// The network with every step's tensor. Inputs that a bundle holds are taken where none are given.
fn network(
    arguments: &Compare,
    run: &RunSide,
    bundle: &BTreeMap<String, Tensor>,
    terminal: &Terminal,
) -> Result<Network, Failure> {
    let settings: Vec<_> = arguments.settings.settings.iter().chain(&run.settings).cloned().collect();
    let checked = arguments.spec.checked(&settings, terminal)?;
    let program = lower(&checked, Lowering { unfused: true, keep_rows: true });
    let weights = arguments.weights.load(&program, terminal)?;
    let held =
        program.inputs.iter().map(|input| bundle.get(&input.name).map(|array| (input.name.clone(), (**array).clone())));
    let inputs = match held.collect::<Option<Vec<_>>>() {
        Some(held) if !arguments.input.is_given() => held,
        _ => arguments.input.gather(arguments.weights.seed, checked.at().as_ref(), &program, terminal)?.arrays,
    };
    let options = Options { device: run.device, numerics: run.numerics, threads: run.threads, ..Options::default() };
    Network::run(&program, &weights, &inputs, options)
}

/// The difference of two tensors of one shape relative to the second, by Euclidean norms.
fn error(own: &ArrayD<f32>, theirs: &ArrayD<f32>) -> f64 {
    let norm = |squares: &mut dyn Iterator<Item = f64>| squares.sum::<f64>().sqrt();
    let difference = norm(&mut own.iter().zip(theirs).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)));
    if difference == 0.0 { 0.0 } else { difference / norm(&mut theirs.iter().map(|&b| f64::from(b).powi(2))) }
}
