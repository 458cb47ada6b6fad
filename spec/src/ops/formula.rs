//! The shape formulas, each once, generic over concrete and symbolic extents.

use crate::program::Axis;
use crate::size::{Extent, Shape};

/// A sliding window along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Cells added on each side.
    pub padding: usize,
    /// Distance between taps.
    pub dilation: usize,
}

impl Window {
    /// ⌊(n + 2p − d(k−1) − 1)/s⌋ + 1.
    pub fn output<E: Extent>(&self, input: &E) -> E {
        input.plus(2 * self.padding as i64 - self.reach() as i64 - 1).floor_div(self.stride as i64).plus(1)
    }

    /// The least input that holds one window.
    pub fn least_input(&self) -> i64 {
        self.reach() as i64 + 1 - 2 * self.padding as i64
    }

    /// d(k−1): the distance between the first and the last tap.
    pub fn reach(&self) -> usize {
        self.dilation * (self.kernel - 1)
    }
}

/// `[B, C, H, W]` under a window an axis, with new channels.
pub fn windows<E: Extent>(input: &Shape<E>, channels: usize, windows: &[Window; 2]) -> Shape<E> {
    vec![input[0].clone(), E::constant(channels as i64), windows[0].output(&input[2]), windows[1].output(&input[3])]
}

/// Each size times a factor.
pub fn scaled<E: Extent>(input: &Shape<E>, factor: usize) -> Shape<E> {
    let mut shape = input.clone();
    for size in &mut shape[2..] {
        *size = size.times(factor as i64);
    }
    shape
}

/// Each size times a factor, of the channels a factor²-th.
pub fn spread<E: Extent>(input: &Shape<E>, factor: usize) -> Shape<E> {
    let mut shape = scaled(input, factor);
    shape[1] = input[1].floor_div((factor * factor) as i64);
    shape
}

/// The same channels at fixed sizes.
pub fn sized<E: Extent>(input: &Shape<E>, size: [usize; 2]) -> Shape<E> {
    let fixed = size.map(|n| E::constant(n as i64));
    input[..2].iter().cloned().chain(fixed).collect()
}

/// One axis joined, everything else as in the first.
pub fn joined<E: Extent>(inputs: &[Shape<E>], axis: Axis) -> Shape<E> {
    let axis = axis.index();
    let mut shape = inputs[0].clone();
    for other in &inputs[1..] {
        shape[axis] = shape[axis].sum(&other[axis]);
    }
    shape
}

/// So many cells of one axis from `start` on, or all that follow; everything else as it is.
pub fn sliced<E: Extent>(input: &Shape<E>, axis: Axis, start: usize, length: Option<usize>) -> Shape<E> {
    let mut shape = input.clone();
    let size = &mut shape[axis.index()];
    *size = match length {
        Some(length) => E::constant(length as i64),
        None => size.plus(-(start as i64)),
    };
    shape
}

/// Axis i of the result is axis `order[i]` of the operand.
pub fn permuted<E: Extent>(input: &Shape<E>, order: &[usize]) -> Shape<E> {
    order.iter().map(|&axis| input[axis].clone()).collect()
}

/// Batch kept, everything else in one axis.
pub fn flattened<E: Extent>(input: &Shape<E>) -> Shape<E> {
    let features = input[2..].iter().fold(input[1].clone(), |product, size| product.product(size));
    vec![input[0].clone(), features]
}

/// `[B, C, H, W]` → `[B, C, H·W]`.
pub fn tokens<E: Extent>(input: &Shape<E>) -> Shape<E> {
    vec![input[0].clone(), input[1].clone(), input[2].product(&input[3])]
}

/// `[B, C, N]` as a map of given rows and columns.
pub fn folded<E: Extent>(input: &Shape<E>, sizes: [E; 2]) -> Shape<E> {
    input[..2].iter().cloned().chain(sizes).collect()
}

/// A token for each query, of the channels of the values.
pub fn attended<E: Extent>(queries: &Shape<E>, values: &Shape<E>) -> Shape<E> {
    vec![queries[0].clone(), values[1].clone(), queries[2].clone()]
}

/// `[B, M, K]` times `[B, K, N]`.
pub fn multiplied<E: Extent>(left: &Shape<E>, right: &Shape<E>) -> Shape<E> {
    vec![left[0].clone(), left[1].clone(), right[2].clone()]
}

/// `3` where rows and columns agree, `(3, 5)` elsewhere: PyTorch's print of a pair.
pub fn pair_text(pair: [usize; 2]) -> String {
    if pair[0] == pair[1] { pair[0].to_string() } else { format!("({}, {})", pair[0], pair[1]) }
}
