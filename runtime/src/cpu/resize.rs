//! Resampling along rows and columns, by tables made when a plan is.

use neckar_spec::program::{Resize, ResizeMode, Target};

use super::Task;
use super::simd::{Simd, Vectorised};
use crate::tensor::{Dims, Map, MapMut};

/// Which cells a resize reads, and how it weighs them.
#[derive(Debug)]
pub(crate) enum Resampling {
    /// One cell.
    Nearest(Nearest),
    /// Four cells, two an axis.
    Linear { from: Dims, to: Dims, axes: [Vec<Pair>; 2] },
    /// Any number of cells an axis.
    Weighted { from: Dims, to: Dims, axes: [Vec<Vec<Share>>; 2] },
}

/// The cell of a smaller or larger map that each cell takes.
#[derive(Debug)]
pub(crate) struct Nearest {
    from: Dims,
    to: Dims,
    axes: [Vec<usize>; 2],
}

/// Two neighbours and how much of the second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    cells: [usize; 2],
    share: f32,
}

/// A cell and how much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    cell: usize,
    share: f32,
}

impl Nearest {
    /// ⌊i·in/out⌋ along both axes.
    pub(crate) fn new(from: Dims, to: Dims) -> Nearest {
        let axes = [[from.height, to.height], [from.width, to.width]]
            .map(|[from, to]| (0..to).map(|i| i * from / to).collect());
        Nearest { from, to, axes }
    }

    /// The pixel that a pixel of the larger map takes.
    pub(crate) fn pixel(&self, pixel: usize) -> usize {
        let [batch, y, x] = self.to.position(pixel);
        self.from.pixel(batch, self.axes[0][y], self.axes[1][x])
    }
}

impl Resampling {
    /// Of a map of sizes `from` to sizes `to`.
    pub(crate) fn new(resize: Resize, from: Dims, to: Dims) -> Resampling {
        match resize.mode {
            ResizeMode::Nearest => Resampling::Nearest(Nearest::new(from, to)),
            ResizeMode::Bilinear | ResizeMode::AlignCorners => {
                let axes = [[from.height, to.height], [from.width, to.width]]
                    .map(|[from, to]| (0..to).map(|i| pair(resize, i, from, to)).collect());
                Resampling::Linear { from, to, axes }
            }
            ResizeMode::Bicubic | ResizeMode::BicubicAntialiased => {
                let axes = [[from.height, to.height], [from.width, to.width]]
                    .map(|[from, to]| (0..to).map(|i| shares(resize, i, from, to)).collect());
                Resampling::Weighted { from, to, axes }
            }
        }
    }

    /// The source cells of each row and of each column, and how much of each.
    #[cfg(test)]
    pub(crate) fn taps(&self) -> [Vec<Vec<(usize, f32)>>; 2] {
        let all = |cells: &Vec<usize>| cells.iter().map(|&cell| vec![(cell, 1.0)]).collect();
        let two = |pairs: &Vec<Pair>| {
            pairs.iter().map(|Pair { cells, share }| vec![(cells[0], 1.0 - share), (cells[1], *share)]).collect()
        };
        let each = |shares: &Vec<Vec<Share>>| {
            shares.iter().map(|cell| cell.iter().map(|share| (share.cell, share.share)).collect()).collect()
        };
        match self {
            Resampling::Nearest(nearest) => nearest.axes.each_ref().map(all),
            Resampling::Linear { axes, .. } => axes.each_ref().map(two),
            Resampling::Weighted { axes, .. } => axes.each_ref().map(each),
        }
    }

    /// Resamples a map.
    pub(crate) fn run(&self, task: Task, data: Map, out: MapMut) {
        task.rows(out, |first, rows| {
            for (i, row) in rows.rows().enumerate() {
                match self {
                    Resampling::Nearest(nearest) => row.copy_from_slice(data.row(nearest.pixel(first + i))),
                    Resampling::Linear { from, to, axes } => {
                        let [batch, y, x] = to.position(first + i);
                        let (y, x) = (axes[0][y], axes[1][x]);
                        let cells = y.cells.map(|y| x.cells.map(|x| data.row(from.pixel(batch, y, x))));
                        task.isa.run(Mix { cells, shares: [y.share, x.share], row });
                    }
                    Resampling::Weighted { from, to, axes } => {
                        let [batch, y, x] = to.position(first + i);
                        row.fill(0.0);
                        for vertical in &axes[0][y] {
                            for horizontal in &axes[1][x] {
                                let cell = data.row(from.pixel(batch, vertical.cell, horizontal.cell));
                                task.isa.run(Add { cell, share: vertical.share * horizontal.share, row });
                            }
                        }
                    }
                }
            }
        });
    }
}

