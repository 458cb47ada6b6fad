//! The forward pass of a class: a statement a row.

use std::collections::BTreeSet;

use neckar_spec::program::{
    Activation, Epilogue, Instr, Norm, PoolKind, Program, Resize, ResizeMode, Slice, Step, Target, WeightId,
};

use super::inputs::InputNames;
use super::instances::Instance;
use super::modules::{Modules, pair};
use super::sequential::application;

/// Words that are no names in Python.
pub(super) const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Names that the file itself uses.
const TAKEN: &[&str] = &["self", "torch", "F", "nn", "sum", "zip", "getattr", "multi_head_attention", "sine_positions"];

/// An expression longer than this becomes a statement of its own.
const LONGEST: usize = 76;

/// The text of `forward`.
pub(super) fn forward(program: &Program, instance: &Instance, modules: &Modules, inputs: &InputNames) -> String {
    let body = &program.bodies[instance.body];
    let is_network = instance.body == program.bodies.len() - 1;
    let mut names = Names { taken: TAKEN.iter().chain(KEYWORDS).map(|&name| name.to_owned()).collect() };
    let inputs = &inputs[&(body.name.as_str(), body.inputs as usize)];
    let inputs: Vec<String> = inputs.iter().map(|name| names.fresh(name)).collect();
    let mut text = format!("    def forward(self, {}):\n", inputs.join(", "));
    let mut slots: Vec<String> = inputs;
    slots.resize(body.slots as usize, String::new());
    let reads = reads(body);
    for (step, call) in body.steps.iter().zip(&instance.calls) {
        // Of a list that is applied as a whole, only the last member shows.
        let whole = application(instance, step, call).and_then(|(path, arg, out)| {
            let (list, last) = modules.in_sequence(path)?;
            Some((list, last, arg, out))
        });
        if let Some((_, false, arg, out)) = whole {
            slots[out as usize] = slots[arg as usize].clone();
            continue;
        }
        let whole = whole.map(|(list, _, arg, _)| format!("{}({})", modules.access(list), slots[arg as usize]));
        match step {
            Step::Run { instr, args, epilogue, out, row } => {
                let args: Vec<&str> = args.iter().map(|&slot| slots[slot as usize].as_str()).collect();
                let expression =
                    whole.unwrap_or_else(|| Expressions { instance, modules }.step(instr, epilogue, &args));
                let inline = row.is_none() && reads[*out as usize] <= 1 && expression.len() <= LONGEST;
                slots[*out as usize] = if inline {
                    expression
                } else {
                    let name = names.fresh(row.as_deref().unwrap_or("x"));
                    text.push_str(&format!("        {name} = {expression}\n"));
                    name
                };
            }
            Step::Call { args, outs, rows, .. } => {
                let path = call.as_ref().map_or("", |(_, path)| path.as_str());
                let args: Vec<&str> = args.iter().map(|&slot| slots[slot as usize].as_str()).collect();
                let expression = whole.unwrap_or_else(|| format!("{}({})", modules.access(path), args.join(", ")));
                let only = match (outs.as_slice(), rows.as_slice()) {
                    ([out], [None]) if reads[*out as usize] <= 1 && expression.len() <= LONGEST => Some(*out),
                    _ => None,
                };
                if let Some(out) = only {
                    slots[out as usize] = expression;
                    continue;
                }
                for (out, row) in outs.iter().zip(rows) {
                    slots[*out as usize] = names.fresh(row.as_deref().unwrap_or("x"));
                }
                let made: Vec<&str> = outs.iter().map(|&out| slots[out as usize].as_str()).collect();
                text.push_str(&format!("        {} = {expression}\n", made.join(", ")));
            }
        }
    }
    let results: Vec<&str> = body.outputs.iter().map(|&slot| slots[slot as usize].as_str()).collect();
    if is_network {
        let pairs = program.outputs.iter().zip(&results);
        let pairs: Vec<String> = pairs.map(|(output, value)| format!("\"{}\": {value}", output.name)).collect();
        text.push_str(&format!("        return {{{}}}\n", pairs.join(", ")));
    } else {
        text.push_str(&format!("        return {}\n", results.join(", ")));
    }
    text
}

