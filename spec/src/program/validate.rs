//! What must hold of every program, so that whoever plans one need not ask again.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, Branch, Convolution, Epilogue, Instr, Norm, Program, Resize, Slice, Step, Target, WeightId};

/// What is known of a weight's shape: a number where it is.
type Pattern = Vec<Option<usize>>;

/// For each weight of a body that is used, what its shape must be.
pub(crate) type Needs = BTreeMap<WeightId, Pattern>;

/// Checks that bodies call only earlier ones with what those take, that slots are defined once and before they are read,
/// that instructions have their operands and sensible attributes, and that weights exist in the shapes they are used in.
/// The error names the body, the step and what is wrong.
pub fn validate(program: &Program) -> Result<(), String> {
    let mut needs = Vec::<Needs>::new();
    for (at, body) in program.bodies.iter().enumerate() {
        let of_body = validate_body(&program.bodies[..at], &needs, body);
        needs.push(of_body.map_err(|reason| format!("body {at} `{}`: {reason}", body.name))?);
    }
    let (Some(entry), Some(needs)) = (program.bodies.last(), needs.last()) else {
        return Err("it has no body".into());
    };
    expect_count("inputs of the network", entry.inputs as usize, program.inputs.len())?;
    expect_count("outputs of the network", entry.outputs.len(), program.outputs.len())?;
    expect_count("weights of the network", entry.weights as usize, program.weights.len())?;
    for (id, pattern) in needs {
        let weight = &program.weights[*id as usize];
        let shape: Pattern = weight.shape.iter().copied().map(Some).collect();
        if unify(&shape, pattern).is_none() {
            return Err(format!("weight `{}` is {}, but is used as {}", weight.name, show(&shape), show(pattern)));
        }
    }
    Ok(())
}

/// Checks one body that may call `earlier` ones, of which `earlier_needs` says what they need of their weights; gives what it
/// needs of its own.
pub(crate) fn validate_body(earlier: &[Body], earlier_needs: &[Needs], body: &Body) -> Result<Needs, String> {
    BodyCheck::new(earlier, earlier_needs, body).run()
}

struct BodyCheck<'a> {
    /// The bodies that it may call, and what they need of their weights.
    earlier: &'a [Body],
    earlier_needs: &'a [Needs],
    body: &'a Body,
    defined: BTreeSet<u32>,
    needs: Needs,
}

impl<'a> BodyCheck<'a> {
    fn new(earlier: &'a [Body], earlier_needs: &'a [Needs], body: &'a Body) -> BodyCheck<'a> {
        BodyCheck { earlier, earlier_needs, body, defined: BTreeSet::new(), needs: Needs::new() }
    }

    fn run(mut self) -> Result<Needs, String> {
        let body = self.body;
        if body.inputs > body.slots {
            return Err(format!("it has {} inputs in {} slots", body.inputs, body.slots));
        }
        for (at, step) in body.steps.iter().enumerate() {
            self.step(step).map_err(|reason| format!("step {at}: {reason}"))?;
        }
        self.read(&body.outputs).map_err(|reason| format!("outputs: {reason}"))?;
        Ok(self.needs)
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Run { instr, args, epilogue, out, row: _ } => {
                self.read(args)?;
                let operands = operands(instr, epilogue, args.len())?;
                check_attributes(instr)?;
                self.instr_weights(instr, operands)?;
                self.epilogue(instr, epilogue)?;
                self.define(*out)
            }
            Step::Call { body, name: _, args, weights, outs, rows } => {
                let Some(callee) = self.earlier.get(*body as usize) else {
                    return Err(format!("calls body {body}, which does not stand before it"));
                };
                let needs = &self.earlier_needs[*body as usize];
                self.read(args)?;
                expect_count("operands of the call", args.len(), callee.inputs as usize)?;
                expect_count("weights of the call", weights.len(), callee.weights as usize)?;
                expect_count("results of the call", outs.len(), callee.outputs.len())?;
                expect_count("row names of the call", rows.len(), outs.len())?;
                for id in weights {
                    self.weight_exists(*id)?;
                }
                for (id, pattern) in needs {
                    self.need(weights[*id as usize], pattern.clone())?;
                }
                outs.iter().try_for_each(|out| self.define(*out))
            }
        }
    }

