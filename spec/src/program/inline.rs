//! A program with its calls inlined: one body, for tools that look at each step by itself.

use super::{Body, Convolution, Epilogue, Instr, Norm, Program, Slot, Step, WeightId};

impl Program {
    /// The program with one body, whose rows have their full names and whose weights are the program's.
    pub fn inlined(&self) -> Program {
        self.inlined_with_rows().0
    }

    /// The program inlined, and the slots of its rows in the order in which they are made. A map that an instance gives has a
    /// name inside and one outside, and a block that is applied twice gives each of its names twice.
    pub fn inlined_with_rows(&self) -> (Program, Vec<(String, Slot)>) {
        let entry = self.entry();
        let mut inline = Inline { program: self, steps: Vec::new(), slots: entry.inputs, rows: Vec::new() };
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
        (Program { bodies: vec![body], ..self.clone() }, inline.rows)
    }
}

struct Inline<'p> {
    program: &'p Program,
    steps: Vec<Step>,
    slots: u32,
    rows: Vec<(String, Slot)>,
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
                    self.rows.extend(row.iter().map(|row| (format!("{prefix}{row}"), self.slots)));
                    self.steps.push(Step::Run {
                        instr: instr.with_weights(weights),
                        args: read(&slots, args),
                        epilogue: epilogue.iter().map(|post| post.with_weights(weights)).collect(),
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
            *row = Some(name.clone());
        }
        self.rows.push((name, slot));
    }
}

impl Instr {
    /// The instruction as it stands outside its body: `weights` are what the body's are there.
    pub fn with_weights(&self, weights: &[WeightId]) -> Instr {
        let mut instr = self.clone();
        for weight in instr.weights_mut() {
            *weight = weights[*weight as usize];
        }
        instr
    }

    /// The weights that it multiplies with and adds.
    pub fn weights(&self) -> Vec<WeightId> {
        self.clone().weights_mut().into_iter().map(|weight| *weight).collect()
    }

    fn weights_mut(&mut self) -> Vec<&mut WeightId> {
        match self {
            Instr::Conv(Convolution { weight, bias, .. })
            | Instr::TransposedConv { weight, bias, .. }
            | Instr::Gemm { weight, bias, .. } => std::iter::once(weight).chain(bias).collect(),
            Instr::WeightedSum { weight, .. } | Instr::Learned { weight, .. } => vec![weight],
            Instr::LayerNorm { weight, bias, .. } | Instr::GroupNorm { weight, bias, .. } => vec![weight, bias],
            Instr::Pool(_)
            | Instr::GlobalAveragePool
            | Instr::AdaptiveAveragePool { .. }
            | Instr::Resize(_)
            | Instr::Concat { .. }
            | Instr::Flatten
            | Instr::L2Normalize { .. }
            | Instr::Elementwise
            | Instr::Multiply
            | Instr::Mean { .. }
            | Instr::Slice(_)
            | Instr::Permute { .. }
            | Instr::Attention { .. }
            | Instr::MatMul
            | Instr::Tokens
            | Instr::Fold { .. }
            | Instr::SinePositions { .. }
            | Instr::Softmax
            | Instr::PixelShuffle { .. }
            | Instr::ChannelShuffle { .. }
            | Instr::Reassemble { .. } => Vec::new(),
        }
    }
}

impl Norm {
    /// As it stands where weights are called otherwise.
    pub(super) fn renamed(&self, name: impl Fn(WeightId) -> WeightId) -> Norm {
        Norm {
            weight: name(self.weight),
            bias: name(self.bias),
            mean: name(self.mean),
            variance: name(self.variance),
            eps: self.eps,
        }
    }

    /// γ, β, the mean and the variance.
    pub(super) fn weights(&self) -> [WeightId; 4] {
        [self.weight, self.bias, self.mean, self.variance]
    }
}

impl Epilogue {
    /// The step as it stands outside its body: `weights` are what the body's are there.
    pub fn with_weights(&self, weights: &[WeightId]) -> Epilogue {
        let outside = |weight: WeightId| weights[weight as usize];
        match self {
            Epilogue::Norm(norm) => Epilogue::Norm(norm.renamed(outside)),
            Epilogue::Branch(branch) => Epilogue::Branch(branch.renamed(outside)),
            Epilogue::LayerScale { weight } => Epilogue::LayerScale { weight: outside(*weight) },
            Epilogue::Activation(_) | Epilogue::Add { .. } | Epilogue::Scale { .. } => self.clone(),
        }
    }

    /// The weights that it multiplies with and adds.
    pub fn weights(&self) -> Vec<WeightId> {
        match self {
            Epilogue::Norm(norm) => norm.weights().into(),
            Epilogue::Branch(branch) => branch.weights(),
            Epilogue::LayerScale { weight } => vec![*weight],
            Epilogue::Activation(_) | Epilogue::Add { .. } | Epilogue::Scale { .. } => Vec::new(),
        }
    }

    /// How many of a step's operands, the last ones, belong to its epilogue.
    pub fn addends(epilogue: &[Epilogue]) -> usize {
        epilogue.iter().filter(|post| matches!(post, Epilogue::Add { .. })).count()
    }
}
