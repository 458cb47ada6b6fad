//! From `ndarray` and back.

use std::{error, fmt};

use ndarray::{Array, ArrayView, Dimension};

use super::{Shape, Tensor, View};
use crate::Error;

/// An array has another shape than its type asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeMismatch {
    found: Vec<usize>,
    expected: &'static [Option<usize>],
}

impl ShapeMismatch {
    /// Compares the sizes of an array with those that a shape fixes.
    pub(super) fn check<S: Shape>(found: &[usize]) -> Result<(), ShapeMismatch> {
        let fits = |(size, asked): (&usize, &Option<usize>)| asked.is_none_or(|asked| asked == *size);
        if found.len() == S::AXES.len() && found.iter().zip(S::AXES).all(fits) {
            return Ok(());
        }
        Err(ShapeMismatch { found: found.to_vec(), expected: S::AXES })
    }
}

impl fmt::Display for ShapeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes = self.expected.iter().map(|axis| axis.map_or_else(|| "_".to_owned(), |size| size.to_string()));
        write!(f, "found an array {:?}, expected [{}]", self.found, axes.collect::<Vec<_>>().join(", "))
    }
}

impl error::Error for ShapeMismatch {}

impl From<ShapeMismatch> for Error {
    fn from(mismatch: ShapeMismatch) -> Error {
        Error::Input(mismatch.to_string())
    }
}

const RANK: &str = "the sizes were compared with the shape, one an axis";

impl<S: Shape, I: Dimension> TryFrom<Array<f32, I>> for Tensor<S> {
    type Error = ShapeMismatch;

    fn try_from(array: Array<f32, I>) -> Result<Tensor<S>, ShapeMismatch> {
        ShapeMismatch::check::<S>(array.shape())?;
        Ok(Tensor::wrap(array.into_dimensionality().expect(RANK)))
    }
}

impl<'a, S: Shape, I: Dimension> TryFrom<ArrayView<'a, f32, I>> for View<'a, S> {
    type Error = ShapeMismatch;

    fn try_from(array: ArrayView<'a, f32, I>) -> Result<View<'a, S>, ShapeMismatch> {
        ShapeMismatch::check::<S>(array.shape())?;
        Ok(View::wrap(array.into_dimensionality().expect(RANK)))
    }
}

impl<'a, S: Shape, I: Dimension> TryFrom<&'a Array<f32, I>> for View<'a, S> {
    type Error = ShapeMismatch;

    fn try_from(array: &'a Array<f32, I>) -> Result<View<'a, S>, ShapeMismatch> {
        array.view().try_into()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, ArrayD, IxDyn};

    use super::*;
    use crate::typed::{D, Free};

    type Map = (Free, D<64>, Free, Free);

    #[test]
    fn arrays_of_the_asked_shape_come_in_and_out() {
        let array = Array4::from_shape_fn((2, 64, 3, 5), |(b, c, y, x)| (b * 1000 + c * 15 + y * 5 + x) as f32);
        let view: View<Map> = (&array).try_into().expect("64 channels");
        assert_eq!((view.sizes(), view.as_array()), (&[2, 64, 3, 5][..], &array.view()));
        let tensor: Tensor<Map> = array.clone().into_dyn().try_into().expect("64 channels");
        let fixed: Tensor<(Free, D<64>, D<3>, D<5>)> = tensor.fixed().expect("3 by 5");
        assert_eq!(fixed.view::<Map>().into_dyn(), array.view().into_dyn());
        assert_eq!(fixed.into_array(), array);
    }

    #[test]
    fn others_are_refused_with_both_shapes() {
        let message = |shape: &[usize]| {
            let found: Result<Tensor<Map>, _> = ArrayD::zeros(IxDyn(shape)).try_into();
            found.map(|_| ()).expect_err("another shape").to_string()
        };
        assert_eq!(message(&[1, 256, 2, 2]), "found an array [1, 256, 2, 2], expected [_, 64, _, _]");
        assert_eq!(message(&[1, 64]), "found an array [1, 64], expected [_, 64, _, _]");
        let tensor: Tensor<Map> = Array4::zeros((1, 64, 2, 2)).try_into().expect("64 channels");
        assert!(tensor.fixed::<(Free, D<64>, D<4>, D<2>)>().is_err());
    }
}
