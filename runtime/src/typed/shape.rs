//! Shapes as tuples of axes, and which may stand where another is asked.

use ndarray::{Ix1, Ix2, Ix3, Ix4, Ix5, Ix6};

use super::{Dim, Meets};

/// A tuple of one to six axes, each [`D`](super::D) or [`Free`](super::Free).
pub trait Shape: Copy + 'static {
    /// The sizes; none where an axis is free.
    const AXES: &'static [Option<usize>];
    /// The number of axes as `ndarray` counts them.
    type Dimension: ndarray::Dimension;
}

/// A shape whose maps may be used where those of another shape are asked: as many axes, and equal sizes where both are
/// fixed.
#[diagnostic::on_unimplemented(
    message = "a tensor of shape `{Self}` cannot feed an input of shape `{To}`",
    label = "shape `{Self}`, asked `{To}`",
    note = "ranks must be equal, and sizes fixed on both sides must be equal"
)]
pub trait Feeds<To: Shape>: Shape<Dimension = To::Dimension> {}

macro_rules! rank {
    ($dimension:ident: $($from:ident $to:ident),+) => {
        impl<$($from: Dim),+> Shape for ($($from,)+) {
            const AXES: &'static [Option<usize>] = &[$($from::SIZE),+];
            type Dimension = $dimension;
        }

        // Without it a mismatch is reported once an axis instead of once a map.
        #[diagnostic::do_not_recommend]
        impl<$($from: Meets<$to>, $to: Dim),+> Feeds<($($to,)+)> for ($($from,)+) {}
    };
}

rank!(Ix1: A1 B1);
rank!(Ix2: A1 B1, A2 B2);
rank!(Ix3: A1 B1, A2 B2, A3 B3);
rank!(Ix4: A1 B1, A2 B2, A3 B3, A4 B4);
rank!(Ix5: A1 B1, A2 B2, A3 B3, A4 B4, A5 B5);
rank!(Ix6: A1 B1, A2 B2, A3 B3, A4 B4, A5 B5, A6 B6);

/// The type of a shape, written as its sizes with `_` for those that are free.
///
/// ```
/// use neckar::{shape, typed::Tensor};
///
/// fn mean(map: &Tensor<shape![_, 128, 64, 128]>) -> Option<f32> {
///     map.as_array().mean()
/// }
/// ```
#[macro_export]
macro_rules! shape {
    (@axis _) => { $crate::typed::Free };
    (@axis $size:tt) => { $crate::typed::D<$size> };
    ($($axis:tt),+ $(,)?) => { ($($crate::shape!(@axis $axis),)+) };
}