    fn read(&self, slots: &[u32]) -> Result<(), String> {
        let undefined = |slot: &&u32| **slot >= self.body.inputs && !self.defined.contains(slot);
        match slots.iter().find(undefined) {
            Some(slot) => Err(format!("reads %{slot}, which no earlier step defines")),
            None => Ok(()),
        }
    }

    fn define(&mut self, slot: u32) -> Result<(), String> {
        if slot >= self.body.slots {
            return Err(format!("defines %{slot} of only {} slots", self.body.slots));
        }
        if slot < self.body.inputs || !self.defined.insert(slot) {
            return Err(format!("defines %{slot} again"));
        }
        Ok(())
    }

    fn weight_exists(&self, id: WeightId) -> Result<(), String> {
        if id < self.body.weights {
            return Ok(());
        }
        Err(format!("uses weight {id} of only {}", self.body.weights))
    }

    fn need(&mut self, id: WeightId, pattern: Pattern) -> Result<(), String> {
        self.weight_exists(id)?;
        let known = self.needs.entry(id).or_insert_with(|| pattern.clone());
        match unify(known, &pattern) {
            Some(both) => {
                *known = both;
                Ok(())
            }
            None => Err(format!("uses weight {id} as {}, but as {} before", show(&pattern), show(known))),
        }
    }

    /// What an instruction needs of its weights; the shapes are those that [`Instr`] documents.
    fn instr_weights(&mut self, instr: &Instr, operands: usize) -> Result<(), String> {
        let (weight, pattern, bias) = match instr {
            Instr::Conv(Convolution { channels, kernel: [rows, columns], weight, bias, .. }) => {
                (*weight, vec![Some(*channels), None, Some(*rows), Some(*columns)], *bias)
            }
            Instr::TransposedConv { channels, stride, weight, bias } => {
                (*weight, vec![None, Some(*channels), Some(*stride), Some(*stride)], *bias)
            }
            Instr::Gemm { features, weight, bias } => (*weight, vec![Some(*features), None], *bias),
            Instr::WeightedSum { weight, .. } => (*weight, vec![Some(operands)], None),
            Instr::LayerNorm { weight, bias, .. } | Instr::GroupNorm { weight, bias, .. } => {
                (*weight, vec![None], Some(*bias))
            }
            Instr::Learned { channels, count, weight } => (*weight, vec![Some(1), Some(*count), Some(*channels)], None),
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
            | Instr::Reassemble { .. } => return Ok(()),
        };
        self.need(weight, pattern)?;
        bias.map_or(Ok(()), |bias| self.need(bias, vec![channels(instr)]))
    }

    fn epilogue(&mut self, instr: &Instr, epilogue: &[Epilogue]) -> Result<(), String> {
        let channels = channels(instr);
        for (at, stage) in epilogue.iter().enumerate() {
            match stage {
                Epilogue::Norm(norm) => self.norm(norm, channels)?,
                Epilogue::Branch(branch) => self.branch(branch, instr, &epilogue[..at])?,
                Epilogue::Add { resize: Some(Resize { target: Target::Factor(0), .. }) } => {
                    return Err("an addition resizes by the factor 0".into());
                }
                Epilogue::LayerScale { weight } => self.need(*weight, vec![channels])?,
                Epilogue::Add { resize: _ } | Epilogue::Activation(_) | Epilogue::Scale { .. } => {}
            }
        }
        Ok(())
    }

    fn norm(&mut self, norm: &Norm, channels: Option<usize>) -> Result<(), String> {
        norm.weights().into_iter().try_for_each(|id| self.need(id, vec![channels]))
    }

