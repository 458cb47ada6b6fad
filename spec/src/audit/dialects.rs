//! The figures that other tools print for the same network, and why they differ.
//!
//! Each rule is read off the source of the release named: fvcore 0.1.5.post20221221 (`fvcore/nn/flop_count.py`,
//! `jit_handles.py`), thop 0.1.1.post2209072238 and ultralytics-thop 2.2.3 (`thop/profile.py`, `vision/basic_hooks.py`,
//! `vision/calc_func.py`), Ultralytics 8.4.190 (`utils/torch_utils.py`, twice what thop gives), tract 0.23.9 (`cost` of each
//! operator). `tests/scripts/dialects.py` runs these releases; what they print is what the tests expect.

use crate::cost::{node_macs, operand_shapes};
use crate::graph::{Graph, Node};
use crate::ops::Op;
use crate::ops::formula::Window;
use crate::program::{Activation, Epilogue, Instr, Pool, PoolKind, ResizeMode, Target};
use crate::size::{Env, Shape};

/// What a tool would print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The tool.
    pub tool: &'static str,
    /// What it calls the figure.
    pub unit: &'static str,
    /// The figure for one run.
    pub count: u64,
    /// What is in it that is not in the multiply-accumulates of the audit.
    pub why: &'static str,
}

/// Each tool's figure at given sizes, where it is known what the tool counts; none where sizes leave the range of `u64`.
pub fn dialects(graph: &Graph, sizes: &Env) -> Option<Vec<Dialect>> {
    let readers = readers(graph);
    let mut sums = [Some(0_u64); 4];
    for node in graph.nodes.iter().filter(|node| node.op.is_some()) {
        let work = Work::new(graph, &readers, node, sizes)?;
        let counts = [work.fvcore(), work.thop(), work.ultralytics_thop(), work.tract()];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum = sum.zip(count).and_then(|(sum, count)| sum.checked_add(count));
        }
    }
    let [fvcore, thop, ultralytics, tract] = sums;
    let dialect = |tool, unit, count: Option<u64>, why| Some(Dialect { tool, unit, count: count?, why });
    let dialects = [
        dialect(
            "fvcore",
            "flops",
            fvcore,
            "one flop is one MAC; adds 2 an element of a batch norm, 5 of a layer or group norm, 1 of a nearest and 4 of a bilinear up-sampling, 1 a \
             cell that an adaptive pool reads; activations, additions and window pools count nothing",
        ),
        dialect(
            "thop",
            "MACs",
            thop,
            "adds 4 an element of a batch or layer norm, 1 of a nearest and 11 of a bilinear `nn.Upsample`, 1 an output of an \
             average pool, the window and 1 an output of an adaptive one; a transposed convolution counts kernel² times \
             too much where its stride is its kernel; `UpTo`, a function in PyTorch, is not seen",
        ),
        dialect(
            "Ultralytics",
            "FLOPs",
            ultralytics.and_then(|count| count.checked_mul(2)),
            "twice what ultralytics-thop counts, before layers are fused: 4 an element of a norm and 11 of a bilinear \
             `nn.Upsample`, each addition and division of an average pool, nothing for nearest up-sampling and for `UpTo`",
        ),
        dialect(
            "tract",
            "FMA(F32)",
            tract,
            "of `dump --cost` on PyTorch's ONNX export, before `-O` fuses more; adds 1 an element of a batch norm that no \
             convolution before it takes in, 11 of a sigmoid, 12 of a SiLU, 13 of a GELU, 2 of an L2 norm, 1 of each weighted operand, and 1 a cell read and 1 an output of a global average pool; transposed convolutions, \
             additions, other pools and up-sampling count nothing, and divisions stand apart",
        ),
    ];
    Some(dialects.into_iter().flatten().collect())
}

/// How many operators and outputs read each node.
fn readers(graph: &Graph) -> Vec<usize> {
    let mut readers = vec![0; graph.nodes.len()];
    let read = graph.nodes.iter().flat_map(|node| &node.inputs).chain(graph.outputs.iter().map(|output| &output.node));
    for node in read {
        readers[node.0 as usize] += 1;
    }
    readers
}

/// What an operator does at given sizes.
struct Work {
    instr: Instr,
    /// What it does where it is a norm or an activation.
    post: Option<Epilogue>,
    /// Whether a convolution before it takes it in where it is a norm.
    is_folded: bool,
    operands: usize,
    /// The first operand.
    input: Vec<u64>,
    output: Vec<u64>,
    macs: u64,
}

impl Work {
    fn new(graph: &Graph, readers: &[usize], node: &Node, sizes: &Env) -> Option<Work> {
        let at = |shape: &Shape| super::shape_at(shape, sizes);
        let (instr, epilogue) = node.op.as_ref()?.lower(&node.weights, node.inputs.len(), &node.shape);
        let before = *node.inputs.first()?;
        let after_conv = matches!(graph.node(before).op, Some(Op::Conv(_))) && readers[before.0 as usize] == 1;
        Some(Work {
            instr,
            is_folded: after_conv,
            post: epilogue.into_iter().next(),
            operands: node.inputs.len(),
            input: at(operand_shapes(graph, node).first()?)?,
            output: at(&node.shape)?,
            macs: node_macs(graph, node).eval(sizes)?.try_into().ok()?,
        })
    }

