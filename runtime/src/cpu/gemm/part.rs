//! A part of the channels of an input that is a concatenation and is not made.

use std::ops::Range;

use super::tile::Left;
use crate::cpu::resize::Nearest;
use crate::plan::{Reads, View};

/// Where a part lies and which of its pixels each row reads.
#[derive(Debug)]
pub(crate) struct Part {
    pub view: View,
    /// Of a map of other sizes than the result's.
    pub nearest: Option<Nearest>,
}

impl Part {
    /// How many channels it has.
    pub(super) fn channels(&self) -> usize {
        self.view.channels
    }

    /// The left operand that is the i-th part alone, out of one whose offsets are those of all parts.
    #[inline(always)]
    pub(super) fn left<'a>(&self, i: usize, all: Left<'a>, reads: Reads<'a>) -> Left<'a> {
        Left { data: reads.get(self.view.place), offsets: &all.offsets[i..], segment: self.channels(), shift: 0, ..all }
    }
}

/// Writes where in each part some rows read their first channel.
pub(super) fn offsets(parts: &[Part], rows: Range<usize>, offsets: &mut [usize]) {
    for (row, offsets) in rows.zip(offsets.chunks_exact_mut(parts.len())) {
        for (offset, part) in offsets.iter_mut().zip(parts) {
            let pixel = part.nearest.as_ref().map_or(row, |nearest| nearest.pixel(row));
            *offset = pixel * part.view.pitch;
        }
    }
}
