//! The steps that lead to one tensor from those that are known, and what they would give had something been different.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ndarray::ArrayD;
use neckar_spec::program::{Slot, WeightId};

use super::network::{Network, Tensor};
use super::step::{Map, Step};

/// The steps between known tensors and a target, run as the spec has them.
pub struct Part<'n> {
    pub network: &'n Network,
    /// In the order in which they run.
    pub steps: Vec<Step>,
    pub target: Slot,
    /// What the reference gives of the network, and of its inputs what was given to it.
    pub known: &'n BTreeMap<Slot, Tensor>,
    made: BTreeMap<Slot, Tensor>,
}

/// What may have been different.
#[derive(Clone, Default)]
pub struct Change {
    /// Steps by what they make.
    pub steps: BTreeMap<Slot, Step>,
    /// What is done to weights.
    pub weights: BTreeMap<WeightId, Map>,
    /// Tensors in place of what the network has.
    pub tensors: BTreeMap<Slot, Tensor>,
}

impl Change {
    /// Another step in the place of one.
    pub fn step(step: Step) -> Change {
        Change::steps([step])
    }

    /// Other steps in the place of some.
    pub fn steps<const N: usize>(steps: [Step; N]) -> Change {
        Change { steps: steps.map(|step| (step.out, step)).into(), ..Change::default() }
    }

    /// A weight of which something is made.
    pub fn weight(weight: WeightId, map: impl Fn(&ArrayD<f32>) -> ArrayD<f32> + 'static) -> Change {
        Change { weights: BTreeMap::from([(weight, Rc::new(map) as Map)]), ..Change::default() }
    }

    /// Another tensor in a slot.
    pub fn tensor(slot: Slot, tensor: ArrayD<f32>) -> Change {
        Change { tensors: BTreeMap::from([(slot, Rc::new(tensor))]), ..Change::default() }
    }

    /// Both.
    pub fn and(mut self, other: Change) -> Change {
        self.steps.extend(other.steps);
        self.weights.extend(other.weights);
        self.tensors.extend(other.tensors);
        self
    }
}

impl<'n> Part<'n> {
    /// The steps that lead to `target`, a step's tensor or an input, from what is known before it; none where they cannot be run.
    pub fn new(network: &'n Network, target: Slot, known: &'n BTreeMap<Slot, Tensor>) -> Option<Part<'n>> {
        let mut needed = BTreeSet::from([target]);
        let mut steps = Vec::new();
        for step in network.steps.iter().rev().filter(|step| step.out <= target) {
            if needed.contains(&step.out) && (step.out == target || !known.contains_key(&step.out)) {
                needed.extend(&step.args);
                steps.push(step.clone());
            }
        }
        steps.reverse();
        let mut part = Part { network, steps, target, known, made: BTreeMap::new() };
        part.made = part.run(&Change::default(), true)?;
        if let (true, Some(input)) = (network.is_input(target), network.tensors.get(&target)) {
            part.made.insert(target, input.clone());
        }
        Some(part)
    }

    /// A tensor that the part reads or makes.
    pub fn tensor(&self, slot: Slot) -> Option<&Tensor> {
        self.made.get(&slot).or_else(|| self.known.get(&slot)).or_else(|| self.network.tensors.get(&slot))
    }

    /// What the spec's steps make of what is known.
    pub fn own(&self) -> &Tensor {
        &self.made[&self.target]
    }

    /// The target's tensor with something changed; none where the change does not suit or does not concern it.
    pub fn with(&self, change: &Change) -> Option<Tensor> {
        self.run(change, false)?.remove(&self.target)
    }

    /// The step that makes a slot, where it is one of the part's.
    pub fn maker(&self, slot: Slot) -> Option<&Step> {
        self.steps.iter().find(|step| step.out == slot)
    }

    /// A weight of the network.
    pub fn weight(&self, weight: WeightId) -> &Tensor {
        &self.network.weights[weight as usize]
    }

    /// Runs what a change concerns, or all, and gives what was made.
    fn run(&self, change: &Change, all: bool) -> Option<BTreeMap<Slot, Tensor>> {
        let mut made = change.tensors.clone();
        for own in &self.steps {
            if change.tensors.contains_key(&own.out) {
                continue;
            }
            let step = change.steps.get(&own.out).unwrap_or(own);
            let concerned = change.steps.contains_key(&own.out)
                || step.args.iter().any(|arg| made.contains_key(arg))
                || step.weights().iter().any(|weight| change.weights.contains_key(weight));
            if !all && !concerned {
                continue;
            }
            let operand = |slot: &Slot| made.get(slot).or_else(|| self.tensor(*slot)).cloned();
            let args: Vec<Tensor> = step.args.iter().map(operand).collect::<Option<_>>()?;
            let weight = |id: WeightId| match change.weights.get(&id) {
                Some(map) => Rc::new(map(self.weight(id))),
                None => self.weight(id).clone(),
            };
            let network = self.network;
            made.insert(own.out, Rc::new(step.run(&network.program, weight, &args, &network.options)?));
        }
        Some(made)
    }
}
