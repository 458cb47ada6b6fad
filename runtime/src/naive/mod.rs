//! The reference: every instruction as its formula, in plain loops over channels-first maps with sums in f64.
//!
//! A program runs body by body and nothing is fused: an instruction, then each step of its epilogue, in f64; the result is
//! rounded to f32 where the step ends. It shares no arithmetic with the kernels it is there to judge.

mod adaptive_average_pool;
mod attention;
mod channel_shuffle;
mod concat;
mod conv;
mod elementwise;
mod epilogue;
mod flatten;
mod gemm;
mod global_average_pool;
mod group_norm;
mod l2_normalize;
mod layer_norm;
mod learned;
mod map;
mod matmul;
mod mean;
mod multiply;
mod permute;
mod pixel_shuffle;
mod pool;
mod reassemble;
mod resize;
mod sine_positions;
mod slice;
mod softmax;
mod sum;
mod transposed_conv;
mod weighted_sum;

use ndarray::{ArrayD, IxDyn};
use neckar_spec::program::{Epilogue, Instr, Program, Slot, Step, WeightId};

use crate::plan::result_shape;
use crate::{Error, Weights, entry};
use map::Map;
use sum::Count;

/// Runs a program and gives its outputs, in order.
///
/// # Errors
/// [`Error::Input`] and [`Error::Size`] as [`Model::run`](crate::Model::run), [`Error::Unsupported`] for a program that is
/// not well formed.
pub fn run(
    program: &Program,
    weights: &Weights,
    inputs: &[(String, ArrayD<f32>)],
) -> Result<Vec<(String, ArrayD<f32>)>, Error> {
    run_counted(program, weights, inputs, &Count::default())
}

/// How many multiply-accumulates of convolutions, linear layers, attention, reassemblies and products of maps a run takes, counted
/// where each is done. A tap that falls on padding multiplies a zero and counts.
///
/// # Errors
/// As [`run`].
pub fn multiply_accumulates(
    program: &Program,
    weights: &Weights,
    inputs: &[(String, ArrayD<f32>)],
) -> Result<u64, Error> {
    let count = Count::default();
    run_counted(program, weights, inputs, &count)?;
    Ok(count.total())
}

fn run_counted(
    program: &Program,
    weights: &Weights,
    inputs: &[(String, ArrayD<f32>)],
    count: &Count,
) -> Result<Vec<(String, ArrayD<f32>)>, Error> {
    entry::sound(program)?;
    let shapes: Vec<(&str, &[usize])> = inputs.iter().map(|(name, array)| (name.as_str(), array.shape())).collect();
    let order = entry::order(program, &shapes)?;
    entry::check(program, &order.iter().map(|&i| shapes[i].1).collect::<Vec<_>>())?;
    let maps = order.iter().map(|&i| Map::of(&inputs[i].1)).collect::<Result<_, _>>()?;
    let weight_ids: Vec<WeightId> = (0..program.entry().weights).collect();
    let own = BodyWeights { weights, ids: &weight_ids, count };
    let outputs = run_body(program, program.bodies.len() - 1, &own, maps)?;
    let array = |map: Map| {
        let data = map.data.iter().map(|&x| x as f32).collect();
        ArrayD::from_shape_vec(IxDyn(&map.shape), data).expect("a map has as many cells as its shape")
    };
    Ok(program.outputs.iter().zip(outputs).map(|(output, map)| (output.name.clone(), array(map))).collect())
}

/// The weights of a body, by its own indices.
struct BodyWeights<'a> {
    weights: &'a Weights,
    ids: &'a [WeightId],
    /// What is done with them.
    count: &'a Count,
}

impl BodyWeights<'_> {
    fn get(&self, weight: WeightId) -> &[f32] {
        self.weights.get(self.ids[weight as usize])
    }
}

fn run_body(program: &Program, body: usize, weights: &BodyWeights, inputs: Vec<Map>) -> Result<Vec<Map>, Error> {
    let body = &program.bodies[body];
    let mut slots: Vec<Option<Map>> = inputs.into_iter().map(Some).collect();
    slots.resize_with(body.slots as usize, || None);
    let read = |slots: &[Option<Map>], of: &[Slot]| -> Vec<Map> {
        let map = |&slot: &Slot| {
            slots[slot as usize].clone().expect("a program's steps come in an order in which they can run")
        };
        of.iter().map(map).collect()
    };
    for step in &body.steps {
        match step {
            Step::Run { instr, args, epilogue, out, .. } => {
                let args = read(&slots, args);
                slots[*out as usize] = Some(run_step(instr, epilogue, weights, &args)?);
            }
            Step::Call { body, args, weights: passed, outs, .. } => {
                let passed: Vec<WeightId> = passed.iter().map(|&weight| weights.ids[weight as usize]).collect();
                let passed = BodyWeights { ids: &passed, ..*weights };
                let made = run_body(program, *body as usize, &passed, read(&slots, args))?;
                for (&out, map) in outs.iter().zip(made) {
                    slots[out as usize] = Some(map);
                }
            }
        }
    }
    Ok(read(&slots, &body.outputs))
}

