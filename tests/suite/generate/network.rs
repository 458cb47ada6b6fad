//! Random networks: windows, pools, up-sampling, and branches that are joined again.

use super::Random;

/// A network of one input `x`, which is map 0; row i makes map i + 1.
#[derive(Clone, Debug)]
pub struct Network {
    pub rows: Vec<Row>,
    maps: Vec<Map>,
}

/// A row with the maps it reads.
#[derive(Clone, Debug)]
pub struct Row {
    pub op: Op,
    pub operands: Vec<usize>,
}

/// Windows along rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}

#[derive(Clone, Debug)]
pub enum Op {
    Conv {
        windows: Windows,
        channels: usize,
        bias: bool,
        groups: usize,
    },
    AveragePool {
        windows: Windows,
        count_padding: bool,
    },
    MaxPool {
        windows: Windows,
    },
    Up {
        factor: usize,
        mode: &'static str,
    },
    UpTo {
        mode: &'static str,
    },
    Add,
    Concat,
    /// An operator of its own name, without arguments.
    Plain(&'static str),
    BatchNorm,
    Fuse(&'static str),
}

/// What a network may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// What is linear and keeps positive numbers positive, with one or two channels.
    Linear,
    /// Everything.
    Any,
}

/// A map at the sizes that the generator reckons with.
#[derive(Clone, Copy, Debug)]
struct Map {
    channels: usize,
    size: [i64; 2],
    /// Pixels of the input in a cell.
    stride: [f64; 2],
}

/// Rows and columns of the input that the generator reckons with.
const NOMINAL: i64 = 144;

impl Network {
    pub fn random(random: &mut Random, flavour: Flavour) -> Network {
        let input = Map { channels: 1, size: [NOMINAL; 2], stride: [1.0; 2] };
        let mut network = Network { rows: Vec::new(), maps: vec![input] };
        let rows = random.within(2, 7);
        // Some draws suit no map.
        for _ in 0..40 {
            if network.rows.len() >= rows {
                break;
            }
            network.grow(random, flavour);
        }
        network
    }

    /// How many rows and columns of the input a cell of any row can see at most, taken as if all rows followed each other.
    pub fn widest(&self, axis: usize) -> f64 {
        let reach = |row: &Row| {
            let stride = row.operands.iter().map(|&map| self.maps[map].stride[axis]).fold(0.0, f64::max);
            let cells = match &row.op {
                Op::Conv { windows, .. } | Op::AveragePool { windows, .. } | Op::MaxPool { windows } => {
                    windows.dilation[axis] * (windows.kernel[axis] - 1)
                }
                Op::Up { .. } | Op::UpTo { .. } => 2,
                Op::Add | Op::Concat | Op::Plain(_) | Op::BatchNorm | Op::Fuse(_) => 0,
            };
            cells as f64 * stride
        };
        1.0 + self.rows.iter().map(reach).sum::<f64>()
    }

    /// Pixels of the input in a cell of the coarsest map.
    pub fn coarsest(&self, axis: usize) -> f64 {
        self.maps.iter().map(|map| map.stride[axis]).fold(0.0, f64::max)
    }

