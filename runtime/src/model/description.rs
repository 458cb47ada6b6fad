//! A plan as a person or a tool reads it.

use neckar_spec::program::{Activation, Epilogue, Instr, Program, Resize, ResizeMode};

use crate::cpu::{ConvolutionSizes, Executable, Layout, is_depthwise};
use crate::plan::{Copied, Home, Network, Plan, Planned, Site, Slice, Value, View, Work};

/// A plan as it is executed: what is done, in order, and the memory that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDescription {
    /// The inputs that are laid out, the steps, and the outputs that are written, in the order in which they run. Inputs
    /// and outputs that steps read and write in the caller's arrays are no parts of their own.
    pub parts: Vec<PlannedPart>,
    /// Bytes of the arena that holds all maps.
    pub arena_bytes: usize,
    /// Bytes of each thread's workspace.
    pub workspace_bytes: usize,
    /// Bytes of what the threads share beside the arena.
    pub shared_bytes: usize,
}

/// A part of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPart {
    /// What it is.
    pub role: Role,
    /// When it runs: 0 for inputs, steps from 1 on, outputs one after the last step.
    pub time: usize,
    /// The instruction and what is done to each of its results, in words: `conv 3x3/1 + norm + relu`.
    pub instruction: String,
    /// What its algorithm is called.
    pub algorithm: &'static str,
    /// The convolution that it is, as a [`Tuning`](crate::Tuning) knows it; none of a depthwise one.
    pub convolution: Option<ConvolutionSizes>,
    /// The shapes of the maps that it reads, each in the order of the language.
    pub operands: Vec<Vec<usize>>,
    /// The shape of its result, in the order of the language.
    pub shape: Vec<usize>,
    /// How the first operand and the result lie in memory. Maps inside are channels-last, the caller's arrays
    /// channels-first; some kernels read and write these as they are.
    pub layouts: [Layout; 2],
    /// What became of the concatenations that it reads or makes, or that its result is a slice of, in words: `reads cat in 2
    /// parts`, `writes channels 0..64 of cat`, `copies x into it: an input`.
    pub notes: Vec<String>,
    /// Where the result lies in the arena; none where it is written to the caller's array.
    pub place: Option<ArenaPlace>,
    /// Multiply-accumulates of the instruction as its definition forms each sum, whatever the algorithm: those that the
    /// audit counts.
    pub macs: u64,
    /// Bytes that have to be moved: operands and weights read once, the result written once, of a concatenation what is
    /// copied. Of norms, whose factors are mostly folded into the weights, there are none.
    pub bytes: u64,
}

/// What a part of a plan is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The input of this name is laid out.
    Input(String),
    /// An instruction.
    Step {
        /// The row that it makes or helps to make, by its full name.
        row: Option<String>,
    },
    /// The output of this name is written.
    Output(String),
}

/// Where a map lies in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaPlace {
    /// Its first byte.
    pub offset: usize,
    /// Bytes from its first to its last.
    pub bytes: usize,
    /// Bytes from a pixel to the next: more than its channels take where it is a slice of a concatenation.
    pub pitch: usize,
    /// The time at which it is needed last; its place is its own from the time at which it is made.
    pub until: usize,
}

impl PlannedPart {
    /// The input, row or output that it is about; empty for a step that leads to no row.
    pub fn name(&self) -> &str {
        match &self.role {
            Role::Input(name) | Role::Output(name) => name,
            Role::Step { row } => row.as_deref().unwrap_or_default(),
        }
    }

    /// The row that it makes or helps to make, by its full name; none at the edges.
    pub fn row(&self) -> Option<&str> {
        match &self.role {
            Role::Step { row } => row.as_deref(),
            Role::Input(_) | Role::Output(_) => None,
        }
    }
}

impl PlanDescription {
    /// Describes what is executed.
    pub(crate) fn new(program: &Program, network: &Network, executable: &Executable) -> PlanDescription {
        let plan = &executable.plan;
        let describe = Describe { program, network, executable, plan };
        let inputs = program.inputs.iter().zip(&plan.inputs);
        let inputs = inputs.filter_map(|(input, value)| describe.input(&input.name, (*value)?));
        let steps = (0..plan.steps.len()).map(|step| describe.step(step));
        let outputs = plan.wanted.iter().filter_map(|(name, value)| describe.output(name, *value));
        PlanDescription {
            parts: inputs.chain(steps).chain(outputs).collect(),
            arena_bytes: plan.arena * size_of::<f32>(),
            workspace_bytes: executable.workspace_bytes(),
            shared_bytes: executable.shared_bytes(),
        }
    }
}

struct Describe<'a> {
    program: &'a Program,
    network: &'a Network,
    executable: &'a Executable,
    plan: &'a Plan,
}