/// How many times each slot is read, the outputs too.
pub(super) fn reads(body: &neckar_spec::program::Body) -> Vec<usize> {
    let mut reads = vec![0; body.slots as usize];
    let args = body.steps.iter().flat_map(|step| match step {
        Step::Run { args, .. } | Step::Call { args, .. } => args,
    });
    for &slot in args.chain(&body.outputs) {
        reads[slot as usize] += 1;
    }
    reads
}

/// Names of variables.
struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name that no variable has yet.
    fn fresh(&mut self, name: &str) -> String {
        let start: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        // PEP 8 has it so for words of the language.
        let start = if KEYWORDS.contains(&start.as_str()) { start + "_" } else { start };
        let numbered = (1..).map(|n| format!("{start}_{n}"));
        let mut candidates = std::iter::once(start.clone()).chain(numbered);
        candidates.find(|name| self.taken.insert(name.clone())).unwrap_or(start)
    }
}

struct Expressions<'a> {
    instance: &'a Instance,
    modules: &'a Modules,
}

impl Expressions<'_> {
    fn module(&self, weight: WeightId) -> String {
        let name = &self.instance.weights[weight as usize];
        self.modules.access(name.rsplit_once('.').map_or(name.as_str(), |(module, _)| module))
    }

    fn step(&self, instr: &Instr, epilogue: &[Epilogue], args: &[&str]) -> String {
        let addends = Epilogue::addends(epilogue);
        let (args, mut addends) = args.split_at(args.len() - addends);
        let mut value = self.instr(instr, args);
        for post in epilogue {
            value = match post {
                Epilogue::Norm(Norm { weight, .. }) => format!("{}({value})", self.module(*weight)),
                Epilogue::Activation(Activation::Relu) => format!("F.relu({value})"),
                Epilogue::Activation(Activation::Silu) => format!("F.silu({value})"),
                Epilogue::Activation(Activation::Sigmoid) => format!("torch.sigmoid({value})"),
                Epilogue::Activation(Activation::Gelu) => format!("F.gelu({value})"),
                Epilogue::LayerScale { weight } => format!("{}({value})", self.module(*weight)),
                Epilogue::Activation(Activation::HardSigmoid) => format!("F.hardsigmoid({value})"),
                Epilogue::Activation(Activation::HardSwish) => format!("F.hardswish({value})"),
                Epilogue::Scale { factor } => format!("{} * {factor:?}", grouped(&value)),
                Epilogue::Branch(_) => unreachable!("modules are made of programs that no pass went over"),
                Epilogue::Add { resize } => {
                    let (addend, rest) = addends.split_first().expect("a program has an operand for each addition");
                    addends = rest;
                    match resize {
                        None => format!("{value} + {}", grouped(addend)),
                        Some(resize) => format!("{value} + {}", interpolate(*resize, addend, &value)),
                    }
                }
            };
        }
        value
    }

    fn instr(&self, instr: &Instr, args: &[&str]) -> String {
        let x = args[0];
        match instr {
            Instr::Conv(conv) => format!("{}({x})", self.module(conv.weight)),
            Instr::TransposedConv { weight, .. } | Instr::Gemm { weight, .. } => {
                format!("{}({x})", self.module(*weight))
            }
            Instr::WeightedSum { weight, normalise, eps } => {
                let weights = self.modules.access(&self.instance.weights[*weight as usize]);
                let normalise = format!("{normalise:?}").to_lowercase();
                format!("weighted_sum({weights}, {}, normalise=\"{normalise}\", eps={eps:e})", args.join(", "))
            }
            Instr::Pool(pool) => {
                let mut window = format!("kernel_size={}", pair(pool.kernel));
                if pool.stride != pool.kernel {
                    window.push_str(&format!(", stride={}", pair(pool.stride)));
                }
                if pool.padding != [0, 0] {
                    window.push_str(&format!(", padding={}", pair(pool.padding)));
                }
                match pool.kind {
                    PoolKind::Max => format!("F.max_pool2d({x}, {window})"),
                    PoolKind::Average { count_padding: true } => format!("F.avg_pool2d({x}, {window})"),
                    PoolKind::Average { count_padding: false } => {
                        format!("F.avg_pool2d({x}, {window}, count_include_pad=False)")
                    }
                }
            }
            Instr::GlobalAveragePool => format!("F.adaptive_avg_pool2d({x}, 1)"),
            Instr::AdaptiveAveragePool { size: None } => {
                format!("F.adaptive_avg_pool2d({x}, {}.shape[-2:])", grouped(args[1]))
            }
            Instr::AdaptiveAveragePool { size: Some([rows, columns]) } => {
                format!("F.adaptive_avg_pool2d({x}, ({rows}, {columns}))")
            }
            Instr::Resize(resize) => interpolate(*resize, x, args.last().unwrap_or(&x)),
            Instr::Concat { axis } => format!("torch.cat([{}], dim={})", args.join(", "), axis.index()),
            Instr::Flatten => format!("torch.flatten({x}, 1)"),
            Instr::L2Normalize { eps } => format!("F.normalize({x}, dim=1, eps={eps:e})"),
            Instr::Elementwise => x.to_owned(),
            Instr::LayerNorm { weight, .. } | Instr::GroupNorm { weight, .. } => {
                format!("{}({x})", self.module(*weight))
            }
            Instr::Multiply => format!("{} * {}", grouped(x), grouped(args[1])),
            Instr::Mean { axis } => format!("torch.mean({x}, dim={}, keepdim=True)", axis.index()),
            Instr::Slice(Slice { axis, start, length }) => {
                let end = length.map_or(String::new(), |length| (start + length).to_string());
                format!("{}[{}{start}:{end}]", grouped(x), ":, ".repeat(axis.index()))
            }
            Instr::Permute { order } => {
                let order: Vec<String> = order.iter().map(usize::to_string).collect();
                format!("torch.permute({x}, ({}))", order.join(", "))
            }
            Instr::Attention { heads } => format!("multi_head_attention({}, heads={heads})", args.join(", ")),
            Instr::MatMul => format!("torch.matmul({})", args.join(", ")),
            Instr::Tokens => format!("torch.flatten({x}, 2)"),
            Instr::Fold { size: Some([rows, columns]) } => format!("torch.unflatten({x}, 2, ({rows}, {columns}))"),
            Instr::Fold { size: None } => format!("torch.unflatten({x}, 2, {}.shape[-2:])", grouped(args[1])),
            Instr::Learned { weight, .. } => {
                let weight = self.modules.access(&self.instance.weights[*weight as usize]);
                format!("{weight}.transpose(1, 2).expand({}.shape[0], -1, -1)", grouped(x))
            }
            Instr::Softmax => format!("torch.softmax({x}, dim=1)"),
            Instr::PixelShuffle { factor } => format!("F.pixel_shuffle({x}, {factor})"),
            Instr::ChannelShuffle { groups } => format!("F.channel_shuffle({x}, {groups})"),
            Instr::Reassemble { kernel, factor } => {
                format!("reassemble({}, kernel={kernel}, factor={factor})", args.join(", "))
            }
            Instr::SinePositions { temperature } => format!("sine_positions({x}, temperature={temperature:?})"),
        }
    }
}

/// An expression that holds together beside `+` and `*` and before `.shape`.
fn grouped(expression: &str) -> String {
    if expression.contains(" + ") || expression.contains(" * ") {
        format!("({expression})")
    } else {
        expression.to_owned()
    }
}

fn interpolate(resize: Resize, x: &str, like: &str) -> String {
    let size = match resize.target {
        Target::Factor(factor) => format!("scale_factor={factor}"),
        Target::Like => format!("size={}.shape[-2:]", grouped(like)),
    };
    let mode = match resize.mode {
        ResizeMode::Nearest => "mode=\"nearest\"",
        ResizeMode::Bilinear => "mode=\"bilinear\", align_corners=False",
        ResizeMode::AlignCorners => "mode=\"bilinear\", align_corners=True",
        ResizeMode::Bicubic => "mode=\"bicubic\", align_corners=False",
        ResizeMode::BicubicAntialiased => "mode=\"bicubic\", align_corners=False, antialias=True",
    };
    format!("F.interpolate({x}, {size}, {mode})")
}
