//! A plan as kernels and their launches.

use std::cmp;

use neckar_spec::program::{Axis, Instr, Pool, PoolKind, Resize, ResizeMode, Slice};

use super::Dtype;
use super::finish::{Finish, float};
use super::packed::{Affine, Packed, PackedNetwork};
use super::product::{Windows, set_windows};
use super::source::{self, Body, Kernel, Sizes, Source};
use super::tables::Tables;
use crate::Error;
use crate::cpu::{Resampling, SinePositions};
use crate::plan::{Home, Network, Plan, Planned, Value, View, Work};
use crate::tensor::Dims;

/// Threads of a block whose threads work alone.
pub(super) const THREADS: u32 = 256;
/// Blocks after which a grid's threads make several cells each: some for each multiprocessor of the largest chips.
const BLOCKS: usize = 132 * 16;
/// Threads of a block that share the keys of a query.
const ATTENTION_THREADS: u32 = 128;
/// Bytes of shared memory that every device of the supported kinds gives a block that asks for them (sm_86 and sm_89 the least).
const SHARED: usize = 99 << 10;

/// A plan with the kernels that run its steps.
#[derive(Debug)]
pub(crate) struct Executable {
    pub plan: Plan,
    pub source: Source,
    /// In the order in which they run.
    pub launches: Vec<Launch>,
    /// What kernels read of the plan's sizes.
    pub tables: Vec<u8>,
    /// Where the array of each input begins among those of all; none for one that is not read.
    pub inputs: Vec<Option<usize>>,
    /// Where that of each wanted map begins.
    pub outputs: Vec<usize>,
    /// Floats of all arrays.
    pub arrays: usize,
}

/// A launch of a kernel.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The kernel's number in the source.
    pub kernel: usize,
    pub grid: [u32; 3],
    pub threads: u32,
    /// Bytes of shared memory.
    pub shared: u32,
    pub sizes: Sizes,
}

impl Executable {
    /// Makes the kernels of a plan whose maps all lie in the arena.
    ///
    /// # Errors
    /// [`Error::Size`] where maps are larger than kernels can count.
    pub(crate) fn new(
        network: &Network,
        packed: &PackedNetwork,
        plan: Plan,
        dtype: Dtype,
    ) -> Result<Executable, Error> {
        let arrays =
            |values: &mut dyn Iterator<Item = Value>| values.map(|value| plan.dims(value).len()).sum::<usize>();
        let held = arrays(&mut plan.inputs.iter().flatten().copied())
            + arrays(&mut plan.wanted.iter().map(|(_, value)| *value));
        let most = i32::MAX as usize;
        if cmp::max(plan.arena, held) > most || packed.bytes.len() > most {
            return Err(Error::Size(format!(
                "a run takes {} elements of maps, {held} of inputs and outputs and {} bytes of weights, but a CUDA kernel counts to \
                 {most}; give a smaller batch",
                plan.arena,
                packed.bytes.len()
            )));
        }
        let mut maker = Maker {
            network,
            packed,
            plan: &plan,
            dtype,
            source: Source::new(dtype),
            launches: Vec::new(),
            tables: Tables::default(),
        };
        let mut taken = 0;
        let mut take = |value: Value| {
            let at = taken;
            taken += plan.dims(value).len();
            at
        };
        let inputs: Vec<Option<usize>> = plan.inputs.iter().map(|value| value.map(&mut take)).collect();
        for (value, at) in plan.inputs.iter().zip(&inputs) {
            if let (Some(value), Some(at)) = (value, at) {
                maker.import(*value, *at);
            }
        }
        for step in &plan.steps {
            maker.step(step)?;
        }
        let outputs: Vec<usize> = plan.wanted.iter().map(|(_, value)| take(*value)).collect();
        for ((_, value), at) in plan.wanted.iter().zip(&outputs) {
            maker.export(*value, *at);
        }
        let Maker { source, launches, tables, .. } = maker;
        let tables = tables.bytes().to_vec();
        Ok(Executable { plan, source, launches, tables, inputs, outputs, arrays: taken })
    }
}

