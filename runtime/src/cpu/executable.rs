//! A plan with the kernels that run its steps.

use std::array;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neckar_spec::program::{Axis, Epilogue, Instr, Pool, Resize, ResizeMode, Slice};

use super::attention::Attention;
use super::conv::depthwise::Depthwise;
use super::conv::winograd::Winograd;
use super::conv::{Algorithm, ConvolutionSizes};
use super::epilogue::{Addend, Affine, Finish, Post};
use super::gemm::{Gemm, Geometry, Panels, Part};
use super::group_norm::GroupNorm;
use super::layout::{export, import};
use super::packed::{Packed, PackedNetwork, PackedSite};
use super::reassemble::Reassemble;
use super::resize::{Nearest, Resampling};
use super::sine_positions::SinePositions;
use super::{
    Isa, Task, Threads, Workspace, average, channel_shuffle, concat, elementwise, flatten, l2_normalize, layer_norm,
    learned, matmul, mean, multiply, permute, pixel_shuffle, pool, slice, softmax, weighted_sum,
};
use crate::Tuning;
use crate::plan::{Home, Network, Plan, Planned, Reads, Site, Value, View, Work};
use crate::tensor::{Aligned, Dims, Map, MapMut};

/// A plan with the kernels that run its steps.
#[derive(Debug)]
pub(crate) struct Executable {
    pub plan: Plan,
    steps: Vec<Step>,
    /// Offsets and floats that each thread's workspace has, and floats that threads share.
    workspace: [usize; 3],
}

/// The buffers of one run at a time.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) arena: Aligned,
    pub(super) workspaces: Vec<Workspace>,
    /// What threads write and read together within a step.
    pub(super) shared: Aligned,
}

/// A step ready to run.
#[derive(Debug)]
struct Step {
    kernel: Kernel,
    input: Home,
    out: Home,
    /// Of the first operand and of the result.
    channels: [usize; 2],
    posts: Vec<Post>,
}

/// A kernel with what it needs beside its first operand.
#[derive(Debug)]
enum Kernel {
    Gemm(Gemm),
    Winograd(Winograd),
    Depthwise(Depthwise),
    Pool(Pool, [Dims; 2]),
    Average([Dims; 2]),
    Resample(Resampling),
    Concat(Vec<(View, usize)>),
    Flatten(Dims),
    L2Normalize {
        eps: f32,
    },
    WeightedSum {
        factors: Arc<[f32]>,
        operands: Vec<View>,
    },
    Elementwise,
    LayerNorm {
        eps: f32,
        affine: Arc<Affine>,
    },
    GroupNorm(GroupNorm),
    /// Copies that join maps along rows or columns.
    Joined {
        operands: Vec<(View, Dims)>,
        axis: Axis,
        to: Dims,
    },
    Multiply {
        gate: View,
        dims: [Dims; 2],
    },
    MeanOfChannels,
    Slice {
        slice: Slice,
        dims: [Dims; 2],
    },
    Permute {
        order: Vec<usize>,
        dims: [Dims; 2],
    },
    Attention(Attention),
    MatMul {
        right: View,
        to: Dims,
    },
    /// A map of another shape that lies in the same order.
    Copy,
    Learned(Arc<[f32]>),
    SinePositions(SinePositions),
    Softmax,
    PixelShuffle {
        factor: usize,
        from: Dims,
    },
    ChannelShuffle {
        groups: usize,
    },
    Reassemble(Reassemble),
}

impl Executable {
    /// Chooses a kernel for every step; `algorithms` are those that convolutions may choose from, for each site, and
    /// `tuning` says which, where it knows.
    pub(crate) fn new(
        network: &Network,
        packed: &PackedNetwork,
        algorithms: &[Vec<Algorithm>],
        tuning: Option<&Tuning>,
        plan: Plan,
        threads: &Threads,
    ) -> Executable {
        let maker = Maker { network, packed, algorithms, tuning, plan: &plan, threads };
        let steps: Vec<Step> = plan.steps.iter().map(|step| maker.step(step)).collect();
        let mut workspace = [0, 0, 0];
        for step in &steps {
            let needs = match &step.kernel {
                Kernel::Gemm(gemm) => gemm.workspace(),
                Kernel::Winograd(winograd) => winograd.workspace(threads.count()),
                Kernel::GroupNorm(norm) => norm.workspace(),
                Kernel::Attention(attention) => attention.workspace(),
                _ => continue,
            };
            workspace = array::from_fn(|i| workspace[i].max(needs[i]));
        }
        Executable { plan, steps, workspace }
    }

