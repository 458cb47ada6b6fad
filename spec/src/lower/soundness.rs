//! What must hold of a body after every pass. It is asked in debug builds alone.

use crate::check::Checked;
use crate::program::{Body, Epilogue, Instr, Needs, Slot, Step, validate_body};
use crate::size::{Env, Shape};

/// The bodies that were found sound, and where shapes are compared.
pub(super) struct Soundness {
    /// What the bodies need of their weights, in their order.
    needs: Vec<Needs>,
    /// Sizes at which the network is legal, where some are at hand. Equal sizes may be written differently, so shapes are
    /// compared as numbers.
    sizes: Option<Env>,
}

impl Soundness {
    pub(super) fn new(checked: &Checked) -> Soundness {
        Soundness { needs: Vec::new(), sizes: checked.at().or_else(|| least(checked)) }
    }

    /// Adds a body behind the `earlier` ones.
    pub(super) fn add(&mut self, earlier: &[Body], body: &Body) -> Result<(), String> {
        self.needs.push(validate_body(earlier, &self.needs, body)?);
        Ok(())
    }

    /// Whether a body is valid and makes maps of the shapes that its slots had when the graph was checked.
    pub(super) fn check<'s>(
        &self,
        earlier: &[Body],
        body: &Body,
        shape: impl Fn(Slot) -> &'s Shape,
    ) -> Result<(), String> {
        validate_body(earlier, &self.needs, body)?;
        let Some(sizes) = &self.sizes else { return Ok(()) };
        let shape = |slot: Slot| shape(slot).iter().map(|size| size.eval(sizes)).collect::<Option<Vec<i64>>>();
        for (at, step) in body.steps.iter().enumerate() {
            let Step::Run { instr, args, epilogue, out, .. } = step else { continue };
            let maps: Option<Vec<_>> = args.iter().map(|&slot| shape(slot)).collect();
            let (Some(maps), Some(expected)) = (maps, shape(*out)) else { continue };
            let (own, addends) = maps.split_at(maps.len() - Epilogue::addends(epilogue));
            let made = instr.shape(own);
            if made != expected {
                return Err(format!("step {at}: makes %{out} of shape {made:?}, which was {expected:?}"));
            }
            let resizes = epilogue.iter().filter_map(|post| match post {
                Epilogue::Add { resize } => Some(*resize),
                Epilogue::Norm(_)
                | Epilogue::Activation(_)
                | Epilogue::LayerScale { .. }
                | Epilogue::Scale { .. }
                | Epilogue::Branch(_) => None,
            });
            for (addend, resize) in addends.iter().zip(resizes) {
                let resized = resize.map(|resize| Instr::Resize(resize).shape(&[addend.clone(), made.clone()]));
                let added = resized.as_ref().unwrap_or(addend);
                if *added != made {
                    return Err(format!("step {at}: adds a map of shape {added:?} to one of {made:?}"));
                }
            }
        }
        Ok(())
    }
}

/// The least size that each symbol may have, where these go together.
fn least(checked: &Checked) -> Option<Env> {
    let legal = checked.legal();
    let mut env = Env::new();
    for (symbol, set) in &legal.sets {
        env.set(symbol.clone(), set.pad_to(1)?);
    }
    let graph = checked.graph();
    let batches = graph.inputs.iter().filter_map(|input| graph.node(input.node).shape[0].as_symbol());
    for batch in batches {
        env.set(batch.clone(), 1);
    }
    legal.allows(&env).then_some(env)
}
