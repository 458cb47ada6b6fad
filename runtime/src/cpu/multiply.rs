//! Products cell by cell, with a gate that is repeated along axes where its size is 1.

use super::Task;
use super::simd::{Simd, Vectorised};
use crate::plan::View;
use crate::tensor::{Dims, Map, MapMut};

/// Multiplies a map with a gate; `dims` are those of both.
pub(crate) fn run(gate: View, [to, by]: [Dims; 2], task: Task, data: Map, out: MapMut) {
    let gate = task.reads.map(gate);
    let within = |at: usize, size: usize| if size == 1 { 0 } else { at };
    task.rows(out, |first, rows| {
        for (i, row) in rows.rows().enumerate() {
            let [batch, y, x] = to.position(first + i);
            let gate = gate.row(by.pixel(batch, within(y, by.height), within(x, by.width)));
            task.isa.run(Product { cells: data.row(first + i), gate, row });
        }
    });
}

/// Multiplies a row by a gate of as many channels, or of one. It is plain Rust, but compiled for the instruction set.
struct Product<'a> {
    cells: &'a [f32],
    gate: &'a [f32],
    row: &'a mut [f32],
}

impl Vectorised for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Product { cells, gate, row } = self;
        let products = row.iter_mut().zip(cells);
        match gate {
            [gate] => products.for_each(|(product, cell)| *product = cell * gate),
            gate => products.zip(gate).for_each(|((product, cell), gate)| *product = cell * gate),
        }
    }
}
