//! Operators in the few words that fit beside a box or an arrow.

use neckar_spec::graph::Node;
use neckar_spec::ops::Op;
use neckar_spec::program::{Instr, Normalise, PoolKind, ResizeMode, Slice, Target};

use super::scene::Sign;

/// What becomes of an operator in a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A box.
    Layer,
    /// Goes into the box of what it follows.
    Follower,
    /// An arrow with words.
    Arrow,
    /// A circle.
    Fuse(Sign),
}

/// What becomes of an operator.
pub(super) fn part(node: &Node) -> Part {
    let Some(op) = &node.op else { return Part::Layer };
    match op {
        Op::Activate(_)
        | Op::BatchNorm(_)
        | Op::Flatten(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Scale(_)
        | Op::Softmax(_)
        | Op::ChannelShuffle(_)
        | Op::PixelShuffle(_)
        | Op::Tokens(_)
        | Op::Fold(_) => Part::Follower,
        Op::Up(_) | Op::UpTo(_) => Part::Arrow,
        Op::Add(_) => Part::Fuse(Sign::Add),
        Op::Multiply(_) => Part::Fuse(Sign::Multiply),
        Op::Concat(_) => Part::Fuse(Sign::Concat),
        Op::Fuse(_) => Part::Fuse(match instruction(node) {
            Some(Instr::Concat { .. }) => Sign::Concat,
            Some(Instr::WeightedSum { .. }) => Sign::Weighted,
            _ => Sign::Add,
        }),
        Op::AdaptiveAvgPool(_)
        | Op::Conv(_)
        | Op::L2Normalize(_)
        | Op::Linear(_)
        | Op::Mean(_)
        | Op::Permute(_)
        | Op::Slice(_)
        | Op::Reassemble(_)
        | Op::Attention(_)
        | Op::Learned(_)
        | Op::MatMul(_)
        | Op::SinePositions(_)
        | Op::WindowPool(_) => Part::Layer,
    }
}

/// The operands whose values count: what only lends its size to another is none.
pub(super) fn operands(node: &Node) -> &[neckar_spec::graph::NodeId] {
    match &node.op {
        Some(Op::UpTo(_) | Op::Fold(_) | Op::AdaptiveAvgPool(_)) => &node.inputs[..1],
        _ => &node.inputs,
    }
}

/// An operator in words: `3×3 /2`, `max 3×3 /2`, `2× nearest`; nothing for an input and a plain sum.
pub(super) fn words(node: &Node) -> String {
    let (Some(op), Some(instruction)) = (&node.op, instruction(node)) else { return String::new() };
    match instruction {
        Instr::Conv(conv) => {
            let mut text = by(conv.kernel) + &stride(conv.stride);
            if conv.dilation != [1, 1] {
                text.push_str(&format!(" d{}", either(conv.dilation)));
            }
            // A filter a channel is the depthwise convolution of the mobile networks.
            match conv.groups {
                1 => text,
                groups if groups == conv.channels => format!("dw {text}"),
                groups => format!("{text} g{groups}"),
            }
        }
        Instr::TransposedConv { stride, .. } => format!("{stride}× transposed"),
        Instr::Gemm { .. } => "linear".into(),
        Instr::Pool(pool) => {
            let kind = match pool.kind {
                PoolKind::Max => "max",
                PoolKind::Average { .. } => "avg",
            };
            format!("{kind} {}{}", by(pool.kernel), stride(pool.stride))
        }
        Instr::GlobalAveragePool => "global avg".into(),
        Instr::AdaptiveAveragePool { size: Some(size) } => format!("avg to {}", by(size)),
        Instr::AdaptiveAveragePool { size: None } => "avg to size".into(),
        Instr::Resize(resize) => {
            let mode = match resize.mode {
                ResizeMode::Nearest => "nearest",
                ResizeMode::Bilinear => "bilinear",
                ResizeMode::AlignCorners => "align corners",
                ResizeMode::Bicubic => "bicubic",
                ResizeMode::BicubicAntialiased => "bicubic, antialiased",
            };
            match resize.target {
                Target::Factor(factor) => format!("{factor}× {mode}"),
                Target::Like => format!("UpTo {mode}"),
            }
        }
        Instr::Flatten => "flatten".into(),
        Instr::L2Normalize { .. } => "L2 norm".into(),
        Instr::WeightedSum { normalise, .. } => match normalise {
            Normalise::Softplus => "weighted".into(),
            Normalise::Relu => "fast".into(),
            Normalise::Softmax => "softmax".into(),
        },
        Instr::Concat { .. } | Instr::Multiply => String::new(),
        Instr::Mean { axis } => format!("mean of {axis}"),
        Instr::Slice(Slice { axis, start, length }) => {
            let end = length.map_or(String::new(), |length| (start + length).to_string());
            format!("{axis} {start}..{end}")
        }
        Instr::Permute { .. } => "permute".into(),
        Instr::LayerNorm { .. } => "layer norm".into(),
        Instr::GroupNorm { .. } => "group norm".into(),
        Instr::Attention { heads } => format!("attention, {heads} heads"),
        Instr::MatMul => "matmul".into(),
        Instr::Tokens => "tokens".into(),
        Instr::Fold { .. } => "fold".into(),
        Instr::Learned { count, .. } => format!("learned {count}"),
        Instr::SinePositions { .. } => "sine positions".into(),
        Instr::Softmax => "softmax".into(),
        Instr::PixelShuffle { factor } => format!("pixel shuffle {factor}×"),
        Instr::ChannelShuffle { groups } => format!("channel shuffle of {groups}"),
        Instr::Reassemble { kernel, factor } => format!("reassemble {} {factor}×", by([kernel; 2])),
        Instr::Elementwise => match op {
            Op::Activate(_) => op.text(&[]).trim_end_matches("()").to_owned(),
            Op::BatchNorm(_) => "batch norm".into(),
            Op::Scale(_) => "scale".into(),
            Op::LayerScale(_) => "layer scale".into(),
            _ => String::new(),
        },
    }
}

/// What happens one after the other: `1×1, 2× nearest`, `(3×3 /2) × 3`.
pub(super) fn repeated(words: &[&str]) -> String {
    let runs = words.chunk_by(|one, next| one == next);
    let run = |run: &[&str]| if run.len() > 1 { format!("({}) × {}", run[0], run.len()) } else { run[0].to_owned() };
    runs.map(run).collect::<Vec<_>>().join(", ")
}

fn instruction(node: &Node) -> Option<Instr> {
    Some(node.op.as_ref()?.lower(&node.weights, node.inputs.len(), &node.shape).0)
}

fn by([rows, columns]: [usize; 2]) -> String {
    format!("{rows}×{columns}")
}

fn either([rows, columns]: [usize; 2]) -> String {
    if rows == columns { rows.to_string() } else { by([rows, columns]) }
}

fn stride(stride: [usize; 2]) -> String {
    if stride == [1, 1] { String::new() } else { format!(" /{}", either(stride)) }
}
