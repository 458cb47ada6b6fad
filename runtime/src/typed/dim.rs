//! One axis of a shape.

mod sealed {
    pub trait Sealed {}
    impl<const N: usize> Sealed for super::D<N> {}
    impl Sealed for super::Free {}
}

/// An axis whose size is fixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct D<const N: usize>;

/// An axis whose size is known only at run time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Free;

/// An axis of a [`Shape`](super::Shape): [`D`] or [`Free`].
pub trait Dim: sealed::Sealed + Copy + 'static {
    /// The size, where it is fixed.
    const SIZE: Option<usize>;
}

impl<const N: usize> Dim for D<N> {
    const SIZE: Option<usize> = Some(N);
}

impl Dim for Free {
    const SIZE: Option<usize> = None;
}

/// Two axes that do not contradict each other: at most one size is fixed, or both are and agree.
///
/// Kept apart from [`Dim`] so that the four cases are disjoint and the compiler finds the one that applies.
pub trait Meets<T: Dim>: Dim {}

impl<const N: usize> Meets<D<N>> for D<N> {}
impl<const N: usize> Meets<Free> for D<N> {}
impl<const N: usize> Meets<D<N>> for Free {}
impl Meets<Free> for Free {}
