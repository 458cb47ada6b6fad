//! A plan for fixed shapes with buffers of its own.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::cpu::{Executable, State};
use crate::model::{StepTime, empty_outputs, step_time};
use crate::{Error, Model, Outputs};

/// A model's plan for inputs of fixed shapes, with buffers of its own, for runs that allocate nothing.
pub struct Session {
    model: Model,
    executable: Arc<Executable>,
    state: State,
}

impl Session {
    pub(crate) fn new(model: Model, executable: Arc<Executable>, state: State) -> Session {
        Session { model, executable, state }
    }

    /// Runs into the caller's arrays: inputs and outputs `[B, C, sizes…]` in the order of the program, of the session's
    /// shapes and any strides.
    ///
    /// It allocates nothing for arrays of up to four axes when one thread runs it; more threads are woken through a
    /// queue that allocates a block once in some dozens of runs.
    ///
    /// # Errors
    /// [`Error::Input`] and [`Error::Output`] for arrays of another number or shape.
    pub fn run_into(&mut self, inputs: &[ArrayViewD<f32>], outputs: &mut [ArrayViewMutD<f32>]) -> Result<(), Error> {
        self.check(inputs)?;
        let plan = &self.executable.plan;
        if outputs.len() != plan.wanted.len() {
            return Err(Error::Output(format!("{} outputs are given, expected {}", outputs.len(), plan.wanted.len())));
        }
        for ((name, value), array) in plan.wanted.iter().zip(&*outputs) {
            let expected = &plan.values[*value].shape;
            if array.shape() != expected {
                let found = array.shape();
                return Err(Error::Output(format!("output `{name}` has the shape {found:?}, expected {expected:?}")));
            }
        }
        self.model.execute(&self.executable, &mut self.state, inputs, outputs, &mut |_, _| ());
        Ok(())
    }

    /// Runs into new arrays and tells how long each part took, in the order in which they ran. It runs twice and times the
    /// second, as the first also pays for the memory of the arrays.
    ///
    /// # Errors
    /// As [`Session::run_into`].
    pub fn run_profiled(&mut self, inputs: &[ArrayViewD<f32>]) -> Result<(Outputs, Vec<StepTime>), Error> {
        self.check(inputs)?;
        let mut outputs = empty_outputs(&self.executable);
        let mut views: Vec<ArrayViewMutD<f32>> = outputs.iter_mut().map(|(_, array)| array.view_mut()).collect();
        self.model.execute(&self.executable, &mut self.state, inputs, &mut views, &mut |_, _| ());
        let mut times = Vec::new();
        let done = &mut |moment, time| times.push((moment, time));
        self.model.execute(&self.executable, &mut self.state, inputs, &mut views, done);
        let times = times.iter().map(|&(moment, time)| step_time(&self.model, &self.executable, moment, time));
        let times = times.collect();
        Ok((Outputs::new(outputs), times))
    }

    /// The shapes of the outputs by name, in order.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = (&str, &[usize])> {
        let plan = &self.executable.plan;
        plan.wanted.iter().map(|(name, value)| (name.as_str(), plan.values[*value].shape.as_slice()))
    }

    /// Bytes of the session's buffers: the arena of all maps, exact for the plan, and each thread's workspace. The
    /// weights, which all sessions of a model share, are not in it.
    pub fn peak_bytes(&self) -> usize {
        self.executable.bytes(self.model.thread_count())
    }

    fn check(&self, inputs: &[ArrayViewD<f32>]) -> Result<(), Error> {
        let plan = &self.executable.plan;
        let program = self.model.program();
        if inputs.len() != program.inputs.len() {
            let expected = program.inputs.len();
            return Err(Error::Input(format!("{} inputs are given, expected {expected}", inputs.len())));
        }
        let values = &self.model.network().inputs;
        for ((input, &value), array) in program.inputs.iter().zip(values).zip(inputs) {
            let (found, expected) = (array.shape(), &plan.values[value].shape);
            if found != expected {
                return Err(Error::Input(format!(
                    "input `{}` has the shape {found:?}, but the session is for {expected:?}; make one for this shape",
                    input.name
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("model", &self.model).field("peak_bytes", &self.peak_bytes()).finish()
    }
}
