//! `neckar-peers-tract MODEL.onnx INPUTS.npz OUTPUTS.npz`: one run, symbolic sizes left as the file has them.

use std::fs::File;

use anyhow::{Context, Result, bail};
use ndarray_npy::{NpzReader, NpzWriter};
use tract_onnx::prelude::*;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, inputs, outputs] = arguments.as_slice() else {
        bail!("expected MODEL.onnx INPUTS.npz OUTPUTS.npz");
    };
    let model = tract_onnx::onnx().model_for_path(model)?.into_optimized()?;
    let names = |outlets: &[OutletId]| -> Vec<String> {
        outlets.iter().map(|outlet| model.outlet_label(*outlet).unwrap_or(&model.node(outlet.node).name).to_owned()).collect()
    };
    let (input_names, output_names) = (names(model.input_outlets()?), names(model.output_outlets()?));
    let mut archive = NpzReader::new(File::open(inputs)?)?;
    let tensors = input_names.iter().map(|name| {
        let array: ndarray::ArrayD<f32> = archive.by_name(name).with_context(|| name.clone())?;
        let values: Vec<f32> = array.iter().copied().collect();
        Ok(Tensor::from_shape(array.shape(), &values)?.into_tvalue())
    });
    let tensors: Result<TVec<TValue>> = tensors.collect();
    let made = model.into_runnable()?.run(tensors?)?;
    let mut archive = NpzWriter::new(File::create(outputs)?);
    for (name, tensor) in output_names.iter().zip(made) {
        let view = tensor.to_plain_array_view::<f32>()?;
        let array = ndarray::ArrayD::from_shape_vec(view.shape(), view.iter().copied().collect())?;
        archive.add_array(name.as_str(), &array)?;
    }
    archive.finish()?;
    Ok(())
}
