//! A program as text: what a person reads and a snapshot holds.
//!
//! One line a fact, in the order of the program. Slots are `%3`, weights of a body stand in brackets, runs of numbers as
//! `0..14`, both ends included. Rows and layers are not shown; they say nothing of how it runs.

use std::fmt::{self, Display, Formatter, Write};

use crate::size::shape_text;

use super::{
    Activation, Axis, Body, Branch, Convolution, Epilogue, Fit, Init, Instr, Norm, Normalise, Pool, PoolKind,
    Preprocessing, Program, Resize, ResizeMode, Slice, Slot, Step, Target, WeightId,
};

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "program {}", self.name)?;
        for (name, value) in &self.settings {
            writeln!(f, "  set {name} = {value}")?;
        }
        for free in &self.symbols {
            write!(f, "  size {}", free.symbol)?;
            if let Some(at) = free.at {
                write!(f, " at {at}")?;
            }
            writeln!(f)?;
        }
        for condition in self.legal.describe() {
            writeln!(f, "  legal {condition}")?;
        }
        for input in &self.inputs {
            write!(f, "  input {}: {}", input.name, shape_text(&input.shape, &self.legal))?;
            if let Some(image) = &input.image {
                write!(f, " from {image}")?;
            }
            writeln!(f)?;
        }
        for output in &self.outputs {
            writeln!(f, "  output {}: {}", output.name, shape_text(&output.shape, &self.legal))?;
        }
        for name in &self.ignored {
            writeln!(f, "  ignore {name}")?;
        }
        if !self.weights.is_empty() {
            writeln!(f, "\nweights")?;
        }
        for (id, weight) in self.weights.iter().enumerate() {
            let kind = if weight.learnable { "" } else { "buffer, " };
            writeln!(f, "  {id} {}: {} {kind}{}", weight.name, list(&weight.shape), weight.init)?;
        }
        for (id, body) in self.bodies.iter().enumerate() {
            write!(f, "\nbody {}#{id} ({})", body.name, slots(0..body.inputs))?;
            writeln!(f, " slots {} weights {}", body.slots, body.weights)?;
            for step in &body.steps {
                write_step(f, step, &self.bodies)?;
            }
            writeln!(f, "  -> {}", slots(body.outputs.iter().copied()))?;
        }
        Ok(())
    }
}

fn write_step(f: &mut Formatter<'_>, step: &Step, bodies: &[Body]) -> fmt::Result {
    match step {
        Step::Run { instr, args, epilogue, out, row } => {
            write!(f, "  %{out} = {instr} ({})", slots(args.iter().copied()))?;
            for stage in epilogue {
                write!(f, " | {stage}")?;
            }
            if let Some(row) = row {
                write!(f, "   // row {row}")?;
            }
        }
        Step::Call { body, name, args, weights, outs, rows } => {
            let callee = bodies.get(*body as usize).map_or("?", |body| body.name.as_str());
            write!(f, "  {} = call {callee}#{body} \"{name}\"", slots(outs.iter().copied()))?;
            write!(f, " ({}) weights [{}]", slots(args.iter().copied()), runs(weights))?;
            if rows.iter().any(Option::is_some) {
                let names = rows.iter().map(|row| row.as_deref().unwrap_or("_"));
                write!(f, "   // row {}", names.collect::<Vec<_>>().join(", "))?;
            }
        }
    }
    writeln!(f)
}