    /// Buffers for a run by so many threads.
    pub(crate) fn state(&self, threads: usize) -> State {
        let [offsets, floats, shared] = self.workspace;
        let workspace = |_| Workspace { offsets: vec![0; offsets], floats: Aligned::zeros(floats) };
        let workspaces = (0..threads).map(workspace).collect();
        State { arena: Aligned::zeros(self.plan.arena), workspaces, shared: Aligned::zeros(shared) }
    }

    /// Bytes of the buffers for a run by so many threads.
    pub(crate) fn bytes(&self, threads: usize) -> usize {
        size_of::<f32>() * self.plan.arena + self.shared_bytes() + threads * self.workspace_bytes()
    }

    /// Bytes of each thread's workspace.
    pub(crate) fn workspace_bytes(&self) -> usize {
        let [offsets, floats, _] = self.workspace;
        size_of::<f32>() * floats + size_of::<usize>() * offsets
    }

    /// Bytes that the threads share beside the arena.
    pub(crate) fn shared_bytes(&self) -> usize {
        let [.., shared] = self.workspace;
        size_of::<f32>() * shared
    }

    /// What the algorithm of a step is called.
    pub(crate) fn algorithm(&self, step: usize) -> &'static str {
        self.steps[step].kernel.name()
    }

    /// Runs all steps on inputs of the planned shapes, channels-first; `done` is told how long each part of it took: the
    /// inputs that are laid out, the steps, the outputs that are written.
    pub(crate) fn run(
        &self,
        isa: Isa,
        threads: &Threads,
        state: &mut State,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
        done: &mut (dyn FnMut(Duration) + Send),
    ) {
        let State { arena, workspaces, shared } = state;
        let plan = &self.plan;
        let mut began = Instant::now();
        let mut tell = || {
            let now = Instant::now();
            done(now - began);
            began = now;
        };
        for (value, array) in plan.inputs.iter().zip(inputs) {
            if let Some(value) = *value
                && let Home::Arena(view) = plan.home(value)
            {
                import(isa, threads, plan.dims(value), array, &mut arena[view.place.range()]);
                tell();
            }
        }
        for step in &self.steps {
            let (reads, out) = match step.out {
                Home::Arena(view) => Reads::around(arena, view),
                Home::Wanted(i) => (Reads::all(arena), MapMut::dense(outputs[i], step.channels[1])),
                Home::Input(_) => unreachable!("no step writes an input"),
            };
            let data = match step.input {
                Home::Arena(view) => reads.map(view),
                Home::Input(i) => Map::dense(inputs[i], step.channels[0]),
                Home::Wanted(_) => unreachable!("a wanted map that is read lies in the arena"),
            };
            let finish = Finish::new(&step.posts, reads);
            step.run(Task { isa, threads, reads, finish }, workspaces, shared, data, out);
            tell();
        }
        for ((_, value), array) in plan.wanted.iter().zip(outputs) {
            match plan.home(*value) {
                // A wanted map is no slice of another, so its pixels follow each other.
                Home::Arena(view) => export(isa, threads, plan.dims(*value), &arena[view.place.range()], array),
                Home::Input(_) => unreachable!("a wanted input lies in the arena"),
                Home::Wanted(_) => continue,
            }
            tell();
        }
    }
}

