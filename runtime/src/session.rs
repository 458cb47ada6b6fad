//! A plan for fixed shapes with buffers of its own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::cpu::{Executable, State};
use crate::model::empty_outputs;
use crate::{Error, Model, Outputs, PlanDescription};

/// A model's plan for inputs of fixed shapes, with buffers of its own, for runs that allocate nothing.
pub struct Session {
    model: Model,
    executable: Arc<Executable>,
    pub(crate) state: State,
}

impl Session {
    pub(crate) fn new(model: Model, executable: Arc<Executable>, state: State) -> Session {
        Session { model, executable, state }
    }

    /// Runs into the caller's arrays: inputs and outputs `[B, C, sizes…]` in the order of the program, of the session's
    /// shapes and any strides.
    ///
    /// When one thread runs it, it allocates nothing for up to eight inputs and eight outputs of up to four axes in the
    /// standard layout; arrays of other strides are copied. More threads are woken through a queue that allocates a block
    /// once in 63 runs.
    ///
    /// # Errors
    /// [`Error::Input`] and [`Error::Output`] for arrays of another number or shape.
    pub fn run_into(&mut self, inputs: &[ArrayViewD<f32>], outputs: &mut [ArrayViewMutD<f32>]) -> Result<(), Error> {
        self.check(inputs, outputs)?;
        self.model.execute(&self.executable, &mut self.state, inputs, outputs, &mut |_| ());
        Ok(())
    }

    /// As [`Session::run_into`], and tells how long each part of the [plan](Session::plan) took, in its order. The first
    /// run of a session is no measure: it also pays for the memory that is touched for the first time.
    ///
    /// # Errors
    /// As [`Session::run_into`].
    pub fn run_profiled(
        &mut self,
        inputs: &[ArrayViewD<f32>],
        outputs: &mut [ArrayViewMutD<f32>],
    ) -> Result<Vec<Duration>, Error> {
        self.check(inputs, outputs)?;
        let mut times = Vec::new();
        self.model.execute(&self.executable, &mut self.state, inputs, outputs, &mut |time| times.push(time));
        Ok(times)
    }

    /// What is executed, part by part.
    pub fn plan(&self) -> PlanDescription {
        PlanDescription::new(self.model.program(), self.model.network(), &self.executable)
    }

    /// New arrays for the outputs, of zeros.
    pub fn empty_outputs(&self) -> Outputs {
        empty_outputs(&self.executable)
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

    fn check(&self, inputs: &[ArrayViewD<f32>], outputs: &[ArrayViewMutD<f32>]) -> Result<(), Error> {
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
        if outputs.len() != plan.wanted.len() {
            return Err(Error::Output(format!("{} outputs are given, expected {}", outputs.len(), plan.wanted.len())));
        }
        for ((name, value), array) in plan.wanted.iter().zip(outputs) {
            let (found, expected) = (array.shape(), &plan.values[*value].shape);
            if found != expected {
                return Err(Error::Output(format!("output `{name}` has the shape {found:?}, expected {expected:?}")));
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
