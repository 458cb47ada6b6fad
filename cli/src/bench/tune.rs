//! Measuring the algorithms of convolutions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ndarray::ArrayViewD;
use neckar::{Algorithm, ConvolutionSizes, Model, Numerics, Options, PlanDescription, Tuning, Weights};
use neckar_spec::Program;

use super::timing::{Repeats, Spread, repeat};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// For each convolution what each algorithm took, in milliseconds.
type Times = BTreeMap<ConvolutionSizes, BTreeMap<Algorithm, f64>>;

/// Measures every convolution of a network at sizes of its inputs by each algorithm that suits it. Each is measured in place,
/// in runs of the whole network by one algorithm: what lies in the caches is then what lies there in use. Runs of the
/// algorithms alternate.
pub fn tune(
    program: &Arc<Program>,
    weights: &Weights,
    options: &Options,
    shapes: &[(&str, &[usize])],
    inputs: &[ArrayViewD<f32>],
    repeats: Repeats,
    terminal: &Terminal,
) -> Result<Tuning, Failure> {
    if options.numerics == Numerics::Exact {
        return Err(Failure::usage("in exact numerics every convolution is direct, so there is nothing to tune"));
    }
    let forced = |algorithm| {
        let tuning = Some(Arc::new(Tuning::everywhere(algorithm)));
        Model::new(program.clone(), weights, Options { tuning, ..options.clone() })
    };
    let models = Algorithm::ALL.into_iter().map(forced).collect::<Result<Vec<_>, _>>()?;
    let mut sessions = models.iter().map(|model| model.session(shapes, None)).collect::<Result<Vec<_>, _>>()?;
    let mut outputs = sessions[0].empty_outputs();
    let mut outputs = outputs.views_mut();
    let rounds = repeat(repeats, "tuning", terminal, || {
        sessions.iter_mut().map(|session| session.run_profiled(inputs, &mut outputs)).collect::<Result<Vec<_>, _>>()
    })?;
    let times = times(&sessions[0].plan(), &rounds);
    Ok(Tuning::measured(models[0].instructions(), models[0].thread_count(), times))
}

/// The median of each convolution by each algorithm that suits it, of rounds in which each algorithm had a run. Convolutions
/// of equal sizes may stand in several places: then the mean of their medians.
fn times(plan: &PlanDescription, rounds: &[Vec<Vec<Duration>>]) -> Times {
    let mut medians: BTreeMap<ConvolutionSizes, BTreeMap<Algorithm, Vec<f64>>> = BTreeMap::new();
    for (at, part) in plan.parts.iter().enumerate() {
        let Some(sizes) = &part.convolution else { continue };
        for (session, algorithm) in Algorithm::ALL.into_iter().enumerate().filter(|(_, other)| other.suits(sizes)) {
            let median = Spread::of(rounds.iter().map(|profiles| profiles[session][at])).median_ms;
            medians.entry(sizes.clone()).or_default().entry(algorithm).or_default().push(median);
        }
    }
    let mean = |(algorithm, of): (Algorithm, Vec<f64>)| (algorithm, of.iter().sum::<f64>() / of.len() as f64);
    medians.into_iter().map(|(sizes, medians)| (sizes, medians.into_iter().map(mean).collect())).collect()
}