    /// The spec, every row an output `m1`, `m2`, …; `only` gives the one operand that is left of a row that joins maps.
    pub fn text(&self, only: impl Fn(usize) -> Option<usize>) -> String {
        let mut layers = vec![format!("    input x: [B, {}, H, W]", self.maps[0].channels)];
        let mut rows = Vec::new();
        let name = |map: usize| if map == 0 { "x".to_owned() } else { format!("m{map}") };
        for (at, row) in self.rows.iter().enumerate() {
            let made = at + 1;
            let operands: Vec<String> = row.operands.iter().map(|&map| name(map)).collect();
            let call = |callee: String| format!("{callee}({})", operands.join(", "));
            let mut layer = |kind: String, out: String, arguments: String| {
                layers.push(format!("    {kind} c{made}{out} ({arguments})"));
                call(format!("c{made}"))
            };
            let with = |callee: &str, arguments: String| format!("{callee}({}, {arguments})", operands.join(", "));
            let value = match &row.op {
                _ if let Some(map) = only(at) => name(map),
                Op::Conv { windows, channels, bias, groups } => {
                    let dilation = pair(windows.dilation);
                    let rest = format!("{}, dilation = {dilation}, groups = {groups}, bias = {bias}", windows.text());
                    layer("conv".into(), format!(": -> {channels}"), rest)
                }
                Op::AveragePool { windows, count_padding } => {
                    with("avg_pool", format!("{}, count_padding = {count_padding}", windows.text()))
                }
                Op::MaxPool { windows } => with("max_pool", windows.text()),
                Op::Up { factor, mode: "transposed" } => {
                    layer("Up".into(), String::new(), format!("factor = {factor}, mode = transposed"))
                }
                Op::Up { factor, mode } => with("Up", format!("factor = {factor}, mode = {mode}")),
                Op::UpTo { mode } => with("UpTo", format!("mode = {mode}")),
                Op::Add => operands.join(" + "),
                Op::Concat => call("Concat".into()),
                Op::Plain(op) => call((*op).into()),
                Op::BatchNorm => layer("batch_norm".into(), String::new(), String::new()),
                Op::Fuse(mode) => layer("fuse".into(), String::new(), format!("mode = {mode}")),
            };
            rows.push(format!("    m{made} = {value}"));
        }
        let outputs: Vec<String> = (1..=self.rows.len()).map(name).collect();
        format!("arch A {{\n{}\n{}\n    output {}\n}}\n", layers.join("\n"), rows.join("\n"), outputs.join(", "))
    }

    fn grow(&mut self, random: &mut Random, flavour: Flavour) {
        let latest = self.maps.len() - 1;
        let from = if random.one_in(3) { random.below(self.maps.len()) } else { latest };
        let any = flavour == Flavour::Any;
        match random.below(12) {
            0..=2 => {
                let windows = Windows::random(random);
                self.conv(random, from, windows, any);
            }
            3 => self.pool(random, from, any),
            4 | 5 => {
                let modes = ["nearest", "bilinear", "transposed", "nearest", "bilinear", "align_corners"];
                let op = Op::Up { factor: random.within(2, 3), mode: random.pick(&modes) };
                self.push(op, vec![from]);
            }
            6 | 7 => {
                let windows = Windows::random(random);
                let one = self.conv(random, from, windows, any);
                let windows = windows.alike(random);
                let two = self.conv(random, from, windows, any);
                if let (Some(one), Some(two)) = (one, two) {
                    self.join(random, one, two, any);
                }
            }
            8 | 9 => {
                let to = random.below(self.maps.len());
                let mode = random.pick(&["nearest", "nearest", "bilinear", "bilinear", "align_corners"]);
                if to != from
                    && let Some(resized) = self.push(Op::UpTo { mode }, vec![from, to])
                {
                    self.join(random, resized, to, any);
                }
            }
            10 => {
                let of = self.maps[from].size;
                let alike: Vec<usize> = (0..from).filter(|&map| self.maps[map].size == of).collect();
                if !alike.is_empty() {
                    let other = random.pick(&alike);
                    self.join(random, other, from, any);
                }
            }
            _ if any => {
                let op = match random.below(5) {
                    0 => Op::BatchNorm,
                    1 => Op::Plain("l2_normalize"),
                    _ => Op::Plain(random.pick(&["relu", "silu", "sigmoid"])),
                };
                self.push(op, vec![from]);
            }
            _ => _ = self.push(Op::Plain("relu"), vec![from]),
        }
    }

    fn conv(&mut self, random: &mut Random, from: usize, windows: Windows, any: bool) -> Option<usize> {
        let given = self.maps[from].channels;
        let groups = if any && random.one_in(3) { given } else { 1 };
        let channels = groups * random.within(1, if any { 3 } else { 1 });
        self.push(Op::Conv { windows, channels, bias: any && random.one_in(2), groups }, vec![from])
    }

    fn pool(&mut self, random: &mut Random, from: usize, any: bool) {
        let mut windows = Windows::random(random);
        windows.dilation = [1; 2];
        windows.padding = [0, 1].map(|axis| windows.padding[axis].min(windows.kernel[axis] / 2));
        let op = match any && random.one_in(2) {
            true => Op::MaxPool { windows },
            false => Op::AveragePool { windows, count_padding: random.one_in(2) },
        };
        self.push(op, vec![from]);
    }

