//! The graph as it grows: nodes, values, tensors and their names.

use std::collections::{BTreeMap, BTreeSet};

use neckar_spec::program::{Program, Slot, Step, WeightId};
use neckar_spec::size::Shape;

use super::Options;
use super::proto::{Attribute, FLOAT, Graph, INT64, Node, Property, Tensor};
use super::sizes::value_info;

/// Offsets in the file beside a model are multiples of this, so that it can be mapped into memory.
const ALIGNMENT: usize = 4096;

/// A map: its name and shape.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub name: String,
    pub shape: Shape,
}

pub(super) struct Builder<'a> {
    /// Inlined.
    pub program: &'a Program,
    pub weights: &'a [&'a [f32]],
    pub options: &'a Options,
    graph: Graph,
    beside: Vec<u8>,
    names: BTreeSet<String>,
    initializers: BTreeSet<String>,
}

impl<'a> Builder<'a> {
    pub fn new(program: &'a Program, weights: &'a [&'a [f32]], options: &'a Options) -> Builder<'a> {
        let graph = Graph { name: program.name.clone(), ..Graph::default() };
        // What the spec names for others keeps its name; rows step aside.
        let given = program.inputs.iter().map(|input| &input.name).chain(program.weights.iter().map(|own| &own.name));
        let names = given.chain(program.outputs.iter().map(|output| &output.name)).cloned().collect();
        Builder { program, weights, options, graph, beside: Vec::new(), names, initializers: BTreeSet::new() }
    }

    /// Adds the whole network.
    pub fn network(&mut self) {
        let program = self.program;
        let body = program.entry();
        let mut slots: BTreeMap<Slot, Value> = BTreeMap::new();
        for (slot, input) in (0..).zip(&program.inputs) {
            self.graph.input.push(value_info(&input.name, &input.shape, &program.legal));
            slots.insert(slot, Value { name: input.name.clone(), shape: input.shape.clone() });
        }
        // A map that is given twice has the name of its first output.
        let outputs = || body.outputs.iter().zip(&program.outputs);
        for step in &body.steps {
            let Step::Run { instr, args, epilogue, out, row } = step else {
                unreachable!("an inlined program has no calls")
            };
            let output = outputs().find(|(slot, _)| *slot == out).map(|(_, output)| output.name.clone());
            let name = output.unwrap_or_else(|| match row {
                Some(row) => self.fresh(row),
                None => self.fresh(&self.graph.node.len().to_string()),
            });
            let args: Vec<Value> = args.iter().map(|slot| slots[slot].clone()).collect();
            slots.insert(*out, self.step(instr, epilogue, &args, name));
        }
        for (slot, output) in outputs() {
            if slots[slot].name != output.name {
                self.push("Identity", vec![slots[slot].name.clone()], output.name.clone(), Vec::new());
            }
            self.graph.output.push(value_info(&output.name, &output.shape, &program.legal));
        }
    }

    /// A name that nothing has yet: the one asked for, or with a number behind it.
    pub fn fresh(&mut self, name: &str) -> String {
        let mut number = 1;
        let mut unique = name.to_owned();
        while !self.names.insert(unique.clone()) {
            number += 1;
            unique = format!("{name}_{number}");
        }
        unique
    }

    /// Adds a node that makes one value of known shape.
    pub fn map(&mut self, op: &str, inputs: Vec<String>, value: Value, attributes: Vec<Attribute>) -> Value {
        if !self.program.outputs.iter().any(|output| output.name == value.name) {
            self.graph.value_info.push(value_info(&value.name, &value.shape, &self.program.legal));
        }
        self.push(op, inputs, value.name.clone(), attributes);
        value
    }

    /// Adds a node that makes a value of the bookkeeping, such as a size, beside a map; gives its name.
    pub fn aside(&mut self, op: &str, inputs: Vec<String>, beside: &str, attributes: Vec<Attribute>) -> String {
        let name = self.fresh(&format!("{beside}/{}", op.to_lowercase()));
        self.push(op, inputs, name.clone(), attributes);
        name
    }

    fn push(&mut self, op: &str, input: Vec<String>, output: String, attribute: Vec<Attribute>) {
        let name = format!("{op}:{output}");
        self.graph.node.push(Node { input, output: vec![output], name, op_type: op.to_owned(), attribute });
    }

    /// The tensor of a program's weight; gives its name.
    pub fn weight(&mut self, weight: WeightId) -> String {
        let declared = &self.program.weights[weight as usize];
        if self.initializers.insert(declared.name.clone()) {
            let values = self.weights[weight as usize];
            self.tensor(declared.name.clone(), &declared.shape, values);
        }
        declared.name.clone()
    }

    /// A tensor made for the export, the same for the same name.
    pub fn made(&mut self, name: String, shape: &[usize], values: impl FnOnce() -> Vec<f32>) -> String {
        if self.initializers.insert(name.clone()) {
            self.tensor(name.clone(), shape, &values());
        }
        name
    }

    fn tensor(&mut self, name: String, shape: &[usize], values: &[f32]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dims = shape.iter().map(|&n| n as i64).collect();
        let mut tensor = Tensor { dims, data_type: Some(FLOAT), name, ..Tensor::default() };
        match &self.options.beside {
            None => tensor.raw_data = Some(bytes),
            Some(location) => {
                let offset = self.beside.len().next_multiple_of(ALIGNMENT);
                self.beside.resize(offset, 0);
                self.beside.extend(&bytes);
                let property = |key: &str, value: String| Property { key: key.into(), value };
                tensor.external_data = vec![
                    property("location", location.clone()),
                    property("offset", offset.to_string()),
                    property("length", bytes.len().to_string()),
                ];
                tensor.data_location = Some(1);
            }
        }
        self.graph.initializer.push(tensor);
    }

    /// Whole numbers that an operator reads as an operand; gives their name.
    pub fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let dims = vec![values.len() as i64];
        self.constant(name, dims, INT64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// A number that an operator reads as an operand; gives its name.
    pub fn scalar(&mut self, name: &str, value: f32) -> String {
        self.constant(name, Vec::new(), FLOAT, value.to_le_bytes().to_vec())
    }

    /// Numbers that an operator reads as an operand; gives their name.
    pub fn floats(&mut self, name: &str, values: &[f32]) -> String {
        let dims = vec![values.len() as i64];
        self.constant(name, dims, FLOAT, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn constant(&mut self, name: &str, dims: Vec<i64>, data_type: i32, bytes: Vec<u8>) -> String {
        let name = self.fresh(name);
        let tensor = Tensor { dims, data_type: Some(data_type), name: name.clone(), ..Tensor::default() };
        self.graph.initializer.push(Tensor { raw_data: Some(bytes), ..tensor });
        name
    }

    pub fn finish(self) -> (Graph, Vec<u8>) {
        (self.graph, self.beside)
    }
}

/// An attribute of one whole number.
pub(super) fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.into(), i: Some(value), kind: Some(2), ..Attribute::default() }
}

/// An attribute of one number.
pub(super) fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: name.into(), f: Some(value), kind: Some(1), ..Attribute::default() }
}

/// An attribute of one text.
pub(super) fn text(name: &str, value: &str) -> Attribute {
    Attribute { name: name.into(), s: Some(value.as_bytes().to_vec()), kind: Some(3), ..Attribute::default() }
}

/// An attribute of whole numbers.
pub(super) fn integers(name: &str, values: impl IntoIterator<Item = usize>) -> Attribute {
    let ints = values.into_iter().map(|value| value as i64).collect();
    Attribute { name: name.into(), ints, kind: Some(7), ..Attribute::default() }
}