fn run_step(instr: &Instr, epilogue: &[Epilogue], weights: &BodyWeights, args: &[Map]) -> Result<Map, Error> {
    let addends = Epilogue::addends(epilogue);
    let (args, mut addends) = args.split_at(args.len() - addends);
    let shapes: Vec<&[usize]> = args.iter().map(|map| map.shape.as_slice()).collect();
    let shape = result_shape(instr, &shapes)?;
    let mut map = run_instr(instr, weights, args, &shape)?;
    for post in epilogue {
        map = match post {
            Epilogue::Norm(norm) => epilogue::norm(norm, weights, &map),
            Epilogue::Activation(activation) => epilogue::activate(*activation, map),
            Epilogue::LayerScale { weight } => epilogue::scale(weights.get(*weight), map),
            Epilogue::Scale { factor } => epilogue::scale_all(*factor, map),
            Epilogue::Branch(branch) => {
                let own = match &branch.conv {
                    Some(conv) => conv::run(conv, weights, &args[0], &map.shape)?,
                    None => elementwise::run(&args[0])?,
                };
                let own = match &branch.norm {
                    Some(norm) => epilogue::norm(norm, weights, &own),
                    None => own,
                };
                epilogue::add(None, &own, map)?
            }
            Epilogue::Add { resize } => {
                let (first, rest) = addends.split_first().expect("a program has an operand for each addition");
                addends = rest;
                epilogue::add(*resize, first, map)?
            }
        };
    }
    for cell in &mut map.data {
        *cell = f64::from(*cell as f32);
    }
    Ok(map)
}

fn run_instr(instr: &Instr, weights: &BodyWeights, args: &[Map], shape: &[usize]) -> Result<Map, Error> {
    let input = &args[0];
    match instr {
        Instr::Conv(conv) => conv::run(conv, weights, input, shape),
        Instr::TransposedConv { channels, stride, weight, bias } => {
            transposed_conv::run(*channels, *stride, *weight, *bias, weights, input, shape)
        }
        Instr::Gemm { weight, bias, .. } => gemm::run(*weight, *bias, weights, input, shape),
        Instr::Pool(pool) => pool::run(pool, input, shape),
        Instr::GlobalAveragePool => global_average_pool::run(input, shape),
        Instr::AdaptiveAveragePool { .. } => adaptive_average_pool::run(input, shape),
        Instr::Resize(resize) => resize::run(*resize, input, shape),
        Instr::Concat { axis } => concat::run(*axis, args, shape),
        Instr::Flatten => flatten::run(input, shape),
        Instr::L2Normalize { eps } => l2_normalize::run(*eps, input, shape),
        Instr::WeightedSum { weight, normalise, eps } => {
            weighted_sum::run(weights.get(*weight), *normalise, *eps, args, shape)
        }
        Instr::Elementwise => elementwise::run(input),
        Instr::Attention { heads } => attention::run(*heads, args, shape, weights.count),
        Instr::MatMul => matmul::run(args, shape, weights.count),
        // The cells of a channel lie row by row in either shape.
        Instr::Tokens | Instr::Fold { .. } => flatten::run(input, shape),
        Instr::Learned { weight, .. } => learned::run(weights.get(*weight), shape),
        Instr::SinePositions { temperature } => sine_positions::run(*temperature, shape),
        Instr::LayerNorm { eps, weight, bias } => {
            layer_norm::run(*eps, weights.get(*weight), weights.get(*bias), input, shape)
        }
        Instr::GroupNorm { groups, eps, weight, bias } => {
            group_norm::run(*groups, *eps, weights.get(*weight), weights.get(*bias), input, shape)
        }
        Instr::Multiply => multiply::run(input, &args[1], shape),
        Instr::Mean { axis } => mean::run(*axis, input, shape),
        Instr::Slice(slice) => slice::run(*slice, input, shape),
        Instr::Permute { order } => permute::run(order, input, shape),
        Instr::Softmax => softmax::run(1, input),
        Instr::PixelShuffle { factor } => pixel_shuffle::run(*factor, input, shape),
        Instr::ChannelShuffle { groups } => channel_shuffle::run(*groups, input, shape),
        Instr::Reassemble { kernel, factor } => reassemble::run(*kernel, *factor, args, shape, weights.count),
    }
}
