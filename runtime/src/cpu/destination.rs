//! An output that several threads write at once, each other columns or rows of it.

use std::marker::PhantomData;

use crate::cpu::simd::{BLOCK, Simd};

/// A buffer that is written in pieces that do not overlap.
pub(crate) struct Destination<'a> {
    start: *mut f32,
    len: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is a `&mut [f32]` that is only written, by methods whose callers promise that no two pieces overlap.
unsafe impl Sync for Destination<'_> {}

impl<'a> Destination<'a> {
    pub(crate) fn new(buffer: &'a mut [f32]) -> Destination<'a> {
        Destination { start: buffer.as_mut_ptr(), len: buffer.len(), buffer: PhantomData }
    }

    /// Writes the first `width` floats of a block.
    ///
    /// # Safety
    /// No other thread writes any of these floats while this object exists.
    #[inline(always)]
    pub(crate) unsafe fn write<S: Simd>(&self, simd: S, at: usize, width: usize, block: S::V) {
        if width == BLOCK {
            // SAFETY: the caller's promise is the one that is asked for.
            return unsafe { self.store(simd, block, at) };
        }
        let mut floats = [0.0; BLOCK];
        simd.store(block, &mut floats);
        // SAFETY: likewise.
        unsafe { self.copy(at, &floats[..width]) };
    }

    /// Where a float lies, or would lie, for a prefetch.
    #[inline(always)]
    pub(crate) fn address(&self, at: usize) -> *const f32 {
        self.start.wrapping_add(at)
    }

    /// Writes some floats.
    ///
    /// # Safety
    /// No other thread writes any of these floats while this object exists.
    #[inline(always)]
    pub(crate) unsafe fn copy(&self, at: usize, floats: &[f32]) {
        assert!(at + floats.len() <= self.len, "what is written lies inside of the buffer");
        // SAFETY: the range is inside of the buffer as asserted, nobody else writes it as the caller promises, and
        // the floats are no part of the buffer, which is borrowed.
        unsafe { std::ptr::copy_nonoverlapping(floats.as_ptr(), self.start.add(at), floats.len()) };
    }

    /// Writes a vector.
    ///
    /// # Safety
    /// No other thread writes any of these floats while this object exists.
    #[inline(always)]
    pub(crate) unsafe fn store<S: Simd>(&self, simd: S, v: S::V, at: usize) {
        assert!(at + S::LANES <= self.len, "a vector lies inside of the buffer");
        // SAFETY: the range is inside of the buffer as asserted, and nobody else writes it as the caller promises.
        simd.store(v, unsafe { std::slice::from_raw_parts_mut(self.start.add(at), S::LANES) });
    }
}
