//! A program with its calls inlined: one body, for tools that look at each step by itself.

use super::{Body, Convolution, Epilogue, Instr, Norm, Program, Slot, Step, WeightId};

impl Program {
    /// The program with one body, whose rows have their full names and whose weights are the program's.
    pub fn inlined(&self) -> Program {
        let entry = self.entry();
        let mut inline = Inline { program: self, steps: Vec::new(), slots: entry.inputs };
        let weights: Vec<WeightId> = (0..entry.weights).collect();
        let outputs = inline.body(self.bodies.len() - 1, (0..entry.inputs).collect(), &weights, "");
        let body = Body {
            name: entry.name.clone(),
            inputs: entry.inputs,
            slots: inline.slots,
            weights: entry.weights,
            steps: inline.steps,
            outputs,
        };
        Program { bodies: vec![body], ..self.clone() }
    }
}

struct Inline<'p> {
    program: &'p Program,
    steps: Vec<Step>,
    slots: u32,
}

impl Inline<'_> {
    /// Adds the steps of a body that reads `inputs`; gives its outputs.
    fn body(&mut self, body: usize, inputs: Vec<Slot>, weights: &[WeightId], prefix: &str) -> Vec<Slot> {
        let program = self.program;
        let body = &program.bodies[body];
        // A body's slots are numbered in no stated order beyond its inputs.
        let mut slots: Vec<Option<Slot>> = inputs.into_iter().map(Some).collect();
        slots.resize(body.slots as usize, None);
        let read = |slots: &[Option<Slot>], of: &[Slot]| -> Vec<Slot> {
            let slot =
                |&slot: &Slot| slots[slot as usize].expect("a program's steps come in an order in which they can run");
            of.iter().map(slot).collect()
        };
        for step in &body.steps {
            match step {
                Step::Run { instr, args, epilogue, out, row } => {
                    slots[*out as usize] = Some(self.slots);
                    self.steps.push(Step::Run {
                        instr: outside(instr, weights),
                        args: read(&slots, args),
                        epilogue: epilogue.iter().map(|post| post_outside(post, weights)).collect(),
                        out: self.slots,
                        row: row.as_ref().map(|row| format!("{prefix}{row}")),
                    });
                    self.slots += 1;
                }
                Step::Call { body: called, name, args, weights: passed, outs, rows } => {
                    let passed: Vec<WeightId> = passed.iter().map(|&weight| weights[weight as usize]).collect();
                    let args = read(&slots, args);
                    let made = self.body(*called as usize, args, &passed, &format!("{prefix}{name}."));
                    for ((&out, row), slot) in outs.iter().zip(rows).zip(made) {
                        slots[out as usize] = Some(slot);
                        if let Some(row) = row {
                            self.name(slot, format!("{prefix}{row}"));
                        }
                    }
                }
            }
        }
        read(&slots, &body.outputs)
    }

    /// A map that an instance gives is known by the row outside.
    fn name(&mut self, slot: Slot, name: String) {
        let made = self.steps.iter_mut().find_map(|step| match step {
            Step::Run { out, row, .. } if *out == slot => Some(row),
            _ => None,
        });
        if let Some(row) = made {
            *row = Some(name);
        }
    }
}

/// An instruction with the weights that its own are outside.
fn outside(instr: &Instr, weights: &[WeightId]) -> Instr {
    let own = |id: WeightId| weights[id as usize];
    match instr {
        Instr::Conv(conv) => {
            Instr::Conv(Convolution { weight: own(conv.weight), bias: conv.bias.map(own), ..conv.clone() })
        }
        Instr::TransposedConv { channels, stride, weight, bias } => {
            Instr::TransposedConv { channels: *channels, stride: *stride, weight: own(*weight), bias: bias.map(own) }
        }
        Instr::Gemm { features, weight, bias } => {
            Instr::Gemm { features: *features, weight: own(*weight), bias: bias.map(own) }
        }
        Instr::WeightedSum { weight, normalise, eps } => {
            Instr::WeightedSum { weight: own(*weight), normalise: *normalise, eps: *eps }
        }
        Instr::Pool(_)
        | Instr::GlobalAveragePool
        | Instr::AdaptiveAveragePool { .. }
        | Instr::Resize(_)
        | Instr::Concat
        | Instr::Flatten
        | Instr::L2Normalize { .. }
        | Instr::Elementwise => instr.clone(),
    }
}

fn post_outside(post: &Epilogue, weights: &[WeightId]) -> Epilogue {
    let own = |id: WeightId| weights[id as usize];
    match post {
        Epilogue::Norm(norm) => Epilogue::Norm(Norm {
            weight: own(norm.weight),
            bias: own(norm.bias),
            mean: own(norm.mean),
            variance: own(norm.variance),
            eps: norm.eps,
        }),
        Epilogue::Activation(_) | Epilogue::Add { .. } => post.clone(),
    }
}
