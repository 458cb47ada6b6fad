//! Weights: made as the spec says or read from a checkpoint, in the order of the program.

mod error;
pub(crate) mod folding;
mod init;
mod load;
pub(crate) mod merged;

use std::path::Path;

use ndarray::{ArcArray, ArrayD, ArrayViewD, IxDyn};
use neckar_spec::program::{Program, WeightId};
use rayon::prelude::*;

use crate::Error;

pub use error::WeightsError;
pub use load::LoadOptions;
pub use neckar_spec::checkpoint::{Converted, Misshaped, NameTable, Named, Report as LoadReport, Unreadable};

/// A tensor that is shared, not copied.
pub(crate) type Tensor = ArcArray<f32, IxDyn>;

/// The weights of a program, in fp32. A copy shares the tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    tensors: Vec<(String, Tensor)>,
}

/// Shares the tensors.
impl From<&Weights> for Weights {
    fn from(weights: &Weights) -> Weights {
        weights.clone()
    }
}

impl Weights {
    /// Weights drawn as the spec says. The same seed gives the same bits everywhere, and a tensor's values depend on its
    /// name, not on what stands around it. The threads of rayon's current pool share the tensors.
    pub fn init(program: &Program, seed: u64) -> Weights {
        let tensors = program.weights.par_iter().map(|weight| {
            let len = weight.shape.iter().product();
            let data = init::draw(&weight.name, seed, weight.init, len);
            let array = ArcArray::from_shape_vec(IxDyn(&weight.shape), data);
            (weight.name.clone(), array.expect("the length is the product of the shape"))
        });
        Weights { tensors: tensors.collect() }
    }

    /// Weights out of a safetensors file, matched by name. F32, F64, F16 and BF16 are read. The threads of rayon's current
    /// pool share the tensors.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Format`] for a file that cannot be read; [`Error::Weights`], which lists everything
    /// that is missing, misshaped, of another type, or unused unless the options allow that.
    pub fn load(
        program: &Program,
        path: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<(Weights, LoadReport), Error> {
        load::from_file(program, path.as_ref(), options)
    }

    /// Weights out of named arrays, matched as [`Weights::load`] does; nothing may be left over.
    ///
    /// # Errors
    /// [`Error::Weights`].
    pub fn from_tensors(
        program: &Program,
        tensors: impl Iterator<Item = (String, ArrayD<f32>)>,
    ) -> Result<(Weights, LoadReport), Error> {
        load::from_tensors(program, tensors)
    }

    /// Writes a safetensors file that [`Weights::load`] reads; an existing one is replaced when all is written.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        load::to_file(self, path.as_ref())
    }

    /// The names and tensors, in the order of the program.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, ArrayViewD<'_, f32>)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.view()))
    }

    /// A weight's floats, the last axis fastest.
    pub(crate) fn get(&self, weight: WeightId) -> &[f32] {
        floats(self.tensor(weight))
    }

    /// A weight, in the standard layout.
    pub(crate) fn tensor(&self, weight: WeightId) -> &Tensor {
        &self.tensors[weight as usize].1
    }

    /// Whether these are weights of a program: as many, of the same shapes.
    pub(crate) fn suit(&self, program: &Program) -> bool {
        self.tensors.len() == program.weights.len()
            && self.tensors.iter().zip(&program.weights).all(|((_, own), weight)| own.shape() == weight.shape)
    }
}

/// A weight's floats, the last axis fastest.
pub(crate) fn floats(tensor: &Tensor) -> &[f32] {
    tensor.as_slice().expect("weights are kept in the standard layout")
}
