//! Every step of a network by itself: its tensor, and what would have come of a step had something been different.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use neckar::{Model, Options, Weights};
use neckar_spec::Program;
use neckar_spec::program::{Body, Epilogue, Input, Instr, Output, Slot, Step, WeightId};
use neckar_spec::size::{Size, decide};

use crate::failure::Failure;

/// A network with the tensor of every step.
pub struct Probe {
    /// The program, unfused and inlined.
    pub program: Program,
    /// Its weights.
    pub weights: Weights,
    /// The tensors of all slots.
    pub tensors: BTreeMap<Slot, ArrayD<f32>>,
    options: Options,
}

/// A step as it is, or changed.
#[derive(Clone, Debug)]
pub struct Changed {
    pub instr: Instr,
    pub epilogue: Vec<Epilogue>,
    pub args: Vec<Slot>,
    /// Weights with other values.
    pub weights: Vec<(WeightId, ArrayD<f32>)>,
}

impl Probe {
    /// Runs a program, lowered without fusing, and keeps every step's tensor.
    pub fn run(
        program: &Program,
        weights: Weights,
        inputs: &[(String, ArrayD<f32>)],
        options: Options,
    ) -> Result<Probe, Failure> {
        let program = program.inlined();
        let mut probed = program.clone();
        let body = &mut probed.bodies[0];
        let outs: Vec<Slot> = body.steps.iter().filter_map(out).collect();
        body.outputs = outs.clone();
        probed.outputs = outs.iter().map(|slot| Output { name: slot.to_string(), shape: Vec::new() }).collect();
        let model = Model::new(Arc::new(probed), &weights, options)?;
        let views: Vec<(&str, ArrayViewD<f32>)> =
            inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
        let outputs = model.run(&views)?;
        let mut tensors: BTreeMap<Slot, ArrayD<f32>> = BTreeMap::new();
        for (slot, input) in program.inputs.iter().enumerate() {
            if let Some((_, array)) = inputs.iter().find(|(name, _)| *name == input.name) {
                tensors.insert(slot as Slot, array.clone());
            }
        }
        tensors.extend(outs.iter().zip(outputs.iter()).map(|(&slot, (_, array))| (slot, array.clone())));
        Ok(Probe { program, weights, tensors, options })
    }

    /// The steps, in the order in which they run.
    pub fn steps(&self) -> &[Step] {
        &self.program.bodies[0].steps
    }

    /// The step that makes a slot.
    pub fn maker(&self, slot: Slot) -> Option<usize> {
        self.steps().iter().position(|step| out(step) == Some(slot))
    }

    /// What bundles may call each slot: the row, the outputs, and the module of a layer by its checkpoint name.
    pub fn names(&self) -> BTreeMap<String, Slot> {
        let mut names = BTreeMap::new();
        for step in self.steps() {
            let Step::Run { instr, epilogue, out, row, .. } = step else { continue };
            if let Some(weight) = weight_of(instr, epilogue) {
                let name = &self.program.weights[weight as usize].name;
                if let Some((module, _)) = name.rsplit_once('.') {
                    names.entry(module.to_owned()).or_insert(*out);
                }
            }
            if let Some(row) = row {
                names.insert(row.clone(), *out);
            }
        }
        for (output, &slot) in self.program.outputs.iter().zip(&self.program.bodies[0].outputs) {
            names.insert(output.name.clone(), slot);
        }
        for (slot, input) in self.program.inputs.iter().enumerate() {
            names.insert(input.name.clone(), slot as Slot);
        }
        names
    }

    /// A step as it is.
    pub fn step(&self, at: usize) -> Option<Changed> {
        match &self.steps()[at] {
            Step::Run { instr, args, epilogue, .. } => Some(Changed {
                instr: instr.clone(),
                epilogue: epilogue.clone(),
                args: args.clone(),
                weights: Vec::new(),
            }),
            Step::Call { .. } => None,
        }
    }

    /// A weight's values.
    pub fn weight(&self, weight: WeightId) -> ArrayD<f32> {
        let found = self.weights.iter().nth(weight as usize).map(|(_, array)| array.to_owned());
        found.expect("a program's steps use its own weights")
    }