impl Display for Instr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Instr::Conv(conv) => write!(f, "{conv}"),
            Instr::TransposedConv { channels, stride, weight, bias } => {
                write!(f, "transposed_conv {channels} s{stride} {}", Weights(*weight, *bias))
            }
            Instr::Gemm { features, weight, bias } => {
                write!(f, "gemm {features} {}", Weights(*weight, *bias))
            }
            Instr::Pool(pool) => write!(f, "{pool}"),
            Instr::GlobalAveragePool => f.write_str("global_average_pool"),
            Instr::AdaptiveAveragePool { size: Some([rows, columns]) } => {
                write!(f, "adaptive_average_pool {rows}x{columns}")
            }
            Instr::AdaptiveAveragePool { size: None } => f.write_str("adaptive_average_pool like"),
            Instr::Resize(resize) => write!(f, "{resize}"),
            Instr::Concat { axis: Axis::Channels } => f.write_str("concat"),
            Instr::Concat { axis } => write!(f, "concat {axis}"),
            Instr::Flatten => f.write_str("flatten"),
            Instr::L2Normalize { eps } => write!(f, "l2_normalize eps {eps:?}"),
            Instr::WeightedSum { weight, normalise, eps } => {
                let normalise = match normalise {
                    Normalise::Softplus => "softplus",
                    Normalise::Relu => "relu",
                    Normalise::Softmax => "softmax",
                };
                write!(f, "weighted_sum {normalise} eps {eps:?} {}", Weights(*weight, None))
            }
            Instr::Elementwise => f.write_str("elementwise"),
            Instr::LayerNorm { eps, weight, bias } => {
                write!(f, "layer_norm eps {eps:?} {}", Weights(*weight, Some(*bias)))
            }
            Instr::GroupNorm { groups, eps, weight, bias } => {
                write!(f, "group_norm {groups} eps {eps:?} {}", Weights(*weight, Some(*bias)))
            }
            Instr::Multiply => f.write_str("multiply"),
            Instr::Mean { axis } => write!(f, "mean {axis}"),
            Instr::Slice(Slice { axis, start, length: Some(length) }) => {
                write!(f, "slice {axis} {start}..{}", start + length)
            }
            Instr::Slice(Slice { axis, start, length: None }) => write!(f, "slice {axis} {start}.."),
            Instr::Permute { order } => write!(f, "permute {}", list(order)),
            Instr::Attention { heads } => write!(f, "attention {heads}"),
            Instr::MatMul => f.write_str("matmul"),
            Instr::Tokens => f.write_str("tokens"),
            Instr::Fold { size: Some([rows, columns]) } => write!(f, "fold {rows}x{columns}"),
            Instr::Fold { size: None } => f.write_str("fold like"),
            Instr::Learned { channels, count, weight } => {
                write!(f, "learned {channels}x{count} {}", Weights(*weight, None))
            }
            Instr::SinePositions { temperature } => write!(f, "sine_positions {temperature:?}"),
            Instr::Softmax => f.write_str("softmax"),
            Instr::PixelShuffle { factor } => write!(f, "pixel_shuffle x{factor}"),
            Instr::ChannelShuffle { groups } => write!(f, "channel_shuffle g{groups}"),
            Instr::Reassemble { kernel, factor } => write!(f, "reassemble k{kernel}x{kernel} x{factor}"),
        }
    }
}

impl Display for Axis {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Axis::Channels => "channels",
            Axis::Rows => "rows",
            Axis::Columns => "columns",
        })
    }
}

impl Display for Convolution {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "conv {} k{}x{}", self.channels, self.kernel[0], self.kernel[1])?;
        write_pair(f, "s", self.stride, 1)?;
        write_pair(f, "p", self.padding, 0)?;
        write_pair(f, "d", self.dilation, 1)?;
        if self.groups != 1 {
            write!(f, " g{}", self.groups)?;
        }
        write!(f, " {}", Weights(self.weight, self.bias))
    }
}

impl Display for Pool {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PoolKind::Max => "max_pool",
            PoolKind::Average { count_padding: true } => "average_pool",
            PoolKind::Average { count_padding: false } => "average_pool inside",
        };
        write!(f, "{kind} k{}x{}", self.kernel[0], self.kernel[1])?;
        write_pair(f, "s", self.stride, 1)?;
        write_pair(f, "p", self.padding, 0)
    }
}

impl Display for Resize {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            ResizeMode::Nearest => "nearest",
            ResizeMode::Bilinear => "bilinear",
            ResizeMode::AlignCorners => "align_corners",
            ResizeMode::Bicubic => "bicubic",
            ResizeMode::BicubicAntialiased => "bicubic_antialiased",
        };
        match self.target {
            Target::Factor(factor) => write!(f, "resize {mode} x{factor}"),
            Target::Like => write!(f, "resize {mode} like"),
        }
    }
}

impl Display for Epilogue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Epilogue::Norm(norm) => norm.fmt(f),
            Epilogue::Activation(activation) => f.write_str(match activation {
                Activation::Relu => "relu",
                Activation::Silu => "silu",
                Activation::Sigmoid => "sigmoid",
                Activation::Gelu => "gelu",
                Activation::HardSigmoid => "hard_sigmoid",
                Activation::HardSwish => "hard_swish",
            }),
            Epilogue::Add { resize: None } => f.write_str("add"),
            Epilogue::Add { resize: Some(resize) } => write!(f, "add {resize}"),
            Epilogue::Scale { factor } => write!(f, "scale {factor:?}"),
            Epilogue::LayerScale { weight } => write!(f, "layer_scale {}", Weights(*weight, None)),
            Epilogue::Branch(Branch { conv, norm }) => {
                f.write_str("branch")?;
                conv.iter().try_for_each(|conv| write!(f, " {conv}"))?;
                norm.iter().try_for_each(|norm| write!(f, " {norm}"))
            }
        }
    }
}

impl Display for Norm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Norm { weight, bias, mean, variance, eps } = self;
        write!(f, "norm [w {}] eps {eps:?}", runs(&[*weight, *bias, *mean, *variance]))
    }
}

