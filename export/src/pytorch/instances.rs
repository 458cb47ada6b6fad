//! The instances of blocks, those that are alike counted once.

use std::collections::HashMap;

use neckar_spec::graph::{Graph, ScopeId};
use neckar_spec::program::{Epilogue, Program, Step, WeightId};
use neckar_spec::size::Shape;

/// An instance of a block, or the network.
#[derive(Debug, PartialEq)]
pub(super) struct Instance {
    /// Its body in the program.
    pub body: usize,
    /// The names of its body's weights, relative to the instance.
    pub weights: Vec<String>,
    /// The shapes of its body's weights.
    pub weight_shapes: Vec<Vec<usize>>,
    /// For each weight what it holds at first.
    pub inits: Vec<neckar_spec::program::Init>,
    /// For each step that calls: the instance, and its module's name relative to this one.
    pub calls: Vec<Option<(usize, String)>>,
    /// How many axes each slot has.
    pub ranks: Vec<usize>,
    /// How deep blocks nest below it.
    pub height: usize,
}

/// Every kind of instance; those that a body calls come before it, the network is the last.
pub(super) fn walk(graph: &Graph, program: &Program) -> Vec<Instance> {
    let prefixes = (0..graph.scopes.len()).map(|i| {
        let id = ScopeId(i as u32);
        (path(graph, id), graph.scope(id).checkpoint.clone())
    });
    let mut walk = Walk { program, prefixes: prefixes.collect(), instances: Vec::new() };
    let weights: Vec<WeightId> = (0..program.weights.len() as u32).collect();
    let shapes = program.inputs.iter().map(|input| input.shape.clone()).collect();
    walk.instance(program.bodies.len() - 1, &weights, "", shapes);
    walk.instances
}

/// The names of a scope and those around it, each with a period behind it.
fn path(graph: &Graph, id: ScopeId) -> String {
    let scope = graph.scope(id);
    match scope.parent {
        Some(parent) => format!("{}{}.", path(graph, parent), scope.name),
        None => String::new(),
    }
}

struct Walk<'p> {
    program: &'p Program,
    /// What stands before the checkpoint names in a scope, by the scope's path.
    prefixes: HashMap<String, String>,
    instances: Vec<Instance>,
}

impl Walk<'_> {
    /// Adds an instance unless there is one like it; gives its index and the shapes of its outputs.
    fn instance(&mut self, body: usize, weights: &[WeightId], path: &str, args: Vec<Shape>) -> (usize, Vec<Shape>) {
        let program = self.program;
        let prefix = self.prefixes.get(path).cloned().unwrap_or_default();
        let steps = &program.bodies[body].steps;
        let mut shapes: Vec<Shape> = args;
        shapes.resize(program.bodies[body].slots as usize, Shape::new());
        let mut calls = Vec::new();
        let mut height = 0;
        for step in steps {
            match step {
                Step::Run { instr, args, epilogue, out, .. } => {
                    let addends = Epilogue::addends(epilogue);
                    let own = &args[..args.len() - addends];
                    let own: Vec<Shape> = own.iter().map(|&slot| shapes[slot as usize].clone()).collect();
                    shapes[*out as usize] = instr.shape(&own);
                    calls.push(None);
                }
                Step::Call { body, name, args, weights: passed, outs, .. } => {
                    let passed: Vec<WeightId> = passed.iter().map(|&weight| weights[weight as usize]).collect();
                    let inner = format!("{path}{name}.");
                    let args = args.iter().map(|&slot| shapes[slot as usize].clone()).collect();
                    let (index, made) = self.instance(*body as usize, &passed, &inner, args);
                    for (&out, shape) in outs.iter().zip(made) {
                        shapes[out as usize] = shape;
                    }
                    let own = self.prefixes.get(&inner).map_or(inner.as_str(), |own| own.as_str());
                    let relative = own.strip_prefix(prefix.as_str()).unwrap_or(own).trim_end_matches('.');
                    calls.push(Some((index, relative.to_owned())));
                    height = height.max(self.instances[index].height + 1);
                }
            }
        }
        let declared = |&weight: &WeightId| &program.weights[weight as usize];
        let relative = |weight: &WeightId| {
            let name = declared(weight).name.as_str();
            name.strip_prefix(prefix.as_str()).unwrap_or(name).to_owned()
        };
        let instance = Instance {
            body,
            weights: weights.iter().map(relative).collect(),
            weight_shapes: weights.iter().map(|weight| declared(weight).shape.clone()).collect(),
            inits: weights.iter().map(|weight| declared(weight).init).collect(),
            calls,
            ranks: shapes.iter().map(Vec::len).collect(),
            height,
        };
        let outputs = program.bodies[body].outputs.iter().map(|&slot| shapes[slot as usize].clone()).collect();
        let known = self.instances.iter().position(|known| *known == instance);
        let index = known.unwrap_or_else(|| {
            self.instances.push(instance);
            self.instances.len() - 1
        });
        (index, outputs)
    }
}