    fn join(&mut self, random: &mut Random, one: usize, two: usize, any: bool) {
        let same = self.maps[one].channels == self.maps[two].channels;
        let op = match same && !random.one_in(3) {
            true if any && random.one_in(3) => Op::Fuse(random.pick(&["add", "weighted", "fast", "softmax"])),
            true => Op::Add,
            false => Op::Concat,
        };
        self.push(op, vec![one, two]);
    }

    /// Adds a row where its map is neither too small nor too large.
    fn push(&mut self, op: Op, operands: Vec<usize>) -> Option<usize> {
        let first = self.maps[operands[0]];
        let windowed = |windows: &Windows, channels: usize| Map {
            channels,
            size: [0, 1].map(|axis| windows.output(axis, first.size[axis])),
            stride: [0, 1].map(|axis| first.stride[axis] * windows.stride[axis] as f64),
        };
        let map = match &op {
            Op::Conv { windows, channels, .. } => windowed(windows, *channels),
            Op::AveragePool { windows, .. } | Op::MaxPool { windows } => windowed(windows, first.channels),
            Op::Up { factor, .. } => Map {
                size: first.size.map(|size| size * *factor as i64),
                stride: first.stride.map(|stride| stride / *factor as f64),
                ..first
            },
            Op::UpTo { .. } => Map { channels: first.channels, ..self.maps[operands[1]] },
            Op::Concat => Map { channels: operands.iter().map(|&map| self.maps[map].channels).sum(), ..first },
            Op::Add | Op::Plain(_) | Op::BatchNorm | Op::Fuse(_) => first,
        };
        let joins = matches!(op, Op::Add | Op::Concat | Op::Fuse(_));
        let fits = operands.iter().all(|&operand| !joins || self.maps[operand].size == first.size);
        let sound =
            map.stride.iter().all(|stride| (0.2..=6.5).contains(stride)) && map.size.iter().all(|&size| size > 8);
        if !fits || !sound || map.channels > 8 {
            return None;
        }
        self.rows.push(Row { op, operands });
        self.maps.push(map);
        Some(self.maps.len() - 1)
    }
}

impl Windows {
    fn random(random: &mut Random) -> Windows {
        let kernel = [random.within(1, 5), random.within(1, 5)];
        let dilation = [0, 1].map(|axis| if kernel[axis] < 4 && random.one_in(4) { 2 } else { 1 });
        let padding = match random.one_in(2) {
            true => [0, 1].map(|axis| dilation[axis] * (kernel[axis] - 1) / 2),
            false => [0, 1].map(|axis| random.within(0, dilation[axis] * (kernel[axis] - 1))),
        };
        let stride = [0; 2].map(|_| random.pick(&[1, 1, 1, 2, 2, 3]));
        Windows { kernel, stride, padding, dilation }
    }

    /// Other windows that give a map of the same size.
    fn alike(&self, random: &mut Random) -> Windows {
        let other = Windows::random(random);
        let mut alike = *self;
        for axis in 0..2 {
            let reach = |windows: &Windows| windows.dilation[axis] * (windows.kernel[axis] - 1);
            let padded = 2 * self.padding[axis] + reach(&other);
            if padded >= reach(self) && (padded - reach(self)).is_multiple_of(2) {
                alike.kernel[axis] = other.kernel[axis];
                alike.dilation[axis] = other.dilation[axis];
                alike.padding[axis] = (padded - reach(self)) / 2;
            }
        }
        alike
    }

    fn output(&self, axis: usize, input: i64) -> i64 {
        let reach = (self.dilation[axis] * (self.kernel[axis] - 1)) as i64;
        (input + 2 * self.padding[axis] as i64 - reach - 1).div_euclid(self.stride[axis] as i64) + 1
    }

    fn text(&self) -> String {
        let [kernel, stride, padding] = [self.kernel, self.stride, self.padding].map(pair);
        format!("kernel = {kernel}, stride = {stride}, padding = {padding}")
    }
}

fn pair([rows, columns]: [usize; 2]) -> String {
    format!("[{rows}, {columns}]")
}
