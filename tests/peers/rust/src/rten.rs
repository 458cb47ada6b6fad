//! RTen.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use ndarray::ArrayD;
use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use crate::{Maps, Network};

pub struct Rten {
    model: Model,
    pool: Arc<ThreadPool>,
    inputs: Vec<(NodeId, Value)>,
}

impl Rten {
    pub fn load(model: &Path, inputs: &Maps, threads: usize) -> Result<Rten> {
        let model = Model::load_file(model)?;
        let pool = Arc::new(ThreadPool::with_num_threads(threads));
        let inputs = inputs.iter().map(|(name, array)| {
            let values: Vec<f32> = array.iter().copied().collect();
            Ok((model.node_id(name)?, Value::from(Tensor::from_data(array.shape(), values))))
        });
        let inputs = inputs.collect::<Result<_>>()?;
        Ok(Rten { model, pool, inputs })
    }
}

impl Network for Rten {
    type Made = Vec<Value>;

    fn run(&self) -> Result<Vec<Value>> {
        let options = RunOptions::default().with_thread_pool(Some(self.pool.clone()));
        let inputs = self.inputs.iter().map(|(id, value)| (*id, ValueOrView::from(value))).collect();
        Ok(self.model.run(inputs, self.model.output_ids(), Some(options))?)
    }

    fn maps(&self, made: Vec<Value>) -> Result<Maps> {
        let named = self.model.output_ids().iter().zip(made).map(|(&id, value)| {
            let node = self.model.node_info(id);
            let name = node.and_then(|node| node.name().map(str::to_owned)).context("an output has no name")?;
            let tensor: Tensor<f32> = value.into_tensor().context("an output is no tensor of floats")?;
            let shape = tensor.shape().to_vec();
            Ok((name, ArrayD::from_shape_vec(shape, tensor.to_vec())?))
        });
        named.collect()
    }
}
