//! The sets of legal sizes against counting: every size up to 4096 of each symbol, the others at a legal value.
//!
//! Two things have to agree with what was decided: the conditions that the graph recorded, each evaluated; and a walk over
//! the operators with formulas of its own, which knows nothing of conditions, symbols or sets.

use neckar_spec::Checked;
use neckar_spec::graph::{Graph, Node};
use neckar_spec::ops::Op;
use neckar_spec::program::{Axis, Instr, Resize, Slice, Target};
use neckar_spec::size::{Env, Size};

use crate::cases::CASES;

const UP_TO: i64 = 4096;

/// What rows declare exact without an operator that asks for it: the sizes are multiples of it.
const DECLARED: &[(&str, i64)] = &[("vit_pyramid", 14)];

/// Rows and columns of a map; none for vectors.
type Sizes = Option<[i64; 2]>;

#[test]
fn counted() {
    for case in CASES {
        let checked = case.checked();
        let graph = checked.graph();
        let legal = checked.legal();
        assert!(legal.joint.is_empty() && legal.undecided.is_empty(), "{}: {legal:?}", case.name);
        let walk = Walk::new(graph);
        let smallest = smallest(&checked);
        let declared = DECLARED.iter().find(|(spec, _)| *spec == case.spec).map_or(1, |(_, modulus)| *modulus);
        for (symbol, set) in &legal.sets {
            let mut env = smallest.clone();
            for n in 1..=UP_TO {
                env.set(symbol.clone(), n);
                let decided = set.contains(n);
                let failing = graph.conditions.iter().find(|condition| condition.relation.holds(&env) != Some(true));
                assert_eq!(failing.is_none(), decided, "{}: {symbol} = {n}: {failing:?}", case.name);
                let walked = walk.run(|size| exact(size, &env));
                assert_eq!(walked.is_ok() && n % declared == 0, decided, "{}: {symbol} = {n}: {walked:?}", case.name);
            }
        }
    }
}

/// The smallest legal value of each symbol.
fn smallest(checked: &Checked) -> Env {
    let sets = checked.legal().sets.iter();
    sets.map(|(symbol, set)| (symbol.clone(), (1..=UP_TO).find(|&n| set.contains(n)).expect("the zoo has sizes")))
        .collect()
}

/// A declared size, which is the n-th part of a symbol: where that is exact, or rounded up where it is written so.
fn exact(size: &Size, env: &Env) -> Result<i64, String> {
    let symbol = size.symbols().into_iter().next().expect("the zoo's inputs are free");
    let at = |n: i64| size.eval(&Env::from([(&symbol, n)])).expect("it has no other symbol");
    // Over a stretch that every n in use divides, the n-th part grows by the n-th part of that stretch.
    let part = UP_TO / (at(UP_TO) - at(0));
    let whole = env.get(symbol.as_str()).expect("every symbol has a value");
    let rounds_up = at(1) == 1;
    if whole % part == 0 || rounds_up {
        Ok((whole + part - 1) / part)
    } else {
        Err(format!("{whole}/{part} is not whole"))
    }
}

/// The operators of a graph as instructions.
pub struct Walk<'g> {
    graph: &'g Graph,
    instructions: Vec<Option<Instr>>,
}

