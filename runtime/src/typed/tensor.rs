//! A map that owns its floats, and one that borrows them.

use std::fmt;

use ndarray::{Array, ArrayView, ArrayViewD};

use super::{Feeds, Shape, ShapeMismatch};

/// A map of a shape `S`, in the order of the language: batch, channels, sizes.
pub struct Tensor<S: Shape> {
    array: Array<f32, S::Dimension>,
}

/// A borrowed map, asked for by a shape `S`.
///
/// One that comes from a [`Tensor`] whose sizes are free was compared with `S` only where both are fixed; the network
/// that takes it compares the rest.
pub struct View<'a, S: Shape> {
    array: ArrayView<'a, f32, S::Dimension>,
}

impl<S: Shape> Tensor<S> {
    pub(super) fn wrap(array: Array<f32, S::Dimension>) -> Tensor<S> {
        Tensor { array }
    }

    /// The map as another shape asks for it; which one follows from where it is used.
    pub fn view<T: Shape>(&self) -> View<'_, T>
    where
        S: Feeds<T>,
    {
        View { array: self.array.view() }
    }

    /// The map with more of its sizes in its type.
    ///
    /// # Errors
    /// When it has other sizes.
    pub fn fixed<T: Shape>(self) -> Result<Tensor<T>, ShapeMismatch>
    where
        S: Feeds<T>,
    {
        self.array.try_into()
    }

    /// The array.
    pub fn as_array(&self) -> &Array<f32, S::Dimension> {
        &self.array
    }

    /// The array itself.
    pub fn into_array(self) -> Array<f32, S::Dimension> {
        self.array
    }

    /// The sizes.
    pub fn sizes(&self) -> &[usize] {
        self.array.shape()
    }
}

impl<'a, S: Shape> View<'a, S> {
    pub(super) fn wrap(array: ArrayView<'a, f32, S::Dimension>) -> View<'a, S> {
        View { array }
    }

    /// The map as another shape asks for it; which one follows from where it is used.
    pub fn view<T: Shape>(&self) -> View<'a, T>
    where
        S: Feeds<T>,
    {
        View { array: self.array.clone() }
    }

    /// The array.
    pub fn as_array(&self) -> &ArrayView<'a, f32, S::Dimension> {
        &self.array
    }

    /// The array itself.
    pub fn into_array(self) -> ArrayView<'a, f32, S::Dimension> {
        self.array
    }

    /// The array with its rank in no type, as [`Model::run`](crate::Model::run) takes it.
    pub fn into_dyn(self) -> ArrayViewD<'a, f32> {
        self.array.into_dyn()
    }

    /// The sizes.
    pub fn sizes(&self) -> &[usize] {
        self.array.shape()
    }
}

impl<S: Shape> Clone for Tensor<S> {
    fn clone(&self) -> Tensor<S> {
        Tensor { array: self.array.clone() }
    }
}

impl<S: Shape> Clone for View<'_, S> {
    fn clone(&self) -> Self {
        View { array: self.array.clone() }
    }
}

impl<S: Shape> PartialEq for Tensor<S> {
    fn eq(&self, other: &Tensor<S>) -> bool {
        self.array == other.array
    }
}

impl<S: Shape> fmt::Debug for Tensor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.array.fmt(f)
    }
}

impl<S: Shape> fmt::Debug for View<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.array.fmt(f)
    }
}
