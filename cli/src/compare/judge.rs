//! Which rows differ from a reference by themselves, and which only because of those before them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use neckar_spec::program::Slot;

use super::causes::{self, Cause};
use super::network::{Network, Tensor};
use super::part::Part;
use super::{Pair, error};

/// Rows whose causes are looked for; whoever has more has one cause for all.
const MOST: usize = 12;

/// A row that differs although it is computed from the reference's own tensors.
pub struct Fault {
    /// Its name in the reference.
    pub row: String,
    /// Why, where it is known.
    pub cause: Option<Cause>,
}

/// What was found of the rows that differ.
pub struct Verdict {
    /// The first row that differs, and those after it that do by themselves.
    pub faults: Vec<Fault>,
    /// How many follow from others.
    pub followers: usize,
    /// How many were not looked at.
    pub unjudged: usize,
}

/// Judges the pairs, in the order in which the network makes them, of which at least one differs.
pub fn judge(network: &Network, pairs: &[Pair], tolerance: f64) -> Verdict {
    let mut verdict = Verdict { faults: Vec::new(), followers: 0, unjudged: 0 };
    let mut known: BTreeMap<Slot, Tensor> = BTreeMap::new();
    // What the reference holds no usable tensor of, and steps among which a fault lies that is not known: what is made of them
    // cannot be judged by itself.
    let mut lost: BTreeSet<Slot> = BTreeSet::new();
    for pair in pairs {
        let mut theirs = Some(pair.theirs.clone()).filter(|theirs| theirs.shape() == pair.own.shape());
        if pair.differs(tolerance) {
            let part = Part::new(network, pair.slot, &known);
            match part.filter(|part| !part.steps.iter().any(|step| lost.contains(&step.out))) {
                Some(part) if !part.agrees(&pair.theirs, tolerance) => {
                    if verdict.faults.len() < MOST {
                        let cause = causes::cause(&part, &pair.theirs);
                        if let Some(restored) = cause.as_ref().and_then(|cause| cause.restored.clone()) {
                            theirs = Some(Rc::new(restored));
                        }
                        if cause.is_none() {
                            lost.extend(part.steps.iter().map(|step| step.out));
                        }
                        verdict.faults.push(Fault { row: pair.name.to_owned(), cause });
                    } else {
                        verdict.unjudged += 1;
                    }
                }
                _ => verdict.followers += 1,
            }
        }
        match theirs.filter(|theirs| theirs.iter().all(|v| v.is_finite())) {
            Some(theirs) => {
                known.insert(pair.slot, theirs);
                lost.remove(&pair.slot);
            }
            None => {
                known.remove(&pair.slot);
                lost.insert(pair.slot);
            }
        }
    }
    if verdict.faults.is_empty() {
        verdict.faults.extend(gradual(network, pairs, tolerance));
    }
    verdict
}

/// The row that adds most to a difference that no row makes by itself.
fn gradual(network: &Network, pairs: &[Pair], tolerance: f64) -> Option<Fault> {
    let mut known: BTreeMap<Slot, Tensor> = BTreeMap::new();
    let mut greatest: Option<(f64, Fault)> = None;
    for pair in pairs {
        if let Some(part) = Part::new(network, pair.slot, &known) {
            let own = error(part.own(), &pair.theirs);
            if greatest.as_ref().is_none_or(|(most, _)| own > *most) {
                let cause = causes::cause(&part, &pair.theirs);
                greatest = Some((own, Fault { row: pair.name.to_owned(), cause }));
            }
        }
        known.insert(pair.slot, pair.theirs.clone());
        if pair.differs(tolerance) {
            break;
        }
    }
    greatest.map(|(_, fault)| fault)
}

impl Part<'_> {
    fn agrees(&self, theirs: &Tensor, tolerance: f64) -> bool {
        self.own().shape() == theirs.shape() && error(self.own(), theirs) <= tolerance
    }
}
