//! How long each part of a run took.

use std::time::Duration;

use neckar_spec::program::{Epilogue, Instr, Resize, ResizeMode};

use crate::Model;
use crate::cpu::{Executable, Moment};
use crate::plan::Work;

/// How long a part of a run took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTime {
    /// The row that it makes or helps to make, by its full name.
    pub row: Option<String>,
    /// What it does, with the shapes that it does it on.
    pub what: String,
    /// Its time in nanoseconds.
    pub nanos: u64,
}

/// What a part of a run was, and its time.
pub(crate) fn step_time(model: &Model, executable: &Executable, moment: Moment, time: Duration) -> StepTime {
    let plan = &executable.plan;
    let (row, what) = match moment {
        Moment::Import(i) => (None, format!("read input `{}`", model.program().inputs[i].name)),
        Moment::Export(i) => (None, format!("write output `{}`", plan.wanted[i].0)),
        Moment::Step(i) => {
            let step = &plan.steps[i];
            let site = &model.network().sites[step.site];
            let shape = |value: usize| format!("{:?}", plan.values[value].shape);
            let (what, from) = match &step.work {
                Work::Resize { resize, from } => (resize_name(resize).to_owned(), *from),
                Work::Site { args, .. } => (name(&site.instr, &site.epilogue), args[0]),
            };
            (site.row.clone(), format!("{what} {} -> {}", shape(from), shape(step.out)))
        }
    };
    StepTime { row, what, nanos: time.as_nanos().try_into().unwrap_or(u64::MAX) }
}

/// An instruction and its epilogue in words.
fn name(instr: &Instr, epilogue: &[Epilogue]) -> String {
    let mut name = match instr {
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
        Instr::Concat => "concat".to_owned(),
        Instr::Flatten => "flatten".to_owned(),
        Instr::L2Normalize { .. } => "l2 normalize".to_owned(),
        Instr::WeightedSum { .. } => "weighted sum".to_owned(),
        Instr::Elementwise => "elementwise".to_owned(),
    };
    for post in epilogue {
        name += match post {
            Epilogue::Norm(_) => " + norm",
            Epilogue::Activation(neckar_spec::program::Activation::Relu) => " + relu",
            Epilogue::Activation(neckar_spec::program::Activation::Silu) => " + silu",
            Epilogue::Activation(neckar_spec::program::Activation::Sigmoid) => " + sigmoid",
            Epilogue::Add { .. } => " + add",
        };
    }
    name
}

fn resize_name(resize: &Resize) -> &'static str {
    match resize.mode {
        ResizeMode::Nearest => "resize nearest",
        ResizeMode::Bilinear => "resize bilinear",
        ResizeMode::AlignCorners => "resize align corners",
    }
}
