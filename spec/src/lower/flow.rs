//! Which step makes a slot, and how many read it, while a pass merges steps.

use crate::program::{Body, Slot, Step};

/// The steps of a body for a pass that takes some of them out: the others keep their places until all is done.
pub(super) struct Flow {
    steps: Vec<Option<Step>>,
    makers: Vec<Option<usize>>,
    readers: Vec<usize>,
}

impl Flow {
    /// Takes the steps out of a body; [`Flow::finish`] puts back those that are left.
    pub(super) fn of(body: &mut Body) -> Flow {
        let steps: Vec<Option<Step>> = std::mem::take(&mut body.steps).into_iter().map(Some).collect();
        let mut flow =
            Flow { makers: vec![None; body.slots as usize], readers: vec![0; body.slots as usize], steps: Vec::new() };
        for (at, step) in steps.iter().enumerate() {
            let (args, outs) = match step {
                Some(Step::Run { args, out, .. }) => (args, std::slice::from_ref(out)),
                Some(Step::Call { args, outs, .. }) => (args, outs.as_slice()),
                None => continue,
            };
            for &slot in args {
                flow.readers[slot as usize] += 1;
            }
            for &slot in outs {
                flow.makers[slot as usize] = Some(at);
            }
        }
        flow.steps = steps;
        flow
    }

    pub(super) fn finish(self, body: &mut Body) {
        body.steps = self.steps.into_iter().flatten().collect();
    }

    /// How many steps there were at first.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The step at a place; none where it was taken out.
    pub(super) fn step(&self, at: usize) -> Option<&Step> {
        self.steps[at].as_ref()
    }

    /// As [`Flow::step`], to change it; which slots it makes and how often it reads one must stay.
    pub(super) fn step_mut(&mut self, at: usize) -> Option<&mut Step> {
        self.steps[at].as_mut()
    }

    /// Takes a step out whose work `by` does from now on: `by` makes its slots and reads what it read.
    pub(super) fn merge(&mut self, at: usize, by: usize) -> Option<Step> {
        let step = self.steps[at].take()?;
        let outs = match &step {
            Step::Run { out, .. } => std::slice::from_ref(out),
            Step::Call { outs, .. } => outs.as_slice(),
        };
        for &slot in outs {
            self.makers[slot as usize] = Some(by);
        }
        Some(step)
    }

    /// The step that makes a slot; none for an input.
    pub(super) fn maker(&self, slot: Slot) -> Option<usize> {
        self.makers[slot as usize]
    }

    /// How many times a slot is read.
    pub(super) fn readers(&self, slot: Slot) -> usize {
        self.readers[slot as usize]
    }
}
