//! tract, with the sizes of the inputs known when the network is optimised.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use ndarray::ArrayD;
use tract_linalg::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

use crate::{Maps, Network};

pub struct Tract {
    model: Arc<TypedRunnableModel>,
    inputs: TVec<TValue>,
    outputs: Vec<String>,
}

impl Tract {
    pub fn load(model: &Path, inputs: &Maps, threads: usize) -> Result<Tract> {
        if threads > 1 {
            set_default_executor(Executor::multithread(threads));
        }
        // A file says its free sizes as formulas, which tract would hold against the known ones.
        let reader = tract_onnx::onnx().with_ignore_value_info(true).with_ignore_output_shapes(true);
        let mut model = reader.model_for_path(model)?;
        let names = |model: &InferenceModel, outlets: &[OutletId]| -> Vec<String> {
            let name = |outlet: &OutletId| model.outlet_label(*outlet).unwrap_or(&model.node(outlet.node).name).to_owned();
            outlets.iter().map(name).collect()
        };
        let outputs = names(&model, model.output_outlets()?);
        let mut tensors: TVec<TValue> = tvec![];
        for (at, name) in names(&model, model.input_outlets()?).iter().enumerate() {
            let array = inputs.get(name).with_context(|| format!("no input `{name}`"))?;
            model = model.with_input_fact(at, f32::fact(array.shape()).into())?;
            let values: Vec<f32> = array.iter().copied().collect();
            tensors.push(Tensor::from_shape(array.shape(), &values)?.into_tvalue());
        }
        Ok(Tract { model: model.into_optimized()?.into_runnable()?, inputs: tensors, outputs })
    }
}

impl Network for Tract {
    type Made = TVec<TValue>;

    fn run(&self) -> Result<TVec<TValue>> {
        self.model.run(self.inputs.clone())
    }

    fn maps(&self, made: TVec<TValue>) -> Result<Maps> {
        let named = self.outputs.iter().zip(made).map(|(name, tensor)| {
            let view = tensor.to_plain_array_view::<f32>()?;
            Ok((name.clone(), ArrayD::from_shape_vec(view.shape(), view.iter().copied().collect())?))
        });
        named.collect()
    }
}