    fn branch(&mut self, branch: &Branch, instr: &Instr, before: &[Epilogue]) -> Result<(), String> {
        let conv = branch.convolution(instr, before)?;
        let own = branch.conv.clone().map(Instr::Conv);
        own.iter().try_for_each(check_attributes)?;
        own.iter().try_for_each(|own| self.instr_weights(own, 1))?;
        if own.is_none() {
            // What is added as it is has the channels of the sum.
            let inputs = Some(conv.channels / conv.groups);
            self.need(conv.weight, vec![Some(conv.channels), inputs, Some(conv.kernel[0]), Some(conv.kernel[1])])?;
        }
        branch.norm.iter().try_for_each(|norm| self.norm(norm, Some(conv.channels)))
    }
}

/// How many of so many arguments are the instruction's own; the others are what its epilogue adds.
fn operands(instr: &Instr, epilogue: &[Epilogue], arguments: usize) -> Result<usize, String> {
    let added = Epilogue::addends(epilogue);
    let own = instr.operands().unwrap_or(arguments.saturating_sub(added).max(1));
    expect_count("operands", arguments, own + added)?;
    Ok(own)
}

/// The channels that an instruction makes, where it says so itself.
fn channels(instr: &Instr) -> Option<usize> {
    match instr {
        Instr::Conv(Convolution { channels, .. })
        | Instr::TransposedConv { channels, .. }
        | Instr::Gemm { features: channels, .. }
        | Instr::Learned { channels, .. } => Some(*channels),
        Instr::Pool(_)
        | Instr::GlobalAveragePool
        | Instr::AdaptiveAveragePool { .. }
        | Instr::Resize(_)
        | Instr::Concat { .. }
        | Instr::Flatten
        | Instr::L2Normalize { .. }
        | Instr::WeightedSum { .. }
        | Instr::Elementwise
        | Instr::LayerNorm { .. }
        | Instr::GroupNorm { .. }
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
        | Instr::Reassemble { .. } => None,
    }
}

/// No attribute is 0 that divides or counts.
fn check_attributes(instr: &Instr) -> Result<(), String> {
    let positive = |name: &str, values: &[usize]| match values.contains(&0) {
        true => Err(format!("its {name} is 0, expected at least 1")),
        false => Ok(()),
    };
    match instr {
        Instr::Conv(conv) => {
            positive("channels", &[conv.channels])?;
            positive("kernel", &conv.kernel)?;
            positive("stride", &conv.stride)?;
            positive("dilation", &conv.dilation)?;
            positive("groups", &[conv.groups])?;
            if conv.channels % conv.groups != 0 {
                let (channels, groups) = (conv.channels, conv.groups);
                return Err(format!("its {channels} channels do not split into {groups} groups"));
            }
            Ok(())
        }
        Instr::TransposedConv { channels, stride, .. } => {
            positive("channels", &[*channels])?;
            positive("stride", &[*stride])
        }
        Instr::Gemm { features, .. } => positive("features", &[*features]),
        Instr::Pool(pool) => {
            positive("kernel", &pool.kernel)?;
            positive("stride", &pool.stride)
        }
        Instr::AdaptiveAveragePool { size: Some(size) } => positive("size", size),
        Instr::Resize(Resize { target: Target::Factor(factor), .. }) => positive("factor", &[*factor]),
        Instr::GroupNorm { groups, .. } => positive("groups", &[*groups]),
        Instr::Attention { heads } => positive("heads", &[*heads]),
        Instr::Fold { size: Some(size) } => positive("size", size),
        Instr::Learned { channels, count, .. } => positive("size", &[*channels, *count]),
        Instr::Resize(Resize { target: Target::Like, .. })
        | Instr::GlobalAveragePool
        | Instr::Concat { .. }
        | Instr::Flatten
        | Instr::L2Normalize { .. }
        | Instr::WeightedSum { .. }
        | Instr::Elementwise
        | Instr::LayerNorm { .. }
        | Instr::Multiply
        | Instr::Mean { .. }
        | Instr::MatMul
        | Instr::Tokens
        | Instr::Fold { size: None }
        | Instr::AdaptiveAveragePool { size: None }
        | Instr::Softmax
        | Instr::SinePositions { .. } => Ok(()),
        Instr::PixelShuffle { factor } => positive("factor", &[*factor]),
        Instr::ChannelShuffle { groups } => positive("groups", &[*groups]),
        Instr::Reassemble { kernel, factor } => {
            positive("factor", &[*factor])?;
            match kernel % 2 {
                1 => Ok(()),
                _ => Err(format!("its kernel of {kernel} cells has no middle")),
            }
        }
        Instr::Slice(Slice { length, .. }) => positive("length", &[length.unwrap_or(1)]),
        Instr::Permute { order } => {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            match order.first() == Some(&0) && sorted.into_iter().eq(0..order.len()) {
                true => Ok(()),
                false => Err(format!("its order {order:?} is no order of axes that leaves the batch first")),
            }
        }
    }
}

