//! Maps in memory, channels-last.

use std::ops::{Deref, DerefMut};

use crate::Error;

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

/// A map that is read: the channels of a pixel behind each other, its pixels `pitch` floats apart, which is more than its
/// channels where it is a slice of a wider map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<'a> {
    pub floats: &'a [f32],
    pub channels: usize,
    pub pitch: usize,
}

impl<'a> Map<'a> {
    /// One whose pixels follow each other.
    pub(crate) fn dense(floats: &'a [f32], channels: usize) -> Map<'a> {
        Map { floats, channels, pitch: channels }
    }

    /// The channels of a pixel.
    #[inline(always)]
    pub(crate) fn row(&self, pixel: usize) -> &'a [f32] {
        &self.floats[pixel * self.pitch..][..self.channels]
    }
}

/// A map that is written, or some of its pixels behind each other; what lies between their channels stays as it is.
#[derive(Debug)]
pub(crate) struct MapMut<'a> {
    pub floats: &'a mut [f32],
    pub channels: usize,
    pub pitch: usize,
}

impl<'a> MapMut<'a> {
    /// One whose pixels follow each other.
    pub(crate) fn dense(floats: &'a mut [f32], channels: usize) -> MapMut<'a> {
        MapMut { floats, channels, pitch: channels }
    }

    /// The channels of each pixel.
    #[inline(always)]
    pub(crate) fn rows(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let channels = self.channels;
        self.floats.chunks_mut(self.pitch).map(move |row| &mut row[..channels])
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