impl Display for Preprocessing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let order = if self.bgr { "bgr" } else { "rgb" };
        let fit = match self.fit {
            Fit::Stretch => "stretch",
            Fit::Cover => "cover",
            Fit::Pad => "pad",
        };
        write!(f, "{order} {fit} scale {:?} mean {:?} std {:?}", self.scale, self.mean, self.std)
    }
}

impl Display for Init {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Init::Constant(value) => write!(f, "constant {value:?}"),
            Init::Uniform { bound } => write!(f, "uniform {bound:?}"),
            Init::Normal { std } => write!(f, "normal {std:?}"),
        }
    }
}

/// A weight and its bias: `[w 0, b 1]`.
struct Weights(WeightId, Option<WeightId>);

impl Display for Weights {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "[w {}", self.0)?;
        if let Some(bias) = self.1 {
            write!(f, ", b {bias}")?;
        }
        f.write_char(']')
    }
}

/// ` s2` or ` s2x1`, nothing where both are the usual value.
fn write_pair(f: &mut Formatter<'_>, name: &str, pair: [usize; 2], usual: usize) -> fmt::Result {
    match pair {
        [rows, columns] if rows == usual && columns == usual => Ok(()),
        [rows, columns] if rows == columns => write!(f, " {name}{rows}"),
        [rows, columns] => write!(f, " {name}{rows}x{columns}"),
    }
}

fn list<T: Display>(items: &[T]) -> String {
    format!("[{}]", items.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

fn slots(slots: impl Iterator<Item = Slot>) -> String {
    slots.map(|slot| format!("%{slot}")).collect::<Vec<_>>().join(", ")
}

/// Rising runs of numbers as `0..14`.
fn runs(ids: &[WeightId]) -> String {
    ids.chunk_by(|a, b| a.checked_add(1) == Some(*b))
        .map(|run| match run {
            [first, .., last] => format!("{first}..{last}"),
            run => run.iter().map(u32::to_string).collect(),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::validate::sample::program;
    use super::*;

    #[test]
    fn a_program_reads_line_by_line() {
        let expected = r#"program Tiny
  set fuse = fast
  size H at 64
  size W
  legal H mod 4 in {0}
  legal every W
  input image: [B, 3, H, W] from rgb cover scale 0.5 mean [0.5, 0.25, 0.125] std [1.0, 1.0, 2.0]
  output P: [B, 4, H/2, W]
  output classes: [B, 10]
  ignore aux.*

weights
  0 stem.weight: [8, 3, 7, 5] normal 0.5
  1 stem.bias: [8] constant 0.0
  2 stage.0.conv.weight: [8, 8, 3, 3] uniform 0.25
  3 stage.0.norm.weight: [8] constant 1.0
  4 stage.0.norm.bias: [8] constant 0.0
  5 stage.0.norm.running_mean: [8] buffer, constant 0.0
  6 stage.0.norm.running_var: [8] buffer, constant 1.0
  7 stage.1.conv.weight: [8, 8, 3, 3] uniform 0.25
  8 stage.1.norm.weight: [8] constant 1.0
  9 stage.1.norm.bias: [8] constant 0.0
  10 stage.1.norm.running_mean: [8] buffer, constant 0.0
  11 stage.1.norm.running_var: [8] buffer, constant 1.0
  12 F.w: [2] constant 1.0
  13 head.weight: [4, 8, 1, 1] normal 0.01
  14 fc.weight: [10, 32] normal 0.01
  15 fc.bias: [10] constant 0.0

body Residual#0 (%0) slots 2 weights 5
  %1 = conv 8 k3x3 p1 [w 0] (%0, %0) | norm [w 1..4] eps 1e-5 | relu | add   // row out
  -> %1

body Tiny#1 (%0) slots 9 weights 16
  %1 = conv 8 k7x5 s2x1 p3x2 [w 0, b 1] (%0) | silu   // row C1
  %2 = call Residual#0 "stage.0" (%1) weights [2..6]
  %3 = call Residual#0 "stage.1" (%2) weights [7..11]   // row C2
  %4 = max_pool k3x3 s2 p1 (%3)   // row C3
  %5 = resize bilinear like (%4, %3)
  %6 = weighted_sum relu eps 0.0001 [w 12] (%3, %5)   // row F
  %7 = conv 4 k1x1 [w 13] (%6, %4) | add resize nearest x2   // row P
  %8 = gemm 10 [w 14, b 15] (%7)
  -> %7, %8
"#;
        assert_eq!(program().to_string(), expected);
    }

    #[test]
    fn runs_of_numbers_are_short() {
        assert_eq!(runs(&[]), "");
        assert_eq!(runs(&[3]), "3");
        assert_eq!(runs(&[0, 1, 2, 7, 5, 6, u32::MAX]), "0..2, 7, 5..6, 4294967295");
    }
}
