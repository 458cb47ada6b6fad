//! A network with the tensor of every step, by the names that a bundle may hold it under.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use neckar::{Model, Options, Weights};
use neckar_spec::Program;
use neckar_spec::program::{Epilogue, Instr, Output, Slot, Step as ProgramStep, WeightId};

use super::step::Step;
use crate::failure::Failure;
use crate::files::Distinct;

/// A tensor that is shared, not copied.
pub type Tensor = Rc<ArrayD<f32>>;

/// A network that has been run, each operator of the spec a step.
pub struct Network {
    /// The program, with one body.
    pub program: Program,
    /// Its steps, in the order in which they run.
    pub steps: Vec<Step>,
    /// Its weights, in the order of the program.
    pub weights: Vec<Tensor>,
    /// What each slot holds.
    pub tensors: BTreeMap<Slot, Tensor>,
    /// How it was run.
    pub options: Options,
    rows: Vec<(String, Slot)>,
}

impl Network {
    /// Runs a program that was lowered without fusing, and keeps every step's tensor.
    pub fn run(
        program: &Program,
        weights: &Weights,
        inputs: &[(String, ArrayD<f32>)],
        options: Options,
    ) -> Result<Network, Failure> {
        let (program, rows) = program.inlined_with_rows();
        let steps: Vec<Step> = program.entry().steps.iter().filter_map(step).collect();
        let mut kept = program.clone();
        kept.bodies[0].outputs = steps.iter().map(|step| step.out).collect();
        kept.outputs = steps.iter().map(|step| Output { name: step.out.to_string(), shape: Vec::new() }).collect();
        let views: Vec<(&str, ArrayViewD<f32>)> =
            inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
        let outputs = Model::new(Arc::new(kept), weights, options.clone())?.run(&views)?;
        let given = program.inputs.iter().zip(0..).filter_map(|(input, slot)| {
            let (_, array) = inputs.iter().find(|(name, _)| *name == input.name)?;
            Some((slot, Rc::new(array.clone())))
        });
        let mut tensors: BTreeMap<Slot, Tensor> = given.collect();
        tensors.extend(steps.iter().zip(outputs).map(|(step, (_, array))| (step.out, Rc::new(array))));
        let weights = weights.iter().map(|(_, array)| Rc::new(array.to_owned())).collect();
        Ok(Network { program, steps, weights, tensors, options, rows })
    }

    /// Whether a slot is an input of the network.
    pub fn is_input(&self, slot: Slot) -> bool {
        (slot as usize) < self.program.inputs.len()
    }

    /// What a bundle may call each slot: its inputs, rows and outputs, and what the modules of layers with weights give, by
    /// their checkpoint names. What is made again has a number behind its name. A name may stand for several, the likeliest
    /// first: `fpn.P3` is a member of the output `fpn` and a row of the block `fpn`.
    pub fn names(&self) -> BTreeMap<String, Vec<Slot>> {
        let mut names: BTreeMap<String, Vec<Slot>> = BTreeMap::new();
        let mut add = |name: String, slot: Slot| names.entry(name).or_default().push(slot);
        for (input, slot) in self.program.inputs.iter().zip(0..) {
            add(input.name.clone(), slot);
        }
        let mut rows = Distinct::default();
        self.rows.iter().for_each(|(row, slot)| add(rows.name(row), *slot));
        let outputs = self.program.outputs.iter().zip(&self.program.entry().outputs);
        outputs.for_each(|(output, slot)| add(output.name.clone(), *slot));
        let mut modules = Distinct::default();
        for step in &self.steps {
            if let Some(module) = self.module(step) {
                add(modules.name(module), step.out);
            }
        }
        names
    }

    /// Every tensor by its likeliest names.
    pub fn named(&self) -> BTreeMap<String, Tensor> {
        let named = self.names().into_iter();
        named.filter_map(|(name, slots)| Some((name, self.tensors.get(slots.first()?)?.clone()))).collect()
    }

    /// The checkpoint name of the layer whose weights a step uses.
    pub fn module(&self, step: &Step) -> Option<&str> {
        let weight = self.weight_name(*step.weights().first()?);
        weight.rsplit_once('.').map(|(module, _)| module)
    }

    /// A weight's checkpoint name.
    pub fn weight_name(&self, weight: WeightId) -> &str {
        &self.program.weights[weight as usize].name
    }

    /// The row that a slot is, by the shortest of its names.
    pub fn row(&self, slot: Slot) -> Option<&str> {
        let names = self.rows.iter().filter(|(_, own)| *own == slot).map(|(name, _)| name.as_str());
        names.min_by_key(|name| (name.matches('.').count(), name.len()))
    }

    /// A step as a person knows it: by its layer, its row, or what it does in the row that it is part of.
    pub fn called(&self, out: Slot) -> String {
        let Some(at) = self.steps.iter().position(|step| step.out == out) else {
            let input = self.program.inputs.get(out as usize);
            return input.map_or_else(String::new, |input| format!("input `{}`", input.name));
        };
        let step = &self.steps[at];
        if let Some(module) = self.module(step) {
            return format!("`{module}`");
        }
        let what = match (&step.instr, step.epilogue.as_slice()) {
            (Instr::Elementwise, [Epilogue::Activation(_)]) => "the activation",
            (Instr::Elementwise, [Epilogue::Add { .. }, ..]) => "the sum",
            (Instr::Resize(_), _) => "the resizing",
            (Instr::Pool(_) | Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. }, _) => "the pooling",
            (Instr::Concat { .. }, _) => "the concatenation",
            (Instr::Multiply, _) => "the product",
            (Instr::Mean { .. }, _) => "the mean",
            (Instr::Slice(_), _) => "the slice",
            (Instr::Permute { .. }, _) => "the permutation",
            (Instr::Softmax, _) => "the softmax",
            (Instr::PixelShuffle { .. } | Instr::ChannelShuffle { .. }, _) => "the shuffle",
            (Instr::Reassemble { .. }, _) => "the reassembly",
            (Instr::Flatten, _) => "the flattening",
            (Instr::L2Normalize { .. }, _) => "the division by the norm",
            _ => "a step",
        };
        let row = self.steps[at..].iter().find_map(|step| self.row(step.out));
        row.map_or_else(|| what.to_owned(), |row| format!("{what} in `{row}`"))
    }
}

fn step(step: &ProgramStep) -> Option<Step> {
    let ProgramStep::Run { instr, args, epilogue, out, .. } = step else { return None };
    Some(Step::new(instr.clone(), epilogue.clone(), args.clone(), *out))
}