fn expect_count(what: &str, found: usize, expected: usize) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("found {found} {what}, expected {expected}"))
}

/// What is known of a shape that both patterns describe; none where they disagree.
fn unify(a: &Pattern, b: &Pattern) -> Option<Pattern> {
    let agree = |(a, b): (&Option<usize>, &Option<usize>)| match (a, b) {
        (Some(a), Some(b)) if a != b => None,
        (a, b) => Some(a.or(*b)),
    };
    if a.len() != b.len() {
        return None;
    }
    a.iter().zip(b).map(agree).collect()
}

/// `[64, ?, 3, 3]`.
fn show(pattern: &Pattern) -> String {
    let extent = |extent: &Option<usize>| extent.map_or("?".to_string(), |n| n.to_string());
    format!("[{}]", pattern.iter().map(extent).collect::<Vec<_>>().join(", "))
}

/// A small program made by hand, with a body that is called twice.
#[cfg(test)]
pub(super) mod sample {
    use crate::program::*;
    use crate::size::{Relation, Size, decide};

    fn conv(channels: usize, kernel: usize, padding: usize, weight: WeightId, bias: Option<WeightId>) -> Instr {
        Instr::Conv(Convolution {
            channels,
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: [padding; 2],
            dilation: [1; 2],
            groups: 1,
            weight,
            bias,
        })
    }

    fn run(instr: Instr, args: &[Slot], epilogue: Vec<Epilogue>, out: Slot, row: Option<&str>) -> Step {
        Step::Run { instr, args: args.to_vec(), epilogue, out, row: row.map(String::from) }
    }

    fn call(name: &str, arg: Slot, weights: Vec<WeightId>, out: Slot, row: Option<&str>) -> Step {
        let rows = vec![row.map(String::from)];
        Step::Call { body: 0, name: name.into(), args: vec![arg], weights, outs: vec![out], rows }
    }

    /// x + relu(norm(conv3x3(x))) on 8 channels.
    fn block() -> Body {
        let norm = Norm { weight: 1, bias: 2, mean: 3, variance: 4, eps: 1e-5 };
        let epilogue =
            vec![Epilogue::Norm(norm), Epilogue::Activation(Activation::Relu), Epilogue::Add { resize: None }];
        Body {
            name: "Residual".into(),
            inputs: 1,
            slots: 2,
            weights: 5,
            steps: vec![run(conv(8, 3, 1, 0, None), &[0, 0], epilogue, 1, Some("out"))],
            outputs: vec![1],
        }
    }

    fn network() -> Body {
        let stem = Instr::Conv(Convolution {
            channels: 8,
            kernel: [7, 5],
            stride: [2, 1],
            padding: [3, 2],
            dilation: [1, 1],
            groups: 1,
            weight: 0,
            bias: Some(1),
        });
        let pool = Instr::Pool(Pool { kind: PoolKind::Max, kernel: [3; 2], stride: [2; 2], padding: [1; 2] });
        let up = Resize { mode: ResizeMode::Nearest, target: Target::Factor(2) };
        let like = Resize { mode: ResizeMode::Bilinear, target: Target::Like };
        let sum = Instr::WeightedSum { weight: 12, normalise: Normalise::Relu, eps: 1e-4 };
        Body {
            name: "Tiny".into(),
            inputs: 1,
            slots: 9,
            weights: 16,
            steps: vec![
                run(stem, &[0], vec![Epilogue::Activation(Activation::Silu)], 1, Some("C1")),
                call("stage.0", 1, (2..7).collect(), 2, None),
                call("stage.1", 2, (7..12).collect(), 3, Some("C2")),
                run(pool, &[3], vec![], 4, Some("C3")),
                run(Instr::Resize(like), &[4, 3], vec![], 5, None),
                run(sum, &[3, 5], vec![], 6, Some("F")),
                run(conv(4, 1, 0, 13, None), &[6, 4], vec![Epilogue::Add { resize: Some(up) }], 7, Some("P")),
                run(Instr::Gemm { features: 10, weight: 14, bias: Some(15) }, &[7], vec![], 8, None),
            ],
            outputs: vec![7, 8],
        }
    }

