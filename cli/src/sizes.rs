//! The sizes that figures are of.

use neckar_spec::check::Checked;
use neckar_spec::size::Env;

use crate::failure::Failure;

/// The sizes asked for over those of the `at` clause and batches of 1, legal ones; none where a free size has no value.
pub fn at(checked: &Checked, asked: &[(String, i64)]) -> Result<Option<Env>, Failure> {
    let graph = checked.graph();
    let batches = batches(checked);
    let mut env: Env = batches.iter().map(|&batch| (batch, 1)).collect();
    for (symbol, at) in &graph.symbols {
        at.map(|at| env.set(symbol.clone(), at));
    }
    for (i, (name, value)) in asked.iter().enumerate() {
        let free = graph.symbols.iter().map(|(symbol, _)| symbol.as_str()).chain(batches.iter().copied());
        let free: Vec<&str> = free.collect();
        if !free.contains(&name.as_str()) {
            let message = format!("`{}` has no free size `{name}` for `at`", graph.name);
            return Err(Failure::usage(match free.as_slice() {
                [] => format!("{message}; all its sizes are fixed"),
                free => format!("{message}; its free sizes are {}", free.join(", ")),
            }));
        }
        if asked[..i].iter().any(|(other, _)| other == name) {
            return Err(Failure::usage(format!("the size `{name}` is given twice")));
        }
        env.set(name.as_str(), *value);
    }
    if graph.symbols.iter().any(|(symbol, _)| env.get(symbol.as_str()).is_none()) {
        return Ok(None);
    }
    match checked.legal().check(&env) {
        Ok(()) => Ok(Some(env)),
        Err(illegal) => Err(Failure::incomplete(format!("`{}`: {illegal}", graph.name))),
    }
}

/// The symbols that inputs have for their batch.
pub fn batches(checked: &Checked) -> Vec<&str> {
    let graph = checked.graph();
    let mut batches: Vec<&str> = Vec::new();
    for input in &graph.inputs {
        let batch = graph.node(input.node).shape.first().and_then(|size| size.as_symbol());
        if let Some(batch) = batch.filter(|batch| !batches.contains(&batch.as_str())) {
            batches.push(batch.as_str());
        }
    }
    batches
}

/// What was asked for is of sizes, and a free one has no value.
pub fn missing(checked: &Checked, asked: &str) -> Failure {
    let name = &checked.graph().name;
    Failure::incomplete(format!("{asked} needs sizes, and `{name}` gives none; add `at`, such as --at H=224,W=224"))
}
