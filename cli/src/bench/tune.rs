//! Measuring the algorithms of convolutions.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::ArrayViewD;
use neckar::{Algorithm, ConvolutionSizes, Model, Numerics, Options, Tuning, Weights};
use neckar_spec::Program;

use super::timing::{Repeats, Spread, repeat};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Measures every convolution of a network at sizes of its inputs by each algorithm that suits it. Each is measured in place, in runs of the
/// whole network by one algorithm: what lies in the caches is then what lies there in use. Runs of the algorithms alternate.
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
    // Convolutions of equal sizes stand in several places; their times are averaged.
    let mut times: BTreeMap<ConvolutionSizes, BTreeMap<Algorithm, Vec<f64>>> = BTreeMap::new();
    let plan = sessions[0].plan();
    for (at, part) in plan.parts.iter().enumerate() {
        let Some(sizes) = &part.convolution else { continue };
        for (session, algorithm) in Algorithm::ALL.into_iter().enumerate().filter(|(_, other)| other.suits(sizes)) {
            let median = Spread::of(rounds.iter().map(|profiles| profiles[session][at])).median_ms;
            times.entry(sizes.clone()).or_default().entry(algorithm).or_default().push(median);
        }
    }
    let mean = |(algorithm, times): (Algorithm, Vec<f64>)| (algorithm, times.iter().sum::<f64>() / times.len() as f64);
    let times = times.into_iter().map(|(sizes, times)| (sizes, times.into_iter().map(mean).collect()));
    Ok(Tuning::measured(models[0].instructions(), models[0].thread_count(), times))
}