impl Describe<'_> {
    fn input(&self, name: &str, value: Value) -> Option<PlannedPart> {
        Some(PlannedPart {
            role: Role::Input(name.to_owned()),
            time: 0,
            instruction: "lay out".to_owned(),
            algorithm: "import",
            convolution: None,
            operands: vec![self.shape(value)],
            shape: self.shape(value),
            layouts: [Layout::ChannelsFirst, Layout::ChannelsLast],
            notes: Vec::new(),
            place: Some(self.place(value)?),
            macs: 0,
            bytes: 2 * self.bytes(value),
        })
    }

    fn output(&self, name: &str, value: Value) -> Option<PlannedPart> {
        self.place(value)?;
        Some(PlannedPart {
            role: Role::Output(name.to_owned()),
            time: self.plan.steps.len() + 1,
            instruction: "write".to_owned(),
            algorithm: "export",
            convolution: None,
            operands: vec![self.shape(value)],
            shape: self.shape(value),
            layouts: [Layout::ChannelsLast, Layout::ChannelsFirst],
            notes: Vec::new(),
            place: None,
            macs: 0,
            bytes: 2 * self.bytes(value),
        })
    }

    fn step(&self, index: usize) -> PlannedPart {
        let step = &self.plan.steps[index];
        let site = &self.network.sites[step.site];
        let mut read = step.work.reads();
        let (instruction, operands) = match &step.work {
            Work::Resize { resize, .. } => (resize_name(resize).to_owned(), Vec::new()),
            Work::Site { args, addends } => {
                if matches!(site.instr, Instr::Resize(_)) {
                    // What a resize takes its sizes from is not read.
                    read = [&args[..1], addends].concat();
                }
                (site_name(site), args.clone())
            }
            Work::Parts { whole, .. } => (site_name(site), vec![*whole]),
            Work::Concat { copied, .. } => (site_name(site), copied.iter().map(|copied| copied.value).collect()),
        };
        let sizes = |value: &Value| -> Vec<i64> { self.plan.values[*value].shape.iter().map(|&n| n as i64).collect() };
        let operands: Vec<Vec<i64>> = operands.iter().map(sizes).collect();
        let is_site = !matches!(step.work, Work::Resize { .. });
        let macs = if is_site { site.instr.macs(&operands, &sizes(&step.out)) } else { 0 };
        let weights = if is_site { site.instr.weights() } else { Vec::new() };
        let weights = weights.iter().map(|&weight| float_bytes(&self.program.weights[weight as usize].shape));
        let written = match &step.work {
            Work::Concat { copied, .. } => copied.iter().map(|copied| self.bytes(copied.value)).sum(),
            _ => self.bytes(step.out),
        };
        let maps = read.iter().map(|&value| self.bytes(value)).chain([written]);
        PlannedPart {
            role: Role::Step { row: site.row.clone() },
            time: index + 1,
            instruction,
            algorithm: self.executable.algorithm(index),
            convolution: self.convolution(step),
            operands: read.iter().map(|&value| self.shape(value)).collect(),
            shape: self.shape(step.out),
            layouts: [read[0], step.out].map(|value| self.plan.home(value).layout()),
            notes: self.notes(&step.work, step.out),
            place: self.place(step.out),
            macs: macs.unsigned_abs(),
            bytes: maps.chain(weights).sum(),
        }
    }

    fn convolution(&self, step: &Planned) -> Option<ConvolutionSizes> {
        let input = match &step.work {
            Work::Site { args, .. } => args[0],
            Work::Parts { whole, .. } => *whole,
            Work::Resize { .. } | Work::Concat { .. } => return None,
        };
        let Instr::Conv(conv) = &self.network.sites[step.site].instr else { return None };
        let maps = [input, step.out].map(|value| self.plan.dims(value));
        (!is_depthwise(conv, maps[0].channels)).then(|| ConvolutionSizes::new(conv, maps))
    }

    /// What became of the concatenations that a step has to do with.
    fn notes(&self, work: &Work, out: Value) -> Vec<String> {
        let mut notes = match work {
            Work::Parts { whole, parts, .. } => {
                let of_other_sizes = |&part: &Value| self.shape(part)[2..] != self.shape(*whole)[2..];
                let (name, by_index) = (self.name(*whole), parts.iter().copied().filter(of_other_sizes).count());
                vec![match (parts.len(), by_index) {
                    (1, _) => format!("reads {name} by index"),
                    (many, 0) => format!("reads {name} in {many} parts"),
                    (many, by_index) => format!("reads {name} in {many} parts, {by_index} by index"),
                }]
            }
            Work::Concat { copied, .. } => {
                let copy = |copied: &Copied| format!("copies {} into it: {}", self.name(copied.value), copied.why);
                copied.iter().map(copy).collect()
            }
            Work::Site { .. } | Work::Resize { .. } => Vec::new(),
        };
        notes.extend(self.plan.values[out].slice.map(|Slice { of, channel }| {
            let end = channel + self.plan.dims(out).channels;
            format!("writes channels {channel}..{end} of {}", self.name(of))
        }));
        notes
    }

    /// The input or the row that a value is.
    fn name(&self, value: Value) -> &str {
        let row = self.network.rows.iter().find(|(_, other)| *other == value).map(|(name, _)| name);
        let input = self.program.inputs.get(value).map(|input| &input.name);
        row.or(input).map_or("an unnamed map", String::as_str)
    }

    fn shape(&self, value: Value) -> Vec<usize> {
        self.plan.values[value].shape.clone()
    }

    fn bytes(&self, value: Value) -> u64 {
        float_bytes(&self.plan.values[value].shape)
    }

    fn place(&self, value: Value) -> Option<ArenaPlace> {
        match self.plan.home(value) {
            Home::Arena(View { place, pitch, .. }) => Some(ArenaPlace {
                offset: place.start * size_of::<f32>(),
                bytes: place.len * size_of::<f32>(),
                pitch: pitch * size_of::<f32>(),
                until: self.plan.values[value].until,
            }),
            Home::Input(_) | Home::Wanted(_) => None,
        }
    }
}