    fn weights() -> Vec<Weight> {
        let weight = |name: &str, shape: &[usize], learnable, init| Weight {
            name: name.into(),
            shape: shape.to_vec(),
            learnable,
            init,
        };
        let mut weights = vec![
            weight("stem.weight", &[8, 3, 7, 5], true, Init::Normal { std: 0.5 }),
            weight("stem.bias", &[8], true, Init::Constant(0.0)),
        ];
        for stage in ["stage.0", "stage.1"] {
            let name = |part: &str| format!("{stage}.{part}");
            weights.extend([
                weight(&name("conv.weight"), &[8, 8, 3, 3], true, Init::Uniform { bound: 0.25 }),
                weight(&name("norm.weight"), &[8], true, Init::Constant(1.0)),
                weight(&name("norm.bias"), &[8], true, Init::Constant(0.0)),
                weight(&name("norm.running_mean"), &[8], false, Init::Constant(0.0)),
                weight(&name("norm.running_var"), &[8], false, Init::Constant(1.0)),
            ]);
        }
        weights.extend([
            weight("F.w", &[2], true, Init::Constant(1.0)),
            weight("head.weight", &[4, 8, 1, 1], true, Init::Normal { std: 0.01 }),
            weight("fc.weight", &[10, 32], true, Init::Normal { std: 0.01 }),
            weight("fc.bias", &[10], true, Init::Constant(0.0)),
        ]);
        weights
    }