impl<'g> Walk<'g> {
    pub fn new(graph: &'g Graph) -> Walk<'g> {
        // Which weights an instruction has makes no difference to sizes.
        let lower = |op: &Op, node: &Node| op.lower(&[0; 4], node.inputs.len(), &node.shape).0;
        let instructions = graph.nodes.iter().map(|node| node.op.as_ref().map(|op| lower(op, node))).collect();
        Walk { graph, instructions }
    }

    /// Whether all maps fit each other, with the inputs' sizes as they are given.
    pub fn run(&self, size: impl Fn(&Size) -> Result<i64, String>) -> Result<(), String> {
        let mut sizes: Vec<Sizes> = vec![None; self.graph.nodes.len()];
        for input in &self.graph.inputs {
            if let [_, _, rows, columns] = self.graph.node(input.node).shape.as_slice() {
                sizes[input.node.0 as usize] = Some([size(rows)?, size(columns)?]);
            }
        }
        for (at, instr) in self.instructions.iter().enumerate() {
            if let Some(instr) = instr {
                let operands = self.graph.nodes[at].inputs.iter().map(|input| sizes[input.0 as usize]);
                let operands: Vec<Sizes> = operands.collect();
                sizes[at] = result(instr, &operands).map_err(|problem| format!("node {at}: {problem}"))?;
            }
        }
        Ok(())
    }
}

fn result(instr: &Instr, operands: &[Sizes]) -> Result<Sizes, String> {
    let first = operands[0];
    let each = |size: fn(i64, i64) -> i64, by: i64| Ok(first.map(|sizes| sizes.map(|n| size(n, by))));
    match instr {
        Instr::Conv(conv) => windows(first, conv.kernel, conv.stride, conv.padding, conv.dilation),
        Instr::Pool(pool) => windows(first, pool.kernel, pool.stride, pool.padding, [1, 1]),
        Instr::TransposedConv { stride, .. } => each(|n, by| n * by, *stride as i64),
        Instr::Resize(Resize { target: Target::Factor(factor), .. }) => each(|n, by| n * by, *factor as i64),
        Instr::Resize(Resize { target: Target::Like, .. }) => Ok(operands[1]),
        Instr::GlobalAveragePool => Ok(Some([1, 1])),
        Instr::AdaptiveAveragePool { size } => {
            Ok(size.map_or(operands[operands.len() - 1], |size| Some(size.map(|n| n as i64))))
        }
        Instr::PixelShuffle { factor } => each(|n, by| n * by, *factor as i64),
        Instr::Reassemble { factor, .. } => match (first, operands[1]) {
            (Some(own), Some(kernels)) if kernels != own.map(|n| n * *factor as i64) => {
                Err(format!("kernels of {kernels:?} for {own:?}"))
            }
            _ => Ok(operands[1]),
        },
        Instr::Flatten => Ok(None),
        // Tokens are a column of cells.
        Instr::Tokens => Ok(first.map(|[rows, columns]| [rows * columns, 1])),
        Instr::Fold { size } => {
            let sizes = size.map_or(operands[operands.len() - 1], |size| Some(size.map(|n| n as i64)));
            match (first, sizes) {
                (Some([tokens, _]), Some([rows, columns])) if tokens == rows * columns => Ok(sizes),
                _ => Err(format!("{first:?} folded to {sizes:?}")),
            }
        }
        Instr::Learned { count, .. } => Ok(Some([*count as i64, 1])),
        Instr::Attention { .. } if operands[1] != operands[2] => {
            Err(format!("keys of {:?} and values of {:?}", operands[1], operands[2]))
        }
        Instr::MatMul => Ok(operands[1]),
        Instr::Gemm { .. }
        | Instr::Attention { .. }
        | Instr::SinePositions { .. }
        | Instr::L2Normalize { .. }
        | Instr::LayerNorm { .. }
        | Instr::GroupNorm { .. }
        | Instr::Softmax
        | Instr::ChannelShuffle { .. } => Ok(first),
        Instr::Concat { axis: Axis::Channels } | Instr::WeightedSum { .. } | Instr::Elementwise => {
            match operands.iter().find(|sizes| **sizes != first) {
                Some(other) => Err(format!("{first:?} meets {other:?}")),
                None => Ok(first),
            }
        }
        Instr::Concat { axis } => joined(operands, axis.index() - 2),
        Instr::Mean { axis } => Ok(along(first, *axis, |_| 1)),
        Instr::Slice(Slice { axis: Axis::Channels, .. }) => Ok(first),
        Instr::Slice(Slice { axis, start, length }) => {
            let (start, least) = (*start as i64, length.unwrap_or(1) as i64);
            match first {
                Some(sizes) if sizes[axis.index() - 2] < start + least => {
                    Err(format!("{start} + {least} of {sizes:?}"))
                }
                _ => Ok(along(first, *axis, |n| length.map_or(n - start, |_| least))),
            }
        }
        Instr::Multiply => match (first, operands[1]) {
            (Some(own), Some(gate)) if (0..2).any(|axis| gate[axis] != 1 && gate[axis] != own[axis]) => {
                Err(format!("{gate:?} gates {own:?}"))
            }
            _ => Ok(first),
        },
        Instr::Permute { order } => match order.as_slice() {
            [0, 1, 3, 2] => Ok(first.map(|[rows, columns]| [columns, rows])),
            order if order.is_sorted() => Ok(first),
            order => Err(format!("channels are exchanged with sizes: {order:?}")),
        },
    }
}

/// Sizes with another one along rows or columns.
fn along(sizes: Sizes, axis: Axis, size: impl Fn(i64) -> i64) -> Sizes {
    let mut sizes = sizes?;
    if axis != Axis::Channels {
        let size_of = &mut sizes[axis.index() - 2];
        *size_of = size(*size_of);
    }
    Some(sizes)
}

/// Maps behind each other along rows (0) or columns (1).
fn joined(operands: &[Sizes], axis: usize) -> Result<Sizes, String> {
    let Some(sizes) = operands.iter().copied().collect::<Option<Vec<[i64; 2]>>>() else { return Ok(None) };
    if sizes.iter().any(|other| other[1 - axis] != sizes[0][1 - axis]) {
        return Err(format!("{sizes:?} are joined"));
    }
    let mut whole = sizes[0];
    whole[axis] = sizes.iter().map(|sizes| sizes[axis]).sum();
    Ok(Some(whole))
}

/// How often a window fits when it moves over the padded map.
fn windows(
    input: Sizes,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
) -> Result<Sizes, String> {
    let Some(input) = input else { return Ok(None) };
    let mut result = [0; 2];
    for axis in 0..2 {
        let padded = input[axis] + 2 * padding[axis] as i64;
        let reach = (dilation[axis] * (kernel[axis] - 1)) as i64 + 1;
        if padded < reach {
            return Err(format!("a window of {reach} on {padded} cells"));
        }
        result[axis] = (padded - reach) / stride[axis] as i64 + 1;
    }
    Ok(Some(result))
}
