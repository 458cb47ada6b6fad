//! Which algorithms the plans of a model may choose from, so that packed weights keep within a bound.

use neckar_spec::program::{Instr, Program};
use neckar_spec::size::{Env, Size};

use crate::cpu::{Algorithm, ConvolutionSizes, Packed, PackedNetwork};
use crate::plan::{Network, Plan, Reach, Work};
use crate::{Error, Options, Tuning};

/// The size that stands for one that a spec leaves open: the least legal one from here on.
const USUAL: i64 = 224;

/// Sizes that are tried for it.
const TRIED: i64 = 256;

/// What a form of a convolution's weights saves, in the unit of [`Algorithm::cost`], and the bytes that it takes.
#[derive(Clone, Copy, Debug)]
struct Form {
    algorithm: Algorithm,
    saved: f64,
    bytes: usize,
}

/// For each site the algorithms that may compute it, direct convolution first; none for other instructions.
pub(super) fn all(network: &Network, packed: &PackedNetwork, options: &Options) -> Vec<Vec<Algorithm>> {
    let sites = network.sites.iter().enumerate();
    let algorithms = sites.map(|(index, site)| match (&site.instr, packed.weights(index)) {
        (Instr::Conv(conv), Packed::Conv(_)) => {
            let mut algorithms = Algorithm::candidates(conv, options.numerics);
            if let Some(tuning) = &options.tuning {
                tuning.narrow(&mut algorithms);
            }
            algorithms
        }
        _ => Vec::new(),
    });
    algorithms.collect()
}

/// Leaves of the algorithms those whose weights fit into so many bytes together: of each convolution the direct one and at
/// most one other. What saves the most time a byte comes first, at the spec's own sizes and not at those of some run, so that
/// all models of a program give the same results whatever they ran before.
///
/// # Errors
/// Where not even the weights of direct convolutions fit.
pub(super) fn keep_within(
    bound: usize,
    program: &Program,
    network: &Network,
    packed: &PackedNetwork,
    tuning: Option<&Tuning>,
    algorithms: &mut [Vec<Algorithm>],
) -> Result<(), Error> {
    let least = packed.bytes();
    let Some(left) = bound.checked_sub(least) else {
        return Err(Error::Unsupported(format!(
            "the packed weights of `{}` take at least {least} bytes, and `max_packed_bytes` is {bound}; allow {least} or more",
            program.name
        )));
    };
    let forms = forms(program, network, packed, tuning, algorithms);
    let kept = choose(left, &forms);
    for (site, algorithms) in packed.sites.iter().zip(algorithms) {
        algorithms.retain(|algorithm| *algorithm == Algorithm::Direct || kept[site.group] == Some(*algorithm));
    }
    Ok(())
}

/// For each group of sites that share their weights the forms that save time.
fn forms(
    program: &Program,
    network: &Network,
    packed: &PackedNetwork,
    tuning: Option<&Tuning>,
    algorithms: &[Vec<Algorithm>],
) -> Vec<Vec<Form>> {
    let mut forms: Vec<Vec<Form>> = packed.groups.iter().map(|_| Vec::new()).collect();
    let outputs = program.outputs.iter().zip(&network.outputs);
    let wanted = outputs.map(|(output, &value)| (output.name.clone(), value)).collect();
    let plan = usual_shapes(program).and_then(|shapes| Plan::new(network, &shapes, wanted, Reach::Arrays).ok());
    let steps = plan.iter().flat_map(|plan| plan.steps.iter().map(move |step| (plan, step)));
    for (plan, step) in steps {
        let (instr, weights) = (&network.sites[step.site].instr, packed.weights(step.site));
        let (Instr::Conv(conv), Packed::Conv(weights), Work::Site { args, .. }) = (instr, weights, &step.work) else {
            continue;
        };
        let sizes = ConvolutionSizes::new(conv, [args[0], step.out].map(|value| plan.dims(value)));
        let direct = Algorithm::Direct.cost(&sizes, tuning);
        for &algorithm in &algorithms[step.site] {
            let Some(products) = algorithm.products() else { continue };
            // A site that it would not serve takes the direct one.
            let saved = (direct - algorithm.cost(&sizes, tuning)).max(0.0);
            let group = &mut forms[packed.sites[step.site].group];
            match group.iter_mut().find(|form| form.algorithm == algorithm) {
                Some(form) => form.saved += saved,
                None => group.push(Form { algorithm, saved, bytes: weights.filter_bytes(products) }),
            }
        }
    }
    forms
}

/// For each group the form that it gets: step by step what saves the most for each byte that it takes more.
fn choose(mut left: usize, forms: &[Vec<Form>]) -> Vec<Option<Algorithm>> {
    let mut chosen: Vec<Option<Form>> = vec![None; forms.len()];
    loop {
        let steps = forms.iter().enumerate().flat_map(|(group, forms)| forms.iter().map(move |form| (group, *form)));
        let gains = steps.filter_map(|(group, form)| {
            let (saved, bytes) = chosen[group].map_or((0.0, 0), |form| (form.saved, form.bytes));
            let more = form.bytes.saturating_sub(bytes);
            let gain = (form.saved - saved) / more.max(1) as f64;
            (form.saved > saved && more <= left).then_some((gain, group, form))
        });
        // Of equal ones the first.
        let Some((_, group, form)) = gains.reduce(|best, next| if next.0 > best.0 { next } else { best }) else {
            return chosen.into_iter().map(|form| form.map(|form| form.algorithm)).collect();
        };
        left = left + chosen[group].map_or(0, |form| form.bytes) - form.bytes;
        chosen[group] = Some(form);
    }
}

/// Shapes of the inputs at the sizes of the `at` clause, one picture each; for sizes that it leaves open the first legal ones
/// from [`USUAL`] on. None where there are no such.
fn usual_shapes(program: &Program) -> Option<Vec<Vec<usize>>> {
    let batches = program.inputs.iter().filter_map(|input| input.shape.first()?.as_symbol());
    let mut env: Env = batches.map(|batch| (batch.as_str(), 1)).collect();
    (USUAL..USUAL + TRIED).find_map(|open| {
        for free in &program.symbols {
            env.set(free.symbol.clone(), free.at.unwrap_or(open));
        }
        let size = |size: &Size| size.eval(&env).and_then(|n| usize::try_from(n).ok());
        let shapes = || program.inputs.iter().map(|input| input.shape.iter().map(size).collect()).collect();
        program.legal.allows(&env).then(shapes)?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_saved_for_a_byte_comes_first() {
        let form = |algorithm, saved, bytes| Form { algorithm, saved, bytes };
        use Algorithm::{Winograd2, Winograd4, Winograd6};
        let forms = [
            vec![form(Winograd2, 60.0, 20), form(Winograd4, 80.0, 40), form(Winograd6, 70.0, 70)],
            vec![],
            vec![form(Winograd2, 10.0, 20), form(Winograd4, 12.0, 40)],
            vec![form(Winograd2, 0.0, 1)],
        ];
        let chosen = |left| choose(left, &forms);
        assert_eq!(chosen(19), [None; 4]);
        assert_eq!(chosen(20), [Some(Winograd2), None, None, None]);
        assert_eq!(chosen(40), [Some(Winograd4), None, None, None]);
        assert_eq!(chosen(60), [Some(Winograd4), None, Some(Winograd2), None]);
        assert_eq!(chosen(usize::MAX), [Some(Winograd4), None, Some(Winograd4), None]);
    }
}