fn float_bytes(shape: &[usize]) -> u64 {
    (shape.iter().product::<usize>() * size_of::<f32>()) as u64
}

/// An instruction and its epilogue in words.
fn site_name(site: &Site) -> String {
    let mut name = match &site.instr {
        Instr::Conv(conv) => {
            let [rows, columns] = conv.kernel;
            let groups = if conv.groups == 1 { String::new() } else { format!(" in {} groups", conv.groups) };
            format!("conv {rows}x{columns}/{}{groups}", conv.stride[0])
        }
        Instr::TransposedConv { stride, .. } => format!("transposed conv {stride}x{stride}/{stride}"),
        Instr::Gemm { .. } => "linear".to_owned(),
        Instr::Pool(pool) => format!("pool {}x{}/{}", pool.kernel[0], pool.kernel[1], pool.stride[0]),
        Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } => "average".to_owned(),
        Instr::Resize(resize) => resize_name(resize).to_owned(),
        Instr::Concat { .. } => "concat".to_owned(),
        Instr::Flatten => "flatten".to_owned(),
        Instr::L2Normalize { .. } => "l2 normalize".to_owned(),
        Instr::WeightedSum { .. } => "weighted sum".to_owned(),
        Instr::Elementwise => "elementwise".to_owned(),
        Instr::LayerNorm { .. } => "layer norm".to_owned(),
        Instr::GroupNorm { .. } => "group norm".to_owned(),
        Instr::Multiply => "multiply".to_owned(),
        Instr::Mean { .. } => "mean".to_owned(),
        Instr::Slice(_) => "slice".to_owned(),
        Instr::Permute { .. } => "permute".to_owned(),
        Instr::Attention { heads } => format!("attention of {heads} heads"),
        Instr::MatMul => "matmul".to_owned(),
        Instr::Tokens => "tokens".to_owned(),
        Instr::Fold { .. } => "fold".to_owned(),
        Instr::Learned { .. } => "learned".to_owned(),
        Instr::SinePositions { .. } => "sine positions".to_owned(),
        Instr::Softmax => "softmax".to_owned(),
        Instr::PixelShuffle { .. } => "pixel shuffle".to_owned(),
        Instr::ChannelShuffle { .. } => "channel shuffle".to_owned(),
        Instr::Reassemble { kernel, .. } => format!("reassemble {kernel}x{kernel}"),
    };
    for post in &site.epilogue {
        name += match post {
            Epilogue::Norm(_) => " + norm",
            Epilogue::Activation(Activation::Relu) => " + relu",
            Epilogue::Activation(Activation::Silu) => " + silu",
            Epilogue::Activation(Activation::Sigmoid) => " + sigmoid",
            Epilogue::Activation(Activation::Gelu) => " + gelu",
            Epilogue::Activation(Activation::HardSigmoid) => " + hard sigmoid",
            Epilogue::Activation(Activation::HardSwish) => " + hard swish",
            Epilogue::Scale { .. } => " + scale",
            Epilogue::Add { resize: Some(Resize { mode: ResizeMode::Nearest, .. }) } => " + add nearest",
            // What is not nearest is resized by a step of its own.
            Epilogue::Add { .. } => " + add",
            Epilogue::LayerScale { .. } => " + layer scale",
            Epilogue::Branch(_) => " + branch",
        };
    }
    name
}

fn resize_name(resize: &Resize) -> &'static str {
    match resize.mode {
        ResizeMode::Nearest => "resize nearest",
        ResizeMode::Bilinear => "resize bilinear",
        ResizeMode::AlignCorners => "resize align corners",
        ResizeMode::Bicubic => "resize bicubic",
        ResizeMode::BicubicAntialiased => "resize bicubic antialiased",
    }
}
