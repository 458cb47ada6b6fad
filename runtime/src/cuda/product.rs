//! Convolutions and what else is a product of windows with weights.

use neckar_spec::program::Convolution;

use super::Dtype;
use super::executable::{Grid, Maker, THREADS};
use super::finish::Finish;
use super::packed::Packed;
use super::source::{self, Sizes};
use crate::plan::Value;
use crate::tensor::Dims;

/// The windows of a product: a row of it each.
pub(super) struct Windows {
    pixels: usize,
    /// Rows and columns of windows in an image.
    grid: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

impl Windows {
    /// Of single pixels of a map.
    pub(super) fn pixels(dims: Dims) -> Windows {
        let one = [1, 1];
        Windows {
            pixels: dims.pixels(),
            grid: [dims.height, dims.width],
            kernel: one,
            stride: one,
            padding: [0, 0],
            dilation: one,
        }
    }
}

pub(super) fn set_windows(sizes: &mut Sizes, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) {
    sizes.extend([
        ("kernel_rows", kernel[0]),
        ("kernel_columns", kernel[1]),
        ("stride_rows", stride[0]),
        ("stride_columns", stride[1]),
        ("padding_rows", padding[0]),
        ("padding_columns", padding[1]),
    ]);
}

impl Maker<'_> {
    pub(super) fn conv(&mut self, site: usize, conv: &Convolution, from: Value, out: Value, finish: Finish) {
        let mut sizes = self.between(from, out);
        let to = self.plan.dims(out);
        if let Packed::Depthwise { weights, bias } = self.packed.sites[site] {
            set_windows(&mut sizes, conv.kernel, conv.stride, conv.padding);
            let [rows, columns] = conv.dilation;
            sizes.extend([
                ("dilation_rows", rows),
                ("dilation_columns", columns),
                ("weights_at", weights),
                ("bias_at", bias),
            ]);
            return self.cells(source::DEPTHWISE, "depthwise(arena, weights, s, finish)", sizes, finish, out);
        }
        let windows = Windows {
            pixels: to.pixels(),
            grid: [to.height, to.width],
            kernel: conv.kernel,
            stride: conv.stride,
            padding: conv.padding,
            dilation: conv.dilation,
        };
        self.product(site, windows, [conv.groups, conv.channels / conv.groups], 1, from, sizes, finish);
    }

    /// A product of windows with the weights of a site, of so many columns a group.
    #[expect(clippy::too_many_arguments, reason = "they describe one product, and are passed once")]
    pub(super) fn product(
        &mut self,
        site: usize,
        windows: Windows,
        [groups, columns]: [usize; 2],
        spread: usize,
        from: Value,
        mut sizes: Sizes,
        finish: Finish,
    ) {
        let Packed::Product { weights, bias, taps, segment } = self.packed.sites[site] else {
            unreachable!("the weights of a product are packed as such")
        };
        set_windows(&mut sizes, windows.kernel, windows.stride, windows.padding);
        sizes.extend([
            ("dilation_rows", windows.dilation[0]),
            ("dilation_columns", windows.dilation[1]),
            ("window_rows", windows.grid[0]),
            ("window_columns", windows.grid[1]),
            ("rows", windows.pixels),
            ("columns", columns),
            ("taps", taps),
            ("segment", segment),
            ("weights_at", weights),
            ("bias_at", bias),
        ]);
        let view = self.view(from);
        // Copies of eight halves start at multiples of eight.
        let whole = [segment, view.place.start, view.pitch].iter().all(|n| n.is_multiple_of(8));
        if self.dtype == Dtype::F32 || !whole {
            let grid = [windows.pixels.div_ceil(64), columns.div_ceil(64), groups];
            let shared = 2 * 16 * (64 + 4) * size_of::<f32>();
            let call = format!("conv_plain<{spread}>(arena, weights, s, finish)");
            let grid = Grid::Blocks { grid, threads: THREADS, shared };
            return self.launch(vec![source::PRODUCT, source::CONV_PLAIN], call, sizes, finish, grid);
        }
        let tiles = |rows: usize, across: usize| [windows.pixels.div_ceil(rows), columns.div_ceil(across), groups];
        let large = tiles(128, 128);
        let (rows, across, stages, grid) = match large.iter().product::<usize>() >= 132 && columns > 64 {
            true => (128, 128, 4, large),
            false => (64, 64, 4, tiles(64, 64)),
        };
        let shared = (rows + across) * 32 * self.dtype.size() * stages;
        let call = format!("conv_tensor<{rows}, {across}, {stages}, {spread}>(arena, weights, s, finish)");
        let grid = Grid::Blocks { grid, threads: 128, shared };
        self.launch(vec![source::PRODUCT, source::CONV_TENSOR], call, sizes, finish, grid);
    }
}
