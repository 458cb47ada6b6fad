//! One step of a network, as the spec has it or done in another way.

use std::rc::Rc;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use neckar::{Model, Options, Weights};
use neckar_spec::Program;
use neckar_spec::program::{Body, Epilogue, Input, Instr, Norm, Output, Slot, Step as ProgramStep, WeightId};
use neckar_spec::size::{Size, decide};

use super::network::Tensor;

/// What is done to an array.
pub type Map = Rc<dyn Fn(&ArrayD<f32>) -> ArrayD<f32>>;

/// An instruction, or what one does in other tools: something may be done to its first operand before, and to its result after.
#[derive(Clone)]
pub struct Step {
    pub instr: Instr,
    pub epilogue: Vec<Epilogue>,
    /// The operands of the instruction, then those of the epilogue.
    pub args: Vec<Slot>,
    pub out: Slot,
    pub before: Option<Map>,
    pub after: Option<Map>,
}

impl Step {
    pub fn new(instr: Instr, epilogue: Vec<Epilogue>, args: Vec<Slot>, out: Slot) -> Step {
        Step { instr, epilogue, args, out, before: None, after: None }
    }

    /// The step with something done to its first operand before.
    pub fn before(mut self, map: impl Fn(&ArrayD<f32>) -> ArrayD<f32> + 'static) -> Step {
        self.before = Some(Rc::new(map));
        self
    }

    /// The step with something done to its result.
    pub fn after(mut self, map: impl Fn(&ArrayD<f32>) -> ArrayD<f32> + 'static) -> Step {
        self.after = Some(Rc::new(map));
        self
    }

    /// The step with another instruction.
    pub fn with_instr(&self, instr: Instr) -> Step {
        Step { instr, ..self.clone() }
    }

    /// The step with another epilogue.
    pub fn with_epilogue(&self, epilogue: Vec<Epilogue>) -> Step {
        Step { epilogue, ..self.clone() }
    }

    /// The step with other operands.
    pub fn with_args(&self, args: Vec<Slot>) -> Step {
        Step { args, ..self.clone() }
    }

    /// A step of the same operand and result that does nothing but what a map does.
    pub fn replaced(&self, map: impl Fn(&ArrayD<f32>) -> ArrayD<f32> + 'static) -> Step {
        Step::new(Instr::Elementwise, Vec::new(), self.args[..1].to_vec(), self.out).after(map)
    }

    /// The norm that it is.
    pub fn norm(&self) -> Option<&Norm> {
        match (&self.instr, self.epilogue.as_slice()) {
            (Instr::Elementwise, [Epilogue::Norm(norm)]) => Some(norm),
            _ => None,
        }
    }

    /// The weights that it uses, each once; the first names its layer.
    pub fn weights(&self) -> Vec<WeightId> {
        let mut weights = self.instr.weights();
        for post in &self.epilogue {
            let own = post.weights();
            weights.extend(own.into_iter().filter(|id| !weights.contains(id)).collect::<Vec<_>>());
        }
        weights
    }

    /// What it makes of arrays; none where they do not suit it. `weight` gives those of `program`, whose step it is.
    pub fn run(
        &self,
        program: &Program,
        weight: impl Fn(WeightId) -> Tensor,
        args: &[Tensor],
        options: &Options,
    ) -> Option<ArrayD<f32>> {
        let mut args = args.to_vec();
        if let (Some(before), Some(first)) = (&self.before, args.first_mut()) {
            *first = Rc::new(before(first));
        }
        let used = self.weights();
        let own: Vec<_> = used.iter().map(|&id| program.weights[id as usize].clone()).collect();
        let arrays: Vec<(String, ArrayD<f32>)> =
            used.iter().zip(&own).map(|(&id, own)| (own.name.clone(), (*weight(id)).clone())).collect();
        // The weights in the order in which the step lists them.
        let mut places: Vec<WeightId> = vec![0; program.weights.len()];
        for (&id, place) in used.iter().zip(0..) {
            places[id as usize] = place;
        }
        let count = args.len() as u32;
        let body = Body {
            name: "step".into(),
            inputs: count,
            slots: count + 1,
            weights: used.len() as u32,
            steps: vec![ProgramStep::Run {
                instr: self.instr.with_weights(&places),
                args: (0..count).collect(),
                epilogue: self.epilogue.iter().map(|post| post.with_weights(&places)).collect(),
                out: count,
                row: None,
            }],
            outputs: vec![count],
        };
        let name = |at: usize| format!("x{at}");
        let input = |(at, array): (usize, &Tensor)| Input {
            name: name(at),
            shape: array.shape().iter().map(|&n| Size::constant(n as i64)).collect(),
            image: None,
        };
        let single = Program {
            name: "step".into(),
            settings: Vec::new(),
            symbols: Vec::new(),
            legal: decide(&[], &[]),
            inputs: args.iter().enumerate().map(input).collect(),
            outputs: vec![Output { name: "y".into(), shape: Vec::new() }],
            weights: own,
            ignored: Vec::new(),
            rows: Vec::new(),
            layers: Vec::new(),
            bodies: vec![body],
        };
        let (weights, _) = Weights::from_tensors(&single, arrays.into_iter()).ok()?;
        let names: Vec<String> = (0..args.len()).map(name).collect();
        let views: Vec<(&str, ArrayViewD<f32>)> =
            names.iter().zip(&args).map(|(name, array)| (name.as_str(), array.view())).collect();
        let made = Model::new(Arc::new(single), weights, options.clone()).ok()?.run(&views).ok()?.remove("y")?;
        Some(match &self.after {
            Some(after) => after(&made),
            None => made,
        })
    }
}
