//! The memory of a plan, known without weights.

use neckar_spec::program::Program;

use super::{Network, Plan, Reach};
use crate::{Error, entry};

/// Bytes of the arena that holds all maps of a run on inputs of the given shapes, exact for the plan that a
/// [`Model`](crate::Model) makes of them. Weights, and the workspace of each thread, are not in it.
///
/// # Errors
/// As [`Model::session`](crate::Model::session).
pub fn arena_bytes(program: &Program, inputs: &[(&str, &[usize])]) -> Result<usize, Error> {
    entry::sound(program)?;
    let shapes: Vec<Vec<usize>> =
        entry::order(program, inputs)?.into_iter().map(|input| inputs[input].1.to_vec()).collect();
    entry::check(program, &shapes.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    let network = Network::new(program);
    let outputs = program.outputs.iter().zip(&network.outputs);
    let wanted = outputs.map(|(output, &value)| (output.name.clone(), value)).collect();
    let plan = Plan::new(&network, &shapes, wanted, Reach::Arrays)?;
    Ok(plan.arena * size_of::<f32>())
}
