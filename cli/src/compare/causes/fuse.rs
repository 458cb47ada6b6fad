//! Sums, weighted sums and concatenations of other operands, in another order, or with other weights.

use ndarray::{ArrayD, Axis};
use neckar_spec::program::{Epilogue, Instr, Normalise, Slot, WeightId};

use super::{Hypothesis, Part};
use crate::compare::part::Change;
use crate::compare::step::Step;

const SUM: &str = "the addition in `forward`: its operands, and whether it is made once";
const ORDER: &str = "the order of the operands, finest or coarsest first";
const WEIGHTS: &str =
    "how the fusion's weights are normalised (softmax, softplus, ReLU, divided by their sum), and its epsilon";

/// Operands whose orders are all tried; more have too many.
const MOST_PERMUTED: usize = 4;

/// Epsilons of fusions: BiFPN's, those of its ports, none.
const EPSILONS: [f32; 6] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 0.0];

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    match (&step.instr, step.epilogue.as_slice()) {
        (Instr::Elementwise, [Epilogue::Add { resize: None }, ..]) => sums(part, step),
        (Instr::WeightedSum { weight, normalise, eps }, []) => weighted(part, step, (*weight, *normalise, *eps)),
        (Instr::Concat { .. }, []) => {
            let way = |order: Vec<usize>| {
                let args = order.iter().map(|&at| step.args[at]).collect();
                let cause = format!("the reference joins the maps in the order {}", numbered(&order));
                Hypothesis::new(cause, ORDER, Change::step(step.with_args(args)))
            };
            orders(step.args.len()).into_iter().map(way).collect()
        }
        _ => Vec::new(),
    }
}

fn sums(part: &Part, step: &Step) -> Vec<Hypothesis> {
    let sum = |args: Vec<Slot>| {
        let epilogue = vec![Epilogue::Add { resize: None }; args.len() - 1];
        Change::step(Step::new(Instr::Elementwise, epilogue, args, step.out))
    };
    let mut ways = Vec::new();
    for (at, slot) in step.args.iter().enumerate() {
        let called = operand(part, *slot);
        let mut without = step.args.clone();
        without.remove(at);
        let twice = step.args.iter().chain([slot]).copied().collect();
        ways.push(Hypothesis::new(format!("the reference does not add {called}"), SUM, sum(without)));
        ways.push(Hypothesis::new(format!("the reference adds {called} twice"), SUM, sum(twice)));
    }
    let count = step.args.len() as f32;
    let mean = step.clone().after(move |y| y.mapv(|v| v / count));
    ways.push(Hypothesis::new("the reference takes the mean of the maps, the spec their sum", SUM, Change::step(mean)));
    if let &[first, second] = step.args.as_slice()
        && let Some(second) = part.tensor(second)
    {
        let second = second.clone();
        let binary = |cause: &str, join: fn(f32, f32) -> f32| {
            let second = second.clone();
            let map = move |x: &ArrayD<f32>| {
                let mut made = x.clone();
                made.zip_mut_with(&second, |a, b| *a = join(*a, *b));
                made
            };
            let step = Step::new(Instr::Elementwise, Vec::new(), vec![first], step.out).after(map);
            Hypothesis::new(cause, SUM, Change::step(step))
        };
        ways.push(binary("the reference takes the greater of the maps, the spec their sum", f32::max));
        ways.push(binary("the reference multiplies the maps, the spec adds them", |a, b| a * b));
        ways.push(binary("the reference subtracts the second map, the spec adds it", |a, b| a - b));
    }
    ways
}

fn weighted(part: &Part, step: &Step, own: (WeightId, Normalise, f32)) -> Vec<Hypothesis> {
    let (weight, spec, eps) = own;
    let count = step.args.len();
    let with = |normalise, eps| step.with_instr(Instr::WeightedSum { weight, normalise, eps });
    let named = |normalise| match normalise {
        Normalise::Softplus => "softplus, divided by the sum",
        Normalise::Relu => "ReLU, divided by the sum (fast-normalised)",
        Normalise::Softmax => "softmax",
    };
    let mut ways = Vec::new();
    for other in [Normalise::Relu, Normalise::Softplus, Normalise::Softmax] {
        let cause = format!("the reference normalises its weights by {}, the spec by {}", named(other), named(spec));
        // A fusion without an epsilon may be given one elsewhere.
        let own = if eps == 0.0 { 1e-4 } else { eps };
        let epsilons = if other == spec { Vec::new() } else { vec![own] };
        ways.extend(epsilons.into_iter().map(|eps| Hypothesis::new(&cause, WEIGHTS, Change::step(with(other, eps)))));
    }
    if spec != Normalise::Softmax {
        for other in EPSILONS.into_iter().filter(|other| *other != eps) {
            let cause = format!("the reference's fusion has eps {other:e}, the spec's {eps:e}");
            ways.push(Hypothesis::new(cause, WEIGHTS, Change::step(with(spec, other))));
        }
    }
    for order in orders(count) {
        let cause = format!("the reference gives the operands the weights in the order {}", numbered(&order));
        let reorder = move |w: &ArrayD<f32>| w.select(Axis(0), &order);
        ways.push(Hypothesis::new(cause, ORDER, Change::weight(weight, reorder)));
    }
    let own: Vec<f32> = part.weight(weight).iter().copied().collect();
    let maps: Option<Vec<_>> = step.args.iter().map(|slot| part.tensor(*slot).cloned()).collect();
    if let Some(maps) = maps {
        let plain = |shares: Vec<f32>| {
            let maps = maps.clone();
            let sum = move |x: &ArrayD<f32>| {
                let mut made = ArrayD::zeros(x.raw_dim());
                for (map, share) in maps.iter().zip(&shares) {
                    made.scaled_add(*share, map);
                }
                made
            };
            Change::step(step.replaced(sum))
        };
        ways.extend([
            Hypothesis::new("the reference does not normalise its weights", WEIGHTS, plain(own)),
            Hypothesis::new("the reference adds the maps without weights", WEIGHTS, plain(vec![1.0; count])),
            Hypothesis::new(
                "the reference takes the mean of the maps, without weights",
                WEIGHTS,
                plain(vec![1.0 / count as f32; count]),
            ),
        ]);
    }
    ways
}

/// An operand as a person knows it.
pub fn operand(part: &Part, slot: Slot) -> String {
    match part.network.row(slot) {
        Some(row) => format!("`{row}`"),
        None => part.network.called(slot),
    }
}

/// Every order of so many things but the first.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > MOST_PERMUTED {
        return vec![(0..count).rev().collect()];
    }
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: Vec<usize>| {
            let left = (0..count).filter(|at| !order.contains(at)).collect::<Vec<_>>();
            left.into_iter().map(move |at| order.iter().copied().chain([at]).collect())
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    orders.remove(0);
    orders
}

/// `2, 1, 3`, counted from 1.
fn numbered(order: &[usize]) -> String {
    order.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
}
