//! A channels-first map in f64.

use ndarray::ArrayD;
use rayon::prelude::*;

use crate::Error;
use crate::tensor::Dims;

/// A map `[B, C, sizes…]` of at most two spatial axes.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub shape: Vec<usize>,
    pub dims: Dims,
    pub data: Vec<f64>,
}

impl Map {
    pub(super) fn of(array: &ArrayD<f32>) -> Result<Map, Error> {
        let data = array.iter().map(|&x| f64::from(x)).collect();
        Ok(Map { shape: array.shape().to_vec(), dims: Dims::checked(array.shape())?, data })
    }

    /// A map whose cell at (image, channel, row, column) a function gives.
    pub(super) fn from_fn(
        shape: &[usize],
        cell: impl Fn(usize, usize, usize, usize) -> f64 + Sync,
    ) -> Result<Map, Error> {
        let dims = Dims::checked(shape)?;
        let mut data = vec![0.0; dims.len()];
        data.par_chunks_mut(dims.height * dims.width).enumerate().for_each(|(plane, cells)| {
            for (i, result) in cells.iter_mut().enumerate() {
                let (y, x) = (i / dims.width, i % dims.width);
                *result = cell(plane / dims.channels, plane % dims.channels, y, x);
            }
        });
        Ok(Map { shape: shape.to_vec(), dims, data })
    }

    pub(super) fn at(&self, batch: usize, channel: usize, y: usize, x: usize) -> f64 {
        let Dims { height, width, channels, .. } = self.dims;
        self.data[((batch * channels + channel) * height + y) * width + x]
    }

    /// The cell at a row and column that may lie outside of the map.
    pub(super) fn inside(&self, batch: usize, channel: usize, y: i64, x: i64) -> Option<f64> {
        let within = |at: i64, size: usize| usize::try_from(at).ok().filter(|&at| at < size);
        Some(self.at(batch, channel, within(y, self.dims.height)?, within(x, self.dims.width)?))
    }
}
