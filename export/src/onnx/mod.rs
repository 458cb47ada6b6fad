//! ONNX, opset 17: one file for every size and batch.
//!
//! Free sizes stay free and are called by the spec's symbols; maps are called by the spec's rows, weights by their
//! checkpoint names. What is fused in the program is spelt out, since ONNX has no epilogues; engines fuse it again.

mod graph;
mod instructions;
mod norms;
mod proto;
mod reassembly;
mod sizes;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use neckar_spec::program::Program;
use neckar_spec::size::{Env, Size, Symbol};
use prost::Message;

use graph::Builder;
use proto::{Model, OperatorSet, Property};

/// The version of the operators that an export needs.
pub const OPSET: i64 = 17;

/// The version of the format that came with [`OPSET`].
const IR_VERSION: i64 = 8;

/// protobuf, and so ONNX, ends at 2 GiB a message.
const LARGEST: usize = 0x7fff_ffff;

/// How a program is exported.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Multiply batch norms into the convolutions before them. Names of folded weights end in `.folded`.
    pub fold_norms: bool,
    /// The file beside the model that holds the weights, by its name; without one they are inside.
    pub beside: Option<String>,
    /// Sizes that are fixed; the others stay free.
    pub at: Env,
    /// Further properties of the model: a key and its text.
    pub metadata: BTreeMap<String, String>,
}

/// An ONNX model.
#[derive(Debug)]
pub struct Onnx {
    /// The model's bytes.
    pub model: Vec<u8>,
    /// The bytes of the file beside it; empty where the weights are inside.
    pub beside: Vec<u8>,
}

/// Why a program cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It holds more than a message can.
    #[error("the model would take {0} bytes and ONNX files end at 2 GiB; put the weights beside it with `--beside`")]
    TooLarge(usize),
}

/// Exports a program with its weights, each in the order of the program, the last axis fastest.
///
/// # Errors
/// When the weights would have to stand beside the model and may not.
///
/// # Panics
/// When the weights are not those of the program.
pub fn export(program: &Program, weights: &[&[f32]], options: &Options) -> Result<Onnx, Error> {
    let suits = weights.len() == program.weights.len()
        && weights
            .iter()
            .zip(&program.weights)
            .all(|(own, weight)| own.len() == weight.shape.iter().product::<usize>());
    assert!(suits, "the weights are not those of `{}`", program.name);
    let mut program = program.inlined();
    fix(&mut program, &options.at);
    name_apart(&mut program);
    let program = &program;
    let mut builder = Builder::new(program, weights, options);
    builder.network();
    let (graph, beside) = builder.finish();
    let settings: Vec<String> = program.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let mut metadata = options.metadata.clone();
    metadata.insert("neckar.arch".into(), program.name.clone());
    metadata.insert("neckar.settings".into(), settings.join(", "));
    metadata.insert("neckar.legal".into(), program.legal.describe().join("; "));
    if !options.at.is_empty() {
        metadata.insert("neckar.at".into(), options.at.to_string());
    }
    let model = Model {
        ir_version: Some(IR_VERSION),
        producer_name: "neckar".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![OperatorSet { domain: Some(String::new()), version: Some(OPSET) }],
        metadata_props: metadata.into_iter().map(|(key, value)| Property { key, value }).collect(),
    };
    let length = model.encoded_len();
    if length > LARGEST {
        return Err(Error::TooLarge(length));
    }
    Ok(Onnx { model: model.encode_to_vec(), beside })
}

/// ONNX has one space of names: an output that is called like an input becomes `NAME_out`.
fn name_apart(program: &mut Program) {
    let taken: BTreeSet<String> = program.inputs.iter().map(|input| input.name.clone()).collect();
    for output in &mut program.outputs {
        while taken.contains(&output.name) {
            output.name += "_out";
        }
    }
}

/// Gives inputs and outputs the sizes that are fixed; those of all other maps follow.
fn fix(program: &mut Program, at: &Env) {
    let sizes: BTreeMap<Symbol, Size> =
        at.iter().map(|(symbol, value)| (symbol.clone(), Size::constant(value))).collect();
    let inputs = program.inputs.iter_mut().flat_map(|input| &mut input.shape);
    let outputs = program.outputs.iter_mut().flat_map(|output| &mut output.shape);
    inputs.chain(outputs).for_each(|size| *size = size.substitute(&sizes));
}