impl Kernel {
    /// The name of its algorithm.
    fn name(&self) -> &'static str {
        match self {
            Kernel::Gemm(_) => "gemm",
            Kernel::Winograd(winograd) => winograd.name(),
            Kernel::Depthwise(_) => "depthwise",
            Kernel::Pool(..) => "pool",
            Kernel::Average(_) => "average",
            Kernel::Resample(_) => "resample",
            Kernel::Concat(_) => "concat",
            Kernel::Flatten(_) => "flatten",
            Kernel::L2Normalize { .. } => "l2 normalize",
            Kernel::WeightedSum { .. } => "weighted sum",
            Kernel::Elementwise => "elementwise",
            Kernel::LayerNorm { .. } => "layer norm",
            Kernel::GroupNorm(_) => "group norm",
            Kernel::Joined { .. } => "concat",
            Kernel::Multiply { .. } => "multiply",
            Kernel::MeanOfChannels => "mean",
            Kernel::Slice { .. } => "slice",
            Kernel::Permute { .. } => "permute",
            Kernel::Attention(_) => "attention",
            Kernel::MatMul { .. } => "matmul",
            Kernel::Copy => "copy",
            Kernel::Learned(_) => "learned",
            Kernel::SinePositions(_) => "sine positions",
            Kernel::Softmax => "softmax",
            Kernel::PixelShuffle { .. } => "pixel shuffle",
            Kernel::ChannelShuffle { .. } => "channel shuffle",
            Kernel::Reassemble(_) => "reassemble",
        }
    }
}

impl Step {
    fn run(&self, task: Task, workspaces: &mut [Workspace], shared: &mut [f32], data: Map, out: MapMut) {
        match &self.kernel {
            Kernel::Gemm(gemm) => gemm.run(task, workspaces, data, out),
            Kernel::Winograd(winograd) => winograd.run(task, workspaces, shared, data, out),
            Kernel::Depthwise(depthwise) => depthwise.run(task, data, out),
            Kernel::Pool(pool, dims) => pool::run(pool, *dims, task, data, out),
            Kernel::Average(dims) => average::run(*dims, task, data, out),
            Kernel::Resample(resampling) => resampling.run(task, data, out),
            Kernel::Concat(parts) => concat::run(parts, task, out),
            Kernel::Flatten(from) => flatten::run(*from, task, data, out),
            Kernel::L2Normalize { eps } => l2_normalize::run(*eps, task, data, out),
            Kernel::WeightedSum { factors, operands } => weighted_sum::run(factors, operands, task, out),
            Kernel::Elementwise => elementwise::run(task, data, out),
            Kernel::LayerNorm { eps, affine } => layer_norm::run(*eps, affine, task, data, out),
            Kernel::GroupNorm(norm) => norm.run(task, shared, data, out),
            Kernel::Joined { operands, axis, to } => concat::join(operands, *axis, *to, task, out),
            Kernel::Multiply { gate, dims } => multiply::run(*gate, *dims, task, data, out),
            Kernel::MeanOfChannels => mean::run(task, data, out),
            Kernel::Slice { slice, dims } => slice::run(*slice, *dims, task, data, out),
            Kernel::Permute { order, dims } => permute::run(order, *dims, task, data, out),
            Kernel::Attention(attention) => attention.run(task, workspaces, shared, data, out),
            Kernel::MatMul { right, to } => matmul::run(*right, *to, task, data, out),
            Kernel::Copy => elementwise::run(task, data, out),
            Kernel::Learned(weight) => learned::run(weight, task, out),
            Kernel::SinePositions(positions) => positions.run(task, out),
            Kernel::Softmax => softmax::run(task, data, out),
            Kernel::PixelShuffle { factor, from } => pixel_shuffle::run(*factor, *from, task, data, out),
            Kernel::ChannelShuffle { groups } => channel_shuffle::run(*groups, task, data, out),
            Kernel::Reassemble(reassemble) => reassemble.run(task, data, out),
        }
    }
}

/// What the steps of an executable are made of.
struct Maker<'a> {
    network: &'a Network,
    packed: &'a PackedNetwork,
    algorithms: &'a [Vec<Algorithm>],
    tuning: Option<&'a Tuning>,
    plan: &'a Plan,
    threads: &'a Threads,
}