/// What the launches of an executable are made of.
pub(super) struct Maker<'a> {
    pub(super) network: &'a Network,
    pub(super) packed: &'a PackedNetwork,
    pub(super) plan: &'a Plan,
    pub(super) dtype: Dtype,
    source: Source,
    launches: Vec<Launch>,
    tables: Tables,
}

/// How the threads of a launch share the work.
pub(super) enum Grid {
    /// Every cell of a map is a thread's.
    Cells(Dims),
    /// Every pixel is a warp's.
    Pixels(Dims),
    /// So many blocks of threads with bytes of shared memory.
    Blocks { grid: [usize; 3], threads: u32, shared: usize },
}

impl Maker<'_> {
    pub(super) fn view(&self, value: Value) -> View {
        match self.plan.home(value) {
            Home::Arena(view) => view,
            home => unreachable!("value {value} lies in {home:?}, but kernels read and write the arena alone"),
        }
    }

    /// The place and sizes of a map, each name behind a word.
    fn map(&self, name: &str, value: Value, sizes: &mut Sizes) {
        let (view, dims) = (self.view(value), self.plan.dims(value));
        let fields = [
            ("at", view.place.start),
            ("pitch", view.pitch),
            ("rows", dims.height),
            ("columns", dims.width),
            ("channels", dims.channels),
            ("pixels", dims.pixels()),
        ];
        for (field, value) in fields {
            sizes.set(format!("{name}_{field}"), value);
        }
    }

    pub(super) fn launch(&mut self, bodies: Vec<Body>, call: String, mut sizes: Sizes, finish: Finish, grid: Grid) {
        let blocks = |units: usize| [cmp::min(units.div_ceil(THREADS as usize), BLOCKS).max(1), 1, 1];
        let (grid, threads, shared) = match grid {
            Grid::Cells(dims) => (blocks(dims.len()), THREADS, 0),
            Grid::Pixels(dims) => (blocks(dims.pixels() * 32), THREADS, 0),
            Grid::Blocks { grid, threads, shared } => (grid, threads, shared),
        };
        sizes.append(finish.sizes);
        let kernel = self.source.kernel(&Kernel { bodies, call, finish: finish.text, threads }, &sizes);
        let grid = grid.map(|n| u32::try_from(n).expect("there are fewer blocks than cells, which an `int` counts"));
        self.launches.push(Launch { kernel, grid, threads, shared: shared as u32, sizes });
    }

    fn import(&mut self, value: Value, at: usize) {
        let mut sizes = Sizes::default();
        self.map("to", value, &mut sizes);
        sizes.set("array_at", at);
        let call = "import_map(arena, arrays, s, finish)".to_owned();
        self.launch(vec![source::IMPORT], call, sizes, Finish::default(), Grid::Cells(self.plan.dims(value)));
    }

    fn export(&mut self, value: Value, at: usize) {
        let mut sizes = Sizes::default();
        self.map("from", value, &mut sizes);
        sizes.set("array_at", at);
        let call = "export_map(arena, arrays, s)".to_owned();
        self.launch(vec![source::EXPORT], call, sizes, Finish::default(), Grid::Cells(self.plan.dims(value)));
    }

    fn step(&mut self, step: &Planned) -> Result<(), Error> {
        match &step.work {
            Work::Resize { resize, from } => self.resize(*resize, *from, step.out, Finish::default()),
            Work::Concat { copied, addends } => {
                for copied in copied {
                    let mut sizes = self.between(copied.value, step.out);
                    sizes.set("channel", copied.channel);
                    let grid = Grid::Cells(self.plan.dims(copied.value));
                    self.launch(
                        vec![source::CONCAT],
                        "concat_channels(arena, s)".into(),
                        sizes,
                        Finish::default(),
                        grid,
                    );
                }
                let finish = self.finish(step.site, addends, step.out);
                if !finish.text.is_empty() {
                    self.cells(
                        source::ELEMENTWISE,
                        "elementwise(arena, s, finish)",
                        self.between(step.out, step.out),
                        finish,
                        step.out,
                    );
                }
            }
            Work::Parts { .. } => {
                unreachable!("a plan for kernels that read the arena alone makes every concatenation")
            }
            Work::Site { args, addends } => {
                let finish = self.finish(step.site, addends, step.out);
                self.site(step.site, args, step.out, finish)?;
            }
        }
        Ok(())
    }

    /// The sizes of an operand and a result.
    pub(super) fn between(&self, from: Value, to: Value) -> Sizes {
        let mut sizes = Sizes::default();
        self.map("from", from, &mut sizes);
        self.map("to", to, &mut sizes);
        sizes
    }

    /// A kernel of a thread for each cell of the result.
    pub(super) fn cells(&mut self, body: Body, call: &str, sizes: Sizes, finish: Finish, out: Value) {
        self.launch(vec![body], call.to_owned(), sizes, finish, Grid::Cells(self.plan.dims(out)));
    }

    /// A kernel of a warp for each pixel of the result.
    fn pixels(&mut self, body: Body, call: String, sizes: Sizes, finish: Finish, out: Value) {
        self.launch(vec![body], call, sizes, finish, Grid::Pixels(self.plan.dims(out)));
    }

    fn site(&mut self, site: usize, args: &[Value], out: Value, finish: Finish) -> Result<(), Error> {
        let network = self.network;
        let instr = &network.sites[site].instr;
        let (from, to) = (self.plan.dims(args[0]), self.plan.dims(out));
        let mut sizes = self.between(args[0], out);
        match instr {
            Instr::Conv(conv) => self.conv(site, conv, args[0], out, finish),
            Instr::TransposedConv { stride, .. } => {
                let columns = stride * stride * to.channels;
                self.product(site, Windows::pixels(from), [1, columns], *stride, args[0], sizes, finish);
            }
            Instr::Gemm { features, .. } => {
                self.product(site, Windows::pixels(from), [1, *features], 1, args[0], sizes, finish);
            }
            Instr::Pool(pool) => {
                let Pool { kernel, stride, padding, .. } = pool;
                set_windows(&mut sizes, *kernel, *stride, *padding);
                let call = match pool.kind {
                    PoolKind::Max => "pool<true, false>(arena, s, finish)",
                    PoolKind::Average { count_padding: true } => "pool<false, true>(arena, s, finish)",
                    PoolKind::Average { count_padding: false } => "pool<false, false>(arena, s, finish)",
                };
                self.cells(source::POOL, call, sizes, finish, out);
            }
            Instr::GlobalAveragePool
            | Instr::AdaptiveAveragePool { .. }
            | Instr::Mean { axis: Axis::Rows | Axis::Columns } => {
                self.cells(source::AVERAGE, "average(arena, s, finish)", sizes, finish, out);
            }
            Instr::Mean { axis: Axis::Channels } => {
                self.pixels(source::MEAN_OF_CHANNELS, "mean_of_channels(arena, s, finish)".into(), sizes, finish, out);
            }
            Instr::Resize(resize) => self.resize(*resize, args[0], out, finish),
            Instr::Concat { axis: Axis::Channels } => {
                unreachable!("a plan says of each concatenation of channels what is copied")
            }
            Instr::Concat { axis } => self.concat_cells(*axis, args, out, &finish),
            Instr::Flatten => self.cells(source::FLATTEN, "flatten(arena, s, finish)", sizes, finish, out),
            // A map of another shape in the same order of cells is read pixel by pixel.
            Instr::Elementwise | Instr::Tokens | Instr::Fold { .. } => {
                self.cells(source::ELEMENTWISE, "elementwise(arena, s, finish)", sizes, finish, out);
            }
            Instr::L2Normalize { eps } => {
                let call = format!("l2_normalize(arena, s, {}, finish)", float(*eps));
                self.pixels(source::L2_NORMALIZE, call, sizes, finish, out);
            }
            Instr::WeightedSum { .. } => self.weighted_sum(site, args, out, sizes, finish),
            Instr::LayerNorm { eps, .. } => {
                set_affine(&mut sizes, self.affine(site));
                let call = format!("layer_norm(arena, weights, s, {}, finish)", float(*eps));
                self.pixels(source::LAYER_NORM, call, sizes, finish, out);
            }
            Instr::GroupNorm { groups, eps, .. } => {
                set_affine(&mut sizes, self.affine(site));
                sizes.set("groups", *groups);
                let call = format!("group_norm(arena, weights, s, {}, finish)", float(*eps));
                let grid = [from.batch * groups, 1, 1];
                let grid = Grid::Blocks { grid, threads: THREADS, shared: size_of::<f32>() * (THREADS / 32) as usize };
                self.launch(vec![source::GROUP_NORM], call, sizes, finish, grid);
            }
            Instr::Multiply => {
                self.map("gate", args[1], &mut sizes);
                self.cells(source::MULTIPLY, "multiply(arena, s, finish)", sizes, finish, out);
            }
            Instr::Slice(Slice { axis, start, .. }) => {
                let mut first = [0; 3];
                first[axis.index() - 1] = *start;
                sizes.extend([("channel", first[0]), ("row", first[1]), ("column", first[2])]);
                self.cells(source::SLICE, "slice(arena, s, finish)", sizes, finish, out);
            }
            Instr::Permute { order } => {
                let axis = |i: usize| order.get(i).copied().unwrap_or(i);
                let call = format!("permute<{}, {}, {}, {}>(arena, s, finish)", axis(0), axis(1), axis(2), axis(3));
                self.cells(source::PERMUTE, &call, sizes, finish, out);
            }
            Instr::Attention { heads } => return self.attention(*heads, args, sizes, finish),
            Instr::MatMul => {
                self.map("right", args[1], &mut sizes);
                self.cells(source::MATMUL, "matmul(arena, s, finish)", sizes, finish, out);
            }
            Instr::Learned { .. } => {
                let Packed::Factors(at) = self.packed.sites[site] else {
                    unreachable!("what is learned is packed as it is")
                };
                sizes.set("values_at", at);
                self.cells(source::CONSTANT, "constant(arena, weights, s, finish)", sizes, finish, out);
            }
            Instr::SinePositions { temperature } => {
                let at = self.tables.floats(SinePositions::new(*temperature, to).values());
                sizes.set("values_at", at);
                self.cells(source::CONSTANT, "constant(arena, tables, s, finish)", sizes, finish, out);
            }
            Instr::Softmax => self.pixels(source::SOFTMAX, "softmax(arena, s, finish)".into(), sizes, finish, out),
            Instr::PixelShuffle { factor } => {
                sizes.set("factor", *factor);
                self.cells(source::PIXEL_SHUFFLE, "pixel_shuffle(arena, s, finish)", sizes, finish, out);
            }
            Instr::ChannelShuffle { groups } => {
                sizes.set("groups", *groups);
                self.cells(source::CHANNEL_SHUFFLE, "channel_shuffle(arena, s, finish)", sizes, finish, out);
            }
            Instr::Reassemble { kernel, factor } => {
                self.map("kernels", args[1], &mut sizes);
                sizes.extend([("kernel", *kernel), ("factor", *factor)]);
                self.cells(source::REASSEMBLE, "reassemble(arena, s, finish)", sizes, finish, out);
            }
        }
        Ok(())
    }

    fn resize(&mut self, resize: Resize, from: Value, out: Value, finish: Finish) {
        let mut sizes = self.between(from, out);
        if resize.mode == ResizeMode::Nearest {
            return self.cells(source::RESIZE, "resize_nearest(arena, s, finish)", sizes, finish, out);
        }
        let axes = Resampling::new(resize, self.plan.dims(from), self.plan.dims(out)).taps();
        let (mut all, mut places) = (Vec::new(), [Vec::new(), Vec::new()]);
        for (axis, place) in axes.iter().zip(&mut places) {
            for taps in axis {
                place.extend([all.len() as i32, taps.len() as i32]);
                all.extend(taps);
            }
        }
        let [rows, columns] = places.map(|place| self.tables.add(place.into_iter().flat_map(i32::to_le_bytes)));
        let tap = |(cell, share): (usize, f32)| (cell as i32).to_le_bytes().into_iter().chain(share.to_le_bytes());
        let taps = self.tables.add(all.into_iter().flat_map(tap));
        sizes.extend([("rows_at", rows), ("columns_at", columns), ("taps_at", taps)]);
        self.cells(source::RESIZE, "resize_weighted(arena, tables, s, finish)", sizes, finish, out);
    }

    fn concat_cells(&mut self, axis: Axis, args: &[Value], out: Value, finish: &Finish) {
        let mut first = [0; 2];
        for &arg in args {
            let dims = self.plan.dims(arg);
            let mut sizes = self.between(arg, out);
            sizes.extend([("row", first[0]), ("column", first[1])]);
            let finish = Finish { text: finish.text.clone(), sizes: finish.sizes.clone() };
            self.cells(source::CONCAT, "concat_cells(arena, s, finish)", sizes, finish, arg);
            match axis {
                Axis::Rows => first[0] += dims.height,
                Axis::Columns => first[1] += dims.width,
                Axis::Channels => unreachable!("channels are joined by copies into slices"),
            }
        }
    }

    fn weighted_sum(&mut self, site: usize, args: &[Value], out: Value, mut sizes: Sizes, finish: Finish) {
        let Packed::Factors(at) = self.packed.sites[site] else { unreachable!("a weighted sum has factors") };
        sizes.set("factors_at", at);
        for (i, &arg) in args.iter().enumerate() {
            let view = self.view(arg);
            sizes.set(format!("operand{i}_at"), view.place.start);
            sizes.set(format!("operand{i}_pitch"), view.pitch);
        }
        let fields =
            |field: &str| (0..args.len()).map(|i| format!("s.operand{i}_{field}")).collect::<Vec<_>>().join(", ");
        let call = format!(
            "weighted_sum<{}>(arena, weights, s, finish, [&](int k, int pixel) {{ const int at[] = {{{}}}, pitch[] = {{{}}}; return \
             arena + at[k] + (size_t)pixel * pitch[k]; }})",
            args.len(),
            fields("at"),
            fields("pitch")
        );
        self.cells(source::WEIGHTED_SUM, &call, sizes, finish, out);
    }

    fn attention(&mut self, heads: usize, args: &[Value], mut sizes: Sizes, finish: Finish) -> Result<(), Error> {
        let queries = self.plan.dims(args[0]);
        let keys = self.plan.dims(args[1]).height;
        let [k, v] = [1, 2].map(|i| self.view(args[i]));
        sizes.extend([
            ("heads", heads),
            ("keys", keys),
            ("keys_at", k.place.start),
            ("keys_pitch", k.pitch),
            ("values_at", v.place.start),
            ("values_pitch", v.pitch),
        ]);
        let shared = size_of::<f32>() * (ATTENTION_THREADS as usize / 32 + keys);
        if shared > SHARED {
            return Err(Error::Size(format!(
                "an attention over {keys} tokens takes {shared} bytes of shared memory, and a block has {SHARED}; give smaller inputs"
            )));
        }
        let grid = [queries.batch * heads * queries.height, 1, 1];
        let grid = Grid::Blocks { grid, threads: ATTENTION_THREADS, shared };
        self.launch(vec![source::ATTENTION], "attention(arena, s, finish)".into(), sizes, finish, grid);
        Ok(())
    }

    fn affine(&self, site: usize) -> Affine {
        match self.packed.sites[site] {
            Packed::Affine(affine) => affine,
            other => unreachable!("the weights of a norm are packed as {other:?}"),
        }
    }
}

fn set_affine(sizes: &mut Sizes, Affine { scale, shift }: Affine) {
    sizes.extend([("scale_at", scale), ("shift_at", shift)]);
}
