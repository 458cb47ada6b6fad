//! Which step makes a slot, and which read it, while a pass merges steps.

use super::Lowering;
use super::explain::Reason;
use crate::program::{Body, Slot, Step};

/// Readers of a map that a reason names.
const NAMED: usize = 3;

/// The steps of a body for a pass that takes some of them out: the others keep their places until all is done.
pub(super) struct Flow {
    steps: Vec<Option<Step>>,
    makers: Vec<Option<usize>>,
    /// A step that reads a slot twice stands there twice.
    readers: Vec<Vec<usize>>,
    /// Which slots are outputs of the body.
    given: Vec<bool>,
    lowering: Lowering,
}

impl Flow {
    /// Takes the steps out of a body; [`Flow::finish`] puts back those that are left.
    pub(super) fn of(body: &mut Body, lowering: Lowering) -> Flow {
        let slots = body.slots as usize;
        let mut flow = Flow {
            steps: std::mem::take(&mut body.steps).into_iter().map(Some).collect(),
            makers: vec![None; slots],
            readers: vec![Vec::new(); slots],
            given: vec![false; slots],
            lowering,
        };
        for (at, step) in flow.steps.iter().flatten().enumerate() {
            for &slot in args(step) {
                flow.readers[slot as usize].push(at);
            }
            for &slot in outs(step) {
                flow.makers[slot as usize] = Some(at);
            }
        }
        for &slot in &body.outputs {
            flow.given[slot as usize] = true;
        }
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
        for &slot in outs(&step) {
            self.makers[slot as usize] = Some(by);
        }
        Some(step)
    }

    /// The step that makes a slot; none for an input.
    pub(super) fn maker(&self, slot: Slot) -> Option<usize> {
        self.makers[slot as usize]
    }

    /// The first step that reads a slot.
    pub(super) fn reader(&self, slot: Slot) -> Option<usize> {
        self.readers[slot as usize].first().copied()
    }

    /// Whether nothing needs the map of a slot but one step that reads it once, so that the map need not be stored if that
    /// step makes it.
    ///
    /// # Errors
    /// Why it has to be stored; `map` is the step that makes it, of the given row.
    pub(super) fn is_passing(&self, slot: Slot, map: usize, row: Option<&String>) -> Result<(), Reason<usize>> {
        let readers = &self.readers[slot as usize];
        if self.given[slot as usize] {
            return Err(Reason::Output { map });
        }
        if self.lowering.keep_rows && row.is_some() {
            return Err(Reason::Kept { map });
        }
        if readers.len() == 1 {
            return Ok(());
        }
        let mut by: Vec<usize> = readers.iter().copied().take(NAMED).collect();
        by.dedup();
        Err(Reason::Shared { map, by, more: readers.len().saturating_sub(NAMED) })
    }
}

fn args(step: &Step) -> &[Slot] {
    match step {
        Step::Run { args, .. } | Step::Call { args, .. } => args,
    }
}

fn outs(step: &Step) -> &[Slot] {
    match step {
        Step::Run { out, .. } => std::slice::from_ref(out),
        Step::Call { outs, .. } => outs,
    }
}