impl Maker<'_> {
    fn step(&self, step: &Planned) -> Step {
        let plan = self.plan;
        let to = plan.dims(step.out);
        let (site, packed) = (&self.network.sites[step.site], &self.packed.sites[step.site]);
        let posts = |addends: &[Value]| posts(site, packed, plan, addends, to);
        let (kernel, posts) = match &step.work {
            Work::Resize { resize, from } => {
                (Kernel::Resample(Resampling::new(*resize, plan.dims(*from), to)), Vec::new())
            }
            Work::Concat { copied, addends } => {
                let copied = copied.iter().map(|copied| (plan.view(copied.value), copied.channel));
                (Kernel::Concat(copied.collect()), posts(addends))
            }
            Work::Site { args, addends } => {
                (self.kernel(step.site, args, &[], step.out, addends.len()), posts(addends))
            }
            Work::Parts { whole, parts, addends } => {
                (self.kernel(step.site, &[*whole], parts, step.out, addends.len()), posts(addends))
            }
        };
        let input = step.work.reads()[0];
        let channels = [plan.dims(input).channels, to.channels];
        Step { kernel, input: plan.home(input), out: plan.home(step.out), channels, posts }
    }

    /// The kernel of a site's instruction whose first operand is read in parts, if there are any.
    fn kernel(&self, site: usize, args: &[Value], parts: &[Value], out: Value, addends: usize) -> Kernel {
        let plan = self.plan;
        let instr = &self.network.sites[site].instr;
        let [from, to] = [args[0], out].map(|value| plan.dims(value));
        let layouts = [args[0], out].map(|value| plan.home(value).layout());
        let threads = self.threads.count();
        let gemm = |panels: &Arc<Panels>, geometry| {
            let parts = parts.iter().map(|&part| Part { view: plan.view(part), nearest: nearest(plan.dims(part), to) });
            Kernel::Gemm(Gemm::new(panels.clone(), geometry, parts.collect(), to, layouts, addends, threads))
        };
        match (instr, self.packed.weights(site)) {
            (Instr::Conv(conv), Packed::Taps(taps)) => {
                Kernel::Depthwise(Depthwise { weights: taps.clone(), windows: conv.windows(), from, to })
            }
            (Instr::Conv(conv), Packed::Conv(weights)) => {
                let sizes = ConvolutionSizes::new(conv, [from, to]);
                match Algorithm::choose(&self.algorithms[site], &sizes, self.tuning).products() {
                    None => gemm(&weights.panels, Geometry::convolution(from, to, conv.windows())),
                    Some(products) => {
                        let filters = weights.filters(products, self.threads);
                        Kernel::Winograd(Winograd::new(filters, [from, to], conv.padding, layouts[1], addends, threads))
                    }
                }
            }
            (Instr::TransposedConv { stride, .. }, Packed::Panels(panels)) => {
                gemm(panels, Geometry::spreading(from, *stride))
            }
            (Instr::Gemm { .. }, Packed::Panels(panels)) => gemm(panels, Geometry::pointwise(from)),
            (Instr::WeightedSum { .. }, Packed::Factors(factors)) => Kernel::WeightedSum {
                factors: factors.clone(),
                operands: args.iter().map(|&arg| plan.view(arg)).collect(),
            },
            (Instr::LayerNorm { eps, .. }, Packed::Affine(affine)) => {
                Kernel::LayerNorm { eps: *eps, affine: affine.clone() }
            }
            (Instr::GroupNorm { groups, eps, .. }, Packed::Affine(affine)) => {
                Kernel::GroupNorm(GroupNorm::new(*groups, *eps, affine.clone(), from))
            }
            (Instr::Learned { .. }, Packed::Factors(weight)) => Kernel::Learned(weight.clone()),
            (
                Instr::Learned { .. }
                | Instr::Conv(_)
                | Instr::TransposedConv { .. }
                | Instr::Gemm { .. }
                | Instr::WeightedSum { .. }
                | Instr::LayerNorm { .. }
                | Instr::GroupNorm { .. },
                other,
            ) => unreachable!("the weights of {instr:?} are not packed as {other:?}"),
            (Instr::Pool(pool), _) => Kernel::Pool(pool.clone(), [from, to]),
            (Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. }, _) => Kernel::Average([from, to]),
            (Instr::Resize(resize), _) => Kernel::Resample(Resampling::new(*resize, from, to)),
            (Instr::Concat { axis: Axis::Channels }, _) => {
                unreachable!("a plan says of each concatenation of channels what is copied")
            }
            (Instr::Concat { axis }, _) => {
                let operands = args.iter().map(|&arg| (plan.view(arg), plan.dims(arg))).collect();
                Kernel::Joined { operands, axis: *axis, to }
            }
            (Instr::Flatten, _) => Kernel::Flatten(from),
            (Instr::L2Normalize { eps }, _) => Kernel::L2Normalize { eps: *eps },
            (Instr::Elementwise, _) => Kernel::Elementwise,
            (Instr::Multiply, _) => Kernel::Multiply { gate: plan.view(args[1]), dims: [to, plan.dims(args[1])] },
            (Instr::Mean { axis: Axis::Channels }, _) => Kernel::MeanOfChannels,
            // A mean along an axis is an average over a grid with one cell there.
            (Instr::Mean { axis: Axis::Rows | Axis::Columns }, _) => Kernel::Average([from, to]),
            (Instr::Slice(slice), _) => Kernel::Slice { slice: *slice, dims: [from, to] },
            (Instr::Permute { order }, _) => Kernel::Permute { order: order.clone(), dims: [from, to] },
            (Instr::Attention { heads }, _) => {
                let [keys, values] = [1, 2].map(|operand| plan.view(args[operand]));
                let dims = [0, 1, 2].map(|operand| plan.dims(args[operand]));
                Kernel::Attention(Attention::new(*heads, dims, [keys, values], to, addends))
            }
            (Instr::MatMul, _) => Kernel::MatMul { right: plan.view(args[1]), to },
            (Instr::Tokens | Instr::Fold { .. }, _) => Kernel::Copy,
            (Instr::SinePositions { temperature }, _) => Kernel::SinePositions(SinePositions::new(*temperature, from)),
            (Instr::Softmax, _) => Kernel::Softmax,
            (Instr::PixelShuffle { factor }, _) => Kernel::PixelShuffle { factor: *factor, from },
            (Instr::ChannelShuffle { groups }, _) => Kernel::ChannelShuffle { groups: *groups },
            (Instr::Reassemble { kernel, factor }, _) => {
                Kernel::Reassemble(Reassemble { kernel: *kernel, factor: *factor, kernels: plan.view(args[1]), from })
            }
        }
    }
}

