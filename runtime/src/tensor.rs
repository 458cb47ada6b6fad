//! Maps in memory: channels-last inside, `ndarray` in the order of the language at the edges.

use std::ops::{Deref, DerefMut};

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use crate::Error;
use crate::cpu::Threads;

/// Floats in a cache line: where buffers and the maps in them start.
pub(crate) const LINE: usize = 16;

/// The sizes of a map of at most two spatial axes; those that it lacks are 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dims {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Dims {
    /// Of a shape `[B, C, sizes…]` of rank 2 to 4.
    pub(crate) fn of(shape: &[usize]) -> Option<Dims> {
        match *shape {
            [batch, channels] => Some(Dims { batch, height: 1, width: 1, channels }),
            [batch, channels, height] => Some(Dims { batch, height, width: 1, channels }),
            [batch, channels, height, width] => Some(Dims { batch, height, width, channels }),
            _ => None,
        }
    }

    /// Of a shape, or why it cannot be run.
    pub(crate) fn checked(shape: &[usize]) -> Result<Dims, Error> {
        Dims::of(shape).ok_or_else(|| {
            Error::Unsupported(format!("a map of shape {shape:?}: maps of at most two spatial axes are run"))
        })
    }

    /// Rows of channels.
    pub(crate) fn pixels(&self) -> usize {
        self.batch * self.height * self.width
    }

    /// Floats.
    pub(crate) fn len(&self) -> usize {
        self.pixels() * self.channels
    }

    /// The index of a pixel.
    pub(crate) fn pixel(&self, batch: usize, y: usize, x: usize) -> usize {
        (batch * self.height + y) * self.width + x
    }

    /// The image, row and column of a pixel.
    pub(crate) fn position(&self, pixel: usize) -> [usize; 3] {
        let line = pixel / self.width;
        [line / self.height, line % self.height, pixel % self.width]
    }
}

/// Floats that start at a cache line.
#[derive(Debug)]
pub(crate) struct Aligned {
    data: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// Zeros.
    pub(crate) fn zeros(len: usize) -> Aligned {
        let data = vec![0.0; len + LINE];
        // `align_offset` may decline with `usize::MAX`; then the floats stay where they are, slower and as right.
        let start = data.as_ptr().align_offset(LINE * size_of::<f32>());
        Aligned { start: if start <= LINE { start } else { 0 }, data, len }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.data[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.start..self.start + self.len]
    }
}

/// Writes an array in the order of the language channels-last.
pub(crate) fn import(threads: &Threads, from: &ArrayViewD<f32>, to: &mut [f32]) {
    if let Some(slice) = from.as_slice()
        && let Some(dims) = Dims::of(from.shape())
    {
        let per_image = dims.height * dims.width;
        threads.rows(to, dims.channels, |first, rows| {
            transpose(slice, [dims.channels, per_image], first, rows);
        });
        return;
    }
    let view = channels_last(from.view());
    let shape = IxDyn(view.shape());
    ArrayViewMutD::from_shape(shape, to).expect("the plan gives the map as many floats as its shape").assign(&view);
}

/// Writes a channels-last map to an array in the order of the language.
pub(crate) fn export(threads: &Threads, from: &[f32], to: &mut ArrayViewMutD<f32>) {
    if let Some(dims) = Dims::of(to.shape())
        && let Some(slice) = to.as_slice_mut()
    {
        let per_image = dims.height * dims.width;
        // Whole groups of channels, so that no thread reads a part of a cache line.
        let group = if dims.channels.is_multiple_of(LINE) { LINE } else { 1 };
        threads.rows(slice, group * per_image, |first, rows| {
            transpose(from, [per_image, dims.channels], group * first, rows);
        });
        return;
    }
    let mut view = to.view_mut();
    let rank = view.ndim();
    for axis in 1..rank - 1 {
        view.swap_axes(axis, axis + 1);
    }
    let shape = IxDyn(view.shape());
    let from = ArrayViewD::from_shape(shape, from).expect("the plan gives the map as many floats as its shape");
    view.assign(&from);
}