    /// The tensor of `target` had one of `steps`, which lead to it, been different, or its tensor been another.
    pub fn rerun(
        &self,
        steps: &BTreeSet<usize>,
        target: Slot,
        changed: Option<(usize, &Changed)>,
        replaced: Option<(Slot, &ArrayD<f32>)>,
    ) -> Option<ArrayD<f32>> {
        if let Some((_, array)) = replaced.filter(|(slot, _)| *slot == target) {
            return Some(array.clone());
        }
        let mut mini = Mini { probe: self, inputs: Vec::new(), slots: BTreeMap::new(), body: empty_body(), replaced };
        let replaced_step = replaced.and_then(|(slot, _)| self.maker(slot));
        for &at in steps.iter().filter(|at| Some(**at) != replaced_step) {
            let step = match changed {
                Some((changed, step)) if changed == at => step.clone(),
                _ => self.step(at)?,
            };
            mini.reads(&step.args, steps);
            mini.run(at, step)?;
        }
        let (program, inputs) = mini.finish(target)?;
        let other = changed.map(|(_, step)| step.weights.as_slice()).unwrap_or_default();
        let weights = match other {
            [] => Cow::Borrowed(&self.weights),
            other => {
                let mut tensors: Vec<(String, ArrayD<f32>)> =
                    self.weights.iter().map(|(name, array)| (name.to_owned(), array.to_owned())).collect();
                for (weight, array) in other {
                    tensors[*weight as usize].1 = array.clone();
                }
                Cow::Owned(Weights::from_tensors(&program, tensors.into_iter()).ok()?.0)
            }
        };
        let model = Model::new(Arc::new(program), &weights, self.options).ok()?;
        let views: Vec<(&str, ArrayViewD<f32>)> =
            inputs.iter().map(|(name, array)| (name.as_str(), array.view())).collect();
        model.run(&views).ok()?.remove("target")
    }
}

fn out(step: &Step) -> Option<Slot> {
    match step {
        Step::Run { out, .. } => Some(*out),
        Step::Call { .. } => None,
    }
}

/// The weight by which a step's layer is known.
fn weight_of(instr: &Instr, epilogue: &[Epilogue]) -> Option<WeightId> {
    match (instr, epilogue) {
        (Instr::Conv(conv), []) => Some(conv.weight),
        (Instr::TransposedConv { weight, .. } | Instr::Gemm { weight, .. }, []) => Some(*weight),
        (Instr::WeightedSum { weight, .. }, []) => Some(*weight),
        (Instr::Elementwise, [Epilogue::Norm(norm)]) => Some(norm.weight),
        _ => None,
    }
}

fn empty_body() -> Body {
    Body { name: "part".into(), inputs: 0, slots: 0, weights: 0, steps: Vec::new(), outputs: Vec::new() }
}

/// A program and its inputs by name.
type Part = (Program, Vec<(String, ArrayD<f32>)>);

/// A part of a network as a program of its own, at known sizes.
struct Mini<'p> {
    probe: &'p Probe,
    /// Slots of the network that the part reads from outside.
    inputs: Vec<Slot>,
    /// From slots of the network to those of the part's steps, numbered from 0 behind the inputs.
    slots: BTreeMap<Slot, u32>,
    body: Body,
    replaced: Option<(Slot, &'p ArrayD<f32>)>,
}

impl Mini<'_> {
    fn reads(&mut self, args: &[Slot], steps: &BTreeSet<usize>) {
        for &slot in args {
            let replaced = self.replaced.is_some_and(|(replaced, _)| replaced == slot);
            let inside = self.probe.maker(slot).is_some_and(|at| steps.contains(&at)) && !replaced;
            if !inside && !self.inputs.contains(&slot) {
                self.inputs.push(slot);
            }
        }
    }

    fn run(&mut self, at: usize, step: Changed) -> Option<()> {
        let Step::Run { out, .. } = &self.probe.steps()[at] else { return None };
        let number = self.slots.len() as u32;
        self.slots.insert(*out, number);
        let Changed { instr, args, epilogue, .. } = step;
        self.body.steps.push(Step::Run { instr, args, epilogue, out: *out, row: None });
        Some(())
    }

    fn finish(self, target: Slot) -> Option<Part> {
        let Mini { probe, inputs, slots, mut body, replaced } = self;
        let count = inputs.len() as u32;
        let place = |slot: Slot| match inputs.iter().position(|input| *input == slot) {
            Some(at) => Some(at as u32),
            None => slots.get(&slot).map(|number| count + number),
        };
        for step in &mut body.steps {
            if let Step::Run { args, out, .. } = step {
                *args = args.iter().map(|&slot| place(slot)).collect::<Option<_>>()?;
                *out = place(*out)?;
            }
        }
        body.inputs = count;
        body.slots = count + slots.len() as u32;
        body.weights = probe.program.weights.len() as u32;
        body.outputs = vec![place(target)?];
        let tensor = |slot: &Slot| match replaced {
            Some((replaced, array)) if replaced == *slot => Some(array.clone()),
            _ => probe.tensors.get(slot).cloned(),
        };
        let tensors: Option<Vec<ArrayD<f32>>> = inputs.iter().map(tensor).collect();
        let named: Vec<(String, ArrayD<f32>)> =
            tensors?.into_iter().enumerate().map(|(at, array)| (format!("x{at}"), array)).collect();
        let size = |&n: &usize| Size::constant(n as i64);
        let input = |(name, array): &(String, ArrayD<f32>)| Input {
            name: name.clone(),
            shape: array.shape().iter().map(size).collect(),
            image: None,
        };
        let program = Program {
            inputs: named.iter().map(input).collect(),
            outputs: vec![Output { name: "target".into(), shape: Vec::new() }],
            symbols: Vec::new(),
            legal: decide(&[], &[]),
            bodies: vec![body],
            ..probe.program.clone()
        };
        Some((program, named))
    }
}