fn posts(site: &Site, packed: &PackedSite, plan: &Plan, addends: &[Value], to: Dims) -> Vec<Post> {
    let mut affine = packed.affine.iter();
    let mut addends = addends.iter();
    let post = |post: &Epilogue| match post {
        Epilogue::Norm(_) | Epilogue::LayerScale { .. } => {
            Post::Affine(affine.next().expect("every norm and factor that is not folded is packed").clone())
        }
        Epilogue::Activation(activation) => Post::Activation(*activation),
        Epilogue::Scale { factor } => Post::Scale(*factor),
        Epilogue::Branch(_) => unreachable!("branches are folded into the weights of their convolution"),
        Epilogue::Add { resize } => {
            let value = *addends.next().expect("a program has an operand for each addition");
            let nearest = matches!(resize, Some(Resize { mode: ResizeMode::Nearest, .. }));
            let resize = nearest.then(|| Nearest::new(plan.dims(value), to));
            Post::Add(Addend { view: plan.view(value), resize })
        }
    };
    site.epilogue[packed.folded..].iter().map(post).collect()
}

/// Which cells of a part a result takes, where the sizes differ.
fn nearest(from: Dims, to: Dims) -> Option<Nearest> {
    ([from.height, from.width] != [to.height, to.width]).then(|| Nearest::new(from, to))
}