    pub(in crate::program) fn program() -> Program {
        let [b, h, w] = ["B", "H", "W"].map(Size::symbol);
        let channels = Size::constant;
        Program {
            name: "Tiny".into(),
            settings: vec![("fuse".into(), "fast".into())],
            symbols: vec![FreeSize { symbol: "H".into(), at: Some(64) }, FreeSize { symbol: "W".into(), at: None }],
            legal: decide(&["H".into(), "W".into()], &[Relation::Multiple(h.clone(), 4)]),
            inputs: vec![Input {
                name: "image".into(),
                shape: vec![b.clone(), channels(3), h.clone(), w.clone()],
                image: Some(Preprocessing {
                    bgr: false,
                    scale: 0.5,
                    mean: vec![0.5, 0.25, 0.125],
                    std: vec![1.0, 1.0, 2.0],
                    fit: Fit::Cover,
                }),
            }],
            outputs: vec![
                Output { name: "P".into(), shape: vec![b.clone(), channels(4), h.ceil_div(2), w] },
                Output { name: "classes".into(), shape: vec![b.clone(), channels(10)] },
            ],
            weights: weights(),
            ignored: vec!["aux.*".into()],
            rows: vec![Row { name: "C1".into(), text: "stem(image)".into(), shape: vec![b], declared: false }],
            layers: vec![Layer { name: "stem".into(), text: "Conv2d".into(), parameters: 848, children: vec![] }],
            bodies: vec![block(), network()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sample::program;
    use super::*;

    #[test]
    fn the_sample_is_valid() {
        assert_eq!(validate(&program()), Ok(()));
    }

    /// The steps of the network of the sample.
    fn steps(program: &mut Program) -> &mut Vec<Step> {
        &mut program.bodies[1].steps
    }

    fn conv(step: &mut Step) -> &mut Convolution {
        match step {
            Step::Run { instr: Instr::Conv(conv), .. } => conv,
            step => panic!("expected a convolution, found {step:?}"),
        }
    }

    fn args(step: &mut Step) -> &mut Vec<u32> {
        match step {
            Step::Run { args, .. } | Step::Call { args, .. } => args,
        }
    }

    #[test]
    fn each_fault_is_named() {
        type Fault = fn(&mut Program);
        let cases: &[(Fault, &str)] = &[
            (|p| p.bodies.clear(), "it has no body"),
            (|p| *args(&mut steps(p)[3]) = vec![6], "body 1 `Tiny`: step 3: reads %6, which no earlier step defines"),
            (|p| args(&mut steps(p)[3]).push(3), "body 1 `Tiny`: step 3: found 2 operands, expected 1"),
            (|p| args(&mut steps(p)[5]).clear(), "body 1 `Tiny`: step 5: found 0 operands, expected 1"),
            (|p| *args(&mut steps(p)[5]) = vec![3], "weight `F.w` is [2], but is used as [1]"),
            (|p| *args(&mut steps(p)[6]) = vec![6], "body 1 `Tiny`: step 6: found 1 operands, expected 2"),
            (
                |p| {
                    let again = steps(p)[0].clone();
                    steps(p).push(again);
                },
                "body 1 `Tiny`: step 8: defines %1 again",
            ),
            (|p| p.bodies[1].slots = 8, "body 1 `Tiny`: step 7: defines %8 of only 8 slots"),
            (|p| p.bodies[0].inputs = 3, "body 0 `Residual`: it has 3 inputs in 2 slots"),
            (|p| p.bodies[1].outputs = vec![7, 20], "body 1 `Tiny`: outputs: reads %20, which no earlier step defines"),
            (|p| p.bodies[1].outputs.truncate(1), "found 1 outputs of the network, expected 2"),
            (|p| p.inputs.clear(), "found 1 inputs of the network, expected 0"),
            (|p| p.weights.truncate(3), "found 16 weights of the network, expected 3"),
            (|p| p.bodies[1].weights = 14, "body 1 `Tiny`: step 7: uses weight 14 of only 14"),
            (
                |p| p.weights[7].shape[0] = 9,
                "weight `stage.1.conv.weight` is [9, 8, 3, 3], but is used as [8, ?, 3, 3]",
            ),
            (|p| p.weights[0].shape.truncate(2), "weight `stem.weight` is [8, 3], but is used as [8, ?, 7, 5]"),
            (
                |p| conv(&mut steps(p)[6]).weight = 0,
                "body 1 `Tiny`: step 6: uses weight 0 as [4, ?, 1, 1], but as [8, ?, 7, 5] before",
            ),
            (|p| conv(&mut steps(p)[0]).stride[1] = 0, "body 1 `Tiny`: step 0: its stride is 0, expected at least 1"),
            (|p| conv(&mut steps(p)[0]).groups = 3, "body 1 `Tiny`: step 0: its 8 channels do not split into 3 groups"),
            (
                |p| {
                    let Step::Call { body, .. } = &mut steps(p)[1] else { return };
                    *body = 1;
                },
                "body 1 `Tiny`: step 1: calls body 1, which does not stand before it",
            ),
            (
                |p| {
                    let Step::Call { weights, .. } = &mut steps(p)[1] else { return };
                    weights.pop();
                },
                "body 1 `Tiny`: step 1: found 4 weights of the call, expected 5",
            ),
            (
                |p| {
                    let Step::Call { weights, .. } = &mut steps(p)[1] else { return };
                    weights[0] = 16;
                },
                "body 1 `Tiny`: step 1: uses weight 16 of only 16",
            ),
            (
                |p| {
                    let Step::Call { rows, .. } = &mut steps(p)[1] else { return };
                    rows.clear();
                },
                "body 1 `Tiny`: step 1: found 0 row names of the call, expected 1",
            ),
            (
                |p| {
                    let Step::Run { epilogue, .. } = &mut steps(p)[6] else { return };
                    let Epilogue::Add { resize: Some(resize) } = &mut epilogue[0] else { return };
                    resize.target = Target::Factor(0);
                },
                "body 1 `Tiny`: step 6: an addition resizes by the factor 0",
            ),
        ];
        for (plant, message) in cases {
            let mut program = program();
            plant(&mut program);
            assert_eq!(validate(&program), Err(message.to_string()));
        }
    }
}