/// Mixes four cells into a row. It is plain Rust, but compiled for the instruction set.
struct Mix<'a> {
    cells: [[&'a [f32]; 2]; 2],
    /// How much of the lower and of the right ones.
    shares: [f32; 2],
    row: &'a mut [f32],
}

impl Vectorised for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Mix { cells: [[a, b], [c, d]], shares: [y, x], row } = self;
        let (a, b, c, d) = (&a[..row.len()], &b[..row.len()], &c[..row.len()], &d[..row.len()]);
        for k in 0..row.len() {
            let upper = a[k] * (1.0 - x) + b[k] * x;
            let lower = c[k] * (1.0 - x) + d[k] * x;
            row[k] = upper * (1.0 - y) + lower * y;
        }
    }
}

/// Adds a part of a cell to a row. It is plain Rust, but compiled for the instruction set.
struct Add<'a> {
    cell: &'a [f32],
    share: f32,
    row: &'a mut [f32],
}

impl Vectorised for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Add { cell, share, row } = self;
        for (sum, &x) in row.iter_mut().zip(cell) {
            *sum += share * x;
        }
    }
}

/// What cell i of a cubic resize reads: four cells around its place, those beyond the borders at them, or where there is
/// antialiasing all in the reach of the cubic, which is as wide as the scale where the map shrinks.
fn shares(resize: Resize, i: usize, from: usize, to: usize) -> Vec<Share> {
    let scale = match resize.target {
        Target::Factor(factor) => (factor as f64).recip(),
        Target::Like => from as f64 / to as f64,
    };
    let centre = (i as f64 + 0.5) * scale;
    let last = from as i64 - 1;
    if resize.mode == ResizeMode::Bicubic {
        let first = (centre - 0.5).floor();
        let cubic = |offset: i64| {
            let cell = (first as i64 + offset).clamp(0, last) as usize;
            Share { cell, share: cubic(-0.75, centre - 0.5 - first - offset as f64) as f32 }
        };
        return (-1..=2).map(cubic).collect();
    }
    let wide = scale.max(1.0);
    let cells =
        ((centre - 2.0 * wide - 0.5).ceil() as i64).max(0)..=((centre + 2.0 * wide - 0.5).floor() as i64).min(last);
    let shares: Vec<(i64, f64)> = cells.map(|cell| (cell, cubic(-0.5, (cell as f64 + 0.5 - centre) / wide))).collect();
    let total: f64 = shares.iter().map(|(_, share)| share).sum();
    // What is 0 but for rounding is not read.
    let read = shares.into_iter().filter(|(_, share)| share.abs() > 1e-12);
    read.map(|(cell, share)| Share { cell: cell as usize, share: (share / total) as f32 }).collect()
}

/// Keys' cubic convolution kernel (IEEE TASSP 29, 1981), in Horner's form.
fn cubic(a: f64, x: f64) -> f64 {
    match x.abs() {
        x if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
        x if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
        _ => 0.0,
    }
}

/// Where cell i of a linear resize reads.
fn pair(resize: Resize, i: usize, from: usize, to: usize) -> Pair {
    let at = source(resize, i, from, to);
    let cell = (at.floor() as usize).min(from - 1);
    Pair { cells: [cell, (cell + 1).min(from - 1)], share: (at - cell as f64) as f32 }
}

/// The place of cell i in the source, in cells from the centre of the first, clamped there.
///
/// As PyTorch's `interpolate` has it: half-pixel centres, or the first and the last cells aligned. The scale comes from the
/// factor where there is one, else from the sizes.
pub(crate) fn source(resize: Resize, i: usize, from: usize, to: usize) -> f64 {
    let i = i as f64;
    match (resize.mode, resize.target) {
        (ResizeMode::AlignCorners, _) if to == 1 => 0.0,
        (ResizeMode::AlignCorners, _) => i * (from - 1) as f64 / (to - 1) as f64,
        (_, Target::Factor(factor)) => ((i + 0.5) / factor as f64 - 0.5).max(0.0),
        (_, Target::Like) => ((i + 0.5) * from as f64 / to as f64 - 0.5).max(0.0),
    }
}
