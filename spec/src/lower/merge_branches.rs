//! Convolutions of one map that are only added become one convolution (RepVGG, arXiv 2101.03697, section 3.3).
//!
//! A smaller kernel is a larger one with zeros around it, a norm in inference is a factor and a summand a channel, and the map
//! itself is its convolution with a single 1; so the weights of all can be added, which a backend does as it packs them. The
//! convolution whose taps hold those of the other stays, the other becomes a branch of it. Of finite maps the result is the same
//! but for rounding; an infinity stays one where branches of different signs would make a NaN of it.

use super::Lowering;
use super::explain::{Miss, Reason};
use super::flow::Flow;
use crate::program::{Body, Branch, Convolution, Epilogue, Instr, Slot, Step};

/// Makes a branch of a step that another step adds to a convolution of the same map.
pub(super) fn merge_branches(body: &mut Body, lowering: Lowering) -> Vec<Miss> {
    let mut flow = Flow::of(body, lowering);
    let mut misses = Vec::new();
    for at in 0..flow.len() {
        let mut addend = 0;
        while let Some(sum) = Linear::of(flow.step(at)).filter(|sum| addend < sum.added.len()) {
            match merged(&flow, at, &sum, addend) {
                None => addend += 1,
                Some(Ok((before, step))) => {
                    flow.merge(before, at);
                    if let Some(sum) = flow.step_mut(at) {
                        *sum = step;
                    }
                    addend = 0;
                }
                Some(Err(reason)) => {
                    misses.push(Miss { step: at, reason });
                    addend += 1;
                }
            }
        }
    }
    flow.finish(body);
    misses
}

/// The step that a sum and one of its addends make together, and where the addend was made; none where they are no linear maps
/// of one operand.
fn merged(flow: &Flow, at: usize, sum: &Linear, addend: usize) -> Option<Result<(usize, Step), Reason<usize>>> {
    let slot = sum.addends[addend];
    let before = flow.maker(slot)?;
    let Some(made @ Step::Run { row, .. }) = flow.step(before) else { return None };
    let part = Linear::of(Some(made)).filter(|part| part.rest.is_empty() && part.input == sum.input)?;
    let is_added = sum.added[addend] == Epilogue::Add { resize: None } && before != at;
    if !is_added || sum.conv.is_none() && part.conv.is_none() {
        return None;
    }
    if let Err(reason) = flow.is_passing(slot, before, row.as_ref()) {
        return Some(Err(reason));
    }
    let Some((instr, mut epilogue)) = sum.holding(&part).or_else(|| part.holding(sum)) else {
        return Some(Err(Reason::Unlike { map: before, other: at }));
    };
    let Some(Step::Run { out, row, .. }) = flow.step(at) else { return None };
    let without = |position: &usize| *position != addend;
    let others = || (0..sum.added.len()).filter(without);
    epilogue.extend(part.added.iter().cloned());
    epilogue.extend(others().map(|other| sum.added[other].clone()));
    epilogue.extend(sum.rest.iter().cloned());
    let rest = (0..sum.addends.len()).filter(without).map(|other| sum.addends[other]);
    let args = [sum.input].into_iter().chain(part.addends.iter().copied()).chain(rest).collect();
    Some(Ok((before, Step::Run { instr, args, epilogue, out: *out, row: row.clone() })))
}

/// A step whose result is linear in its operand before other maps are added: a convolution, or the operand itself behind a norm.
struct Linear<'a> {
    input: Slot,
    conv: Option<&'a Convolution>,
    /// A norm or factors right behind it.
    scale: Option<&'a Epilogue>,
    branches: &'a [Epilogue],
    /// What is added next, and what is done then.
    added: &'a [Epilogue],
    rest: &'a [Epilogue],
    /// The operands of the epilogue.
    addends: &'a [Slot],
}

impl<'a> Linear<'a> {
    fn of(step: Option<&'a Step>) -> Option<Linear<'a>> {
        let Some(Step::Run { instr, args, epilogue, .. }) = step else { return None };
        let (conv, scales) = match (instr, epilogue.as_slice()) {
            (Instr::Conv(conv), [Epilogue::Norm(_) | Epilogue::LayerScale { .. }, ..]) => (Some(conv), true),
            (Instr::Conv(conv), _) => (Some(conv), false),
            (Instr::Elementwise, [Epilogue::Norm(_), ..]) => (None, true),
            _ => return None,
        };
        let (scale, behind) = epilogue.split_at(usize::from(scales));
        let (branches, behind) = split_while(behind, |post| matches!(post, Epilogue::Branch(_)));
        let (added, rest) = split_while(behind, |post| matches!(post, Epilogue::Add { .. }));
        let (input, addends) = args.split_first()?;
        Some(Linear { input: *input, conv, scale: scale.first(), branches, added, rest, addends })
    }

    /// As a convolution with the other one as a branch, where its taps hold those of the other.
    fn holding(&self, other: &Linear) -> Option<(Instr, Vec<Epilogue>)> {
        let conv = self.conv?;
        let norm = match other.scale {
            None => None,
            Some(Epilogue::Norm(norm)) => Some(norm.clone()),
            Some(_) => return None,
        };
        let branch = Branch { conv: other.conv.cloned(), norm };
        branch.place(conv)?;
        let own = self.scale.into_iter().chain(self.branches).cloned();
        let epilogue = own.chain([Epilogue::Branch(branch)]).chain(other.branches.iter().cloned());
        Some((Instr::Conv(conv.clone()), epilogue.collect()))
    }
}

/// The first elements that a condition holds for, and those from the first one on that it does not hold for.
fn split_while<T>(items: &[T], holds: impl Fn(&T) -> bool) -> (&[T], &[T]) {
    items.split_at(items.iter().position(|item| !holds(item)).unwrap_or(items.len()))
}