/// `[B, C, sizes…]` seen as `[B, sizes…, C]`.
fn channels_last(mut view: ArrayViewD<'_, f32>) -> ArrayViewD<'_, f32> {
    for axis in 1..view.ndim() - 1 {
        view.swap_axes(axis, axis + 1);
    }
    view
}

/// Writes some rows of the transposes of a batch of matrices `[lines, columns]`; a transpose's rows have `lines` floats.
pub(crate) fn transpose(from: &[f32], [lines, columns]: [usize; 2], first: usize, to: &mut [f32]) {
    // Four cache lines of each row: enough of a run for the memory, and 16 KiB on either side.
    const SIDE: usize = 4 * LINE;
    let rows = to.len() / lines;
    let mut done = 0;
    while done < rows {
        let (image, column) = ((first + done) / columns, (first + done) % columns);
        let width = SIDE.min(rows - done).min(columns - column);
        let from = &from[image * lines * columns..][..lines * columns];
        let to = &mut to[done * lines..][..width * lines];
        for line in (0..lines).step_by(SIDE) {
            let height = SIDE.min(lines - line);
            for x in (0..width).step_by(LINE) {
                for y in (0..height).step_by(LINE) {
                    let size = [LINE.min(height - y), LINE.min(width - x)];
                    let from = &from[(line + y) * columns + column + x..];
                    transpose_square(from, columns, &mut to[x * lines + line + y..], lines, size);
                }
            }
        }
        done += width;
    }
}

/// Transposes up to 16 × 16 floats through a square of its own, so that each cache line is read or written in one go: lines
/// whose distance is a multiple of 4 KiB, as in many maps, drive each other out of the first cache.
fn transpose_square(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize, [height, width]: [usize; 2]) {
    let mut square = [[0.0; LINE]; LINE];
    for (row, cells) in square[..height].iter_mut().zip(from.chunks(from_stride)) {
        match cells[..width].first_chunk() {
            Some(cells) => *row = *cells,
            None => row[..width].copy_from_slice(&cells[..width]),
        }
    }
    for (i, cells) in to.chunks_mut(to_stride).take(width).enumerate() {
        let turned: [f32; LINE] = std::array::from_fn(|j| square[j][i]);
        match cells[..height].first_chunk_mut() {
            Some(cells) => *cells = turned,
            None => cells[..height].copy_from_slice(&turned[..height]),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, Axis};

    use super::*;

    fn counted(shape: &[usize]) -> ArrayD<f32> {
        let len = shape.iter().product::<usize>();
        ArrayD::from_shape_vec(IxDyn(shape), (0..len).map(|i| i as f32).collect()).expect("the length is the product")
    }

    #[test]
    fn channels_last_and_back() {
        let threads = Threads::new(2).expect("two threads can be started");
        for shape in [&[1, 1][..], &[2, 3], &[2, 5, 7], &[1, 1, 1, 1], &[2, 3, 4, 5], &[3, 17, 33, 2], &[1, 40, 3, 19]]
        {
            let array = counted(shape);
            let mut inside = vec![0.0; array.len()];
            import(&threads, &array.view(), &mut inside);
            let mut order: Vec<usize> = (0..shape.len()).collect();
            order.remove(1);
            order.push(1);
            let expected: Vec<f32> = array.view().permuted_axes(order).iter().copied().collect();
            assert_eq!(inside, expected, "{shape:?}");

            let mut back = ArrayD::zeros(shape);
            export(&threads, &inside, &mut back.view_mut());
            assert_eq!(back, array, "{shape:?}");
        }
    }

    #[test]
    fn views_with_any_strides() {
        let threads = Threads::new(1).expect("no thread has to be started");
        let mut array = counted(&[2, 3, 4, 5]);
        array.invert_axis(Axis(3));
        let array = array.permuted_axes(vec![0, 2, 1, 3]);
        let mut inside = vec![0.0; array.len()];
        import(&threads, &array.view(), &mut inside);
        let expected: Vec<f32> = array.view().permuted_axes(vec![0, 2, 3, 1]).iter().copied().collect();
        assert_eq!(inside, expected);

        let mut back = ArrayD::zeros(IxDyn(&[2, 3, 4, 5])).permuted_axes(vec![0, 2, 1, 3]);
        export(&threads, &inside, &mut back.view_mut());
        assert_eq!(back, array);
    }
}