    /// Elements of the result, so many times.
    fn outputs(&self, times: u64) -> Option<u64> {
        product(&self.output)?.checked_mul(times)
    }

    fn normalises(&self) -> bool {
        matches!(self.post, Some(Epilogue::Norm(_)))
    }

    fn fvcore(&self) -> Option<u64> {
        match &self.instr {
            Instr::Resize(resize) => self.outputs(match resize.mode {
                ResizeMode::Nearest => 1,
                ResizeMode::Bilinear | ResizeMode::AlignCorners => 4,
                ResizeMode::Bicubic | ResizeMode::BicubicAntialiased => 0,
            }),
            Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } => product(&self.input),
            Instr::LayerNorm { .. } | Instr::GroupNorm { .. } => self.outputs(5),
            _ if self.normalises() => self.outputs(2),
            _ => Some(self.macs),
        }
    }

    fn thop(&self) -> Option<u64> {
        match &self.instr {
            Instr::TransposedConv { stride, .. } => self.macs.checked_mul((stride * stride) as u64),
            Instr::Resize(resize) => match (resize.target, resize.mode) {
                (Target::Like, _) => Some(0),
                (Target::Factor(_), ResizeMode::Nearest) => self.outputs(1),
                (Target::Factor(_), ResizeMode::Bilinear | ResizeMode::AlignCorners) => self.outputs(11),
                (Target::Factor(_), ResizeMode::Bicubic | ResizeMode::BicubicAntialiased) => self.outputs(259),
            },
            Instr::Pool(Pool { kind: PoolKind::Average { .. }, .. }) => self.outputs(1),
            Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } => {
                // The window is a ratio of sizes there, and the sum is rounded down.
                let [rows, columns] = [2, 3].map(|axis| self.input[axis] as f64 / self.output[axis] as f64);
                Some(((rows * columns + 1.0) * self.outputs(1)? as f64) as u64)
            }
            Instr::LayerNorm { .. } => self.outputs(4),
            _ if self.normalises() => self.outputs(4),
            _ => Some(self.macs),
        }
    }

    fn ultralytics_thop(&self) -> Option<u64> {
        match &self.instr {
            Instr::TransposedConv { .. } => Some(self.macs),
            Instr::Resize(resize) if resize.mode == ResizeMode::Nearest => Some(0),
            Instr::Pool(pool @ Pool { kind: PoolKind::Average { count_padding }, .. }) => {
                let read = |axis: usize| {
                    cells_read(&pool.windows()[axis], self.input[axis + 2], self.output[axis + 2], *count_padding)
                };
                let maps = product(&self.input[..2])?;
                maps.checked_mul(read(0))?.checked_mul(read(1))?.checked_add(self.outputs(1)?)
            }
            Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } => {
                let read = |axis: usize| {
                    let (input, output) = (self.input[axis], self.output[axis]);
                    (0..output).map(|i| ((i + 1) * input).div_ceil(output) - i * input / output).sum::<u64>()
                };
                let maps = product(&self.input[..2])?;
                maps.checked_mul(read(2))?.checked_mul(read(3))?.checked_add(self.outputs(1)?)
            }
            Instr::GroupNorm { .. } => self.outputs(4),
            _ => self.thop(),
        }
    }

    fn tract(&self) -> Option<u64> {
        match (&self.instr, &self.post) {
            (_, Some(Epilogue::Norm(_))) => self.outputs(u64::from(!self.is_folded)),
            // What it makes of the statistics of a map, and of attention, is not known here.
            (
                Instr::LayerNorm { .. }
                | Instr::GroupNorm { .. }
                | Instr::Attention { .. }
                | Instr::SinePositions { .. }
                | Instr::Softmax
                | Instr::Reassemble { .. },
                _,
            ) => None,
            (_, Some(Epilogue::LayerScale { .. })) => self.outputs(1),
            (_, Some(Epilogue::Activation(activation))) => self.outputs(match activation {
                Activation::Relu | Activation::HardSigmoid | Activation::HardSwish => 0,
                Activation::Sigmoid => 11,
                Activation::Silu => 12,
                Activation::Gelu => 13,
            }),
            (Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { size: Some([1, 1]) }, _) => {
                product(&self.input)?.checked_add(self.outputs(1)?)
            }
            (Instr::TransposedConv { .. }, _) => Some(0),
            (Instr::L2Normalize { .. }, _) => self.outputs(2),
            (Instr::WeightedSum { .. }, _) => self.outputs(self.operands as u64),
            _ => Some(self.macs),
        }
    }
}

/// Cells that the windows along one axis read, those of the padding where they count.
fn cells_read(window: &Window, input: u64, output: u64, count_padding: bool) -> u64 {
    let (padding, input) = (window.padding as i64, input as i64);
    let (lower, upper) = if count_padding { (-padding, input + padding) } else { (0, input) };
    let read = |i: u64| {
        let first = i as i64 * window.stride as i64 - padding;
        ((first + window.kernel as i64).min(upper) - first.max(lower)).max(0) as u64
    };
    (0..output).map(read).sum()
}

fn product(sizes: &[u64]) -> Option<u64> {
    sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))
}
