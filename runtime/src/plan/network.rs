//! The program with its calls inlined: one list of sites over one space of values, still without shapes.

use neckar_spec::program::{Epilogue, Instr, Program, Slot, Step, WeightId};

/// A value of a network.
pub(crate) type Value = usize;

/// A program with its calls inlined.
#[derive(Debug)]
pub(crate) struct Network {
    /// The sites, in an order in which they can run.
    pub sites: Vec<Site>,
    /// How many values there are.
    pub values: usize,
    /// The inputs, in the order of the program.
    pub inputs: Vec<Value>,
    /// The outputs, in the order of the program.
    pub outputs: Vec<Value>,
    /// The rows, nested ones named `instance.row`.
    pub rows: Vec<(String, Value)>,
}

/// An instruction where it is used: weights are the program's.
#[derive(Debug)]
pub(crate) struct Site {
    pub instr: Instr,
    /// The instruction's operands, then those of the epilogue.
    pub args: Vec<Value>,
    pub epilogue: Vec<Epilogue>,
    pub out: Value,
    /// The row that it makes, or that the sites after it make of its result.
    pub row: Option<String>,
}

impl Site {
    /// The operands of the instruction and those of the epilogue's additions.
    pub(crate) fn operands(&self) -> (Vec<Value>, Vec<Value>) {
        let (args, addends) = self.args.split_at(self.args.len() - Epilogue::addends(&self.epilogue));
        (args.to_vec(), addends.to_vec())
    }
}

impl Network {
    /// Inlines.
    pub(crate) fn new(program: &Program) -> Network {
        let entry = program.entry();
        let inputs: Vec<Value> = (0..entry.inputs as usize).collect();
        let mut network = Network {
            sites: Vec::new(),
            values: inputs.len(),
            inputs: inputs.clone(),
            outputs: Vec::new(),
            rows: Vec::new(),
        };
        let weights: Vec<WeightId> = (0..entry.weights).collect();
        network.outputs = network.inline(program, program.bodies.len() - 1, &inputs, &weights, "");
        network
    }

    /// Adds the steps of a body and gives its outputs.
    fn inline(
        &mut self,
        program: &Program,
        body: usize,
        inputs: &[Value],
        weights: &[WeightId],
        prefix: &str,
    ) -> Vec<Value> {
        let body = &program.bodies[body];
        let mut slots: Vec<Option<Value>> = vec![None; body.slots as usize];
        for (slot, &value) in slots.iter_mut().zip(inputs) {
            *slot = Some(value);
        }
        let read = |slots: &[Option<Value>], of: &[Slot]| -> Vec<Value> {
            of.iter()
                .map(|&slot| slots[slot as usize].expect("a program's steps come in an order in which they can run"))
                .collect()
        };
        let mut unnamed = self.sites.len();
        for step in &body.steps {
            let before = self.rows.len();
            match step {
                Step::Run { instr, args, epilogue, out, row } => {
                    let value = self.values;
                    self.values += 1;
                    self.sites.push(Site {
                        instr: instr.with_weights(weights),
                        args: read(&slots, args),
                        epilogue: epilogue.iter().map(|post| post.with_weights(weights)).collect(),
                        out: value,
                        row: None,
                    });
                    slots[*out as usize] = Some(value);
                    self.rows.extend(row.iter().map(|row| (format!("{prefix}{row}"), value)));
                }
                Step::Call { body, name, args, weights: passed, outs, rows } => {
                    let passed: Vec<WeightId> = passed.iter().map(|&weight| weights[weight as usize]).collect();
                    let args = read(&slots, args);
                    let made = self.inline(program, *body as usize, &args, &passed, &format!("{prefix}{name}."));
                    for ((&out, &value), row) in outs.iter().zip(&made).zip(rows) {
                        slots[out as usize] = Some(value);
                        self.rows.extend(row.iter().map(|row| (format!("{prefix}{row}"), value)));
                    }
                }
            }
            // What led to a row is accounted to it.
            if self.rows.len() > before {
                let name = self.rows[self.rows.len() - 1].0.clone();
                for site in &mut self.sites[unnamed..] {
                    site.row.get_or_insert_with(|| name.clone());
                }
                unnamed = self.sites.len();
            }
        }
        read(&slots, &body.outputs)
    }
}
