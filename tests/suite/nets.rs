//! Random small networks: as texts, and as a walk over numbers that knows nothing of the compiler.

use std::fmt::{self, Display, Write};

/// The free sizes: rows and columns of the first input, of the second, and the batches of both.
pub const SYMBOLS: [&str; 6] = ["H", "W", "D", "E", "B", "N"];

/// A value for each of [`SYMBOLS`].
pub type Values = [i64; 6];

/// Maps that a network has at most.
const MAPS: usize = 24;

/// Knuth's MMIX generator, the high half of each state.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn pair<T: Copy>(&mut self, of: &[T]) -> [T; 2] {
        let first = self.one(of);
        if self.below(4) == 0 { [first, self.one(of)] } else { [first, first] }
    }
}

/// A size as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written {
    Times(usize, i64),
    Exact(usize, i64),
    Ceil(usize, i64),
    Floor(usize, i64),
    /// Somewhat more or less than a rounded part.
    Near(usize, i64, i64),
    Number(i64),
}

impl Written {
    /// None where a division is not exact.
    fn value(self, values: &Values) -> Option<i64> {
        Some(match self {
            Written::Times(symbol, n) => values[symbol] * n,
            Written::Exact(symbol, n) if values[symbol] % n != 0 => return None,
            Written::Exact(symbol, n) | Written::Floor(symbol, n) => values[symbol] / n,
            Written::Ceil(symbol, n) => (values[symbol] + n - 1) / n,
            Written::Near(symbol, n, off) => values[symbol] / n + off,
            Written::Number(n) => n,
        })
    }
}

impl Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Written::Times(symbol, 1) => f.write_str(SYMBOLS[symbol]),
            Written::Times(symbol, n) => write!(f, "{n}*{}", SYMBOLS[symbol]),
            Written::Exact(symbol, n) => write!(f, "{}/{n}", SYMBOLS[symbol]),
            Written::Ceil(symbol, n) => write!(f, "ceil({}/{n})", SYMBOLS[symbol]),
            Written::Floor(symbol, n) => write!(f, "floor({}/{n})", SYMBOLS[symbol]),
            Written::Near(symbol, n, off) => {
                write!(f, "floor({}/{n}) {} {}", SYMBOLS[symbol], if off < 0 { '-' } else { '+' }, off.abs())
            }
            Written::Number(n) => write!(f, "{n}"),
        }
    }
}

/// A sliding window along rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    kernel: [i64; 2],
    stride: [i64; 2],
    padding: [i64; 2],
    dilation: [i64; 2],
}

/// What makes a map.
#[derive(Clone, Debug)]
pub enum Step {
    Conv(usize, Window),
    Pool(usize, Window),
    Up(usize, i64),
    /// Resized to the second.
    UpTo(usize, usize),
    Add(usize, usize),
    Concat(usize, usize),
    Declared(usize, [Written; 2]),
    /// Flattened to a vector of so many features.
    Flat(usize, i64),
}

/// An input's batch and sizes.
#[derive(Clone, Debug)]
pub struct Input {
    pub batch: usize,
    pub sizes: [Written; 2],
}

/// A network: its maps are the inputs, then the results of the steps.
#[derive(Clone, Debug)]
pub struct Net {
    pub inputs: Vec<Input>,
    pub steps: Vec<Step>,
}

impl Step {
    fn operands(&mut self) -> Vec<&mut usize> {
        match self {
            Step::Conv(a, _) | Step::Pool(a, _) | Step::Up(a, _) | Step::Declared(a, _) | Step::Flat(a, _) => vec![a],
            Step::UpTo(a, b) | Step::Add(a, b) | Step::Concat(a, b) => vec![a, b],
        }
    }
}

impl Net {
    /// Without a step; what read its result reads its first operand.
    pub fn without(&self, step: usize) -> Net {
        let mut net = self.clone();
        let removed = net.inputs.len() + step;
        let instead = *net.steps.remove(step).operands()[0];
        for operand in net.steps.iter_mut().skip(step).flat_map(|step| step.operands()) {
            *operand = match *operand {
                map if map == removed => instead,
                map if map > removed => map - 1,
                map => map,
            };
        }
        net
    }

    fn channels(&self) -> Vec<usize> {
        let mut channels = vec![4; self.inputs.len()];
        for step in &self.steps {
            channels.push(match *step {
                Step::Conv(..) => 4,
                Step::Concat(a, b) => channels[a] + channels[b],
                Step::Pool(a, _)
                | Step::Up(a, _)
                | Step::UpTo(a, _)
                | Step::Add(a, _)
                | Step::Declared(a, _)
                | Step::Flat(a, _) => channels[a],
            });
        }
        channels
    }

    /// The spec.
    pub fn text(&self) -> String {
        let mut text = String::from("arch Random {\n");
        let channels = self.channels();
        for (map, Input { batch, sizes: [rows, columns] }) in self.inputs.iter().enumerate() {
            writeln!(text, "    input m{map}: [{}, 4, {rows}, {columns}]", SYMBOLS[*batch]).expect("a text grows");
        }
        let pair = |[a, b]: [i64; 2]| if a == b { a.to_string() } else { format!("[{a}, {b}]") };
        for (map, step) in (self.inputs.len()..).zip(&self.steps) {
            let row = match *step {
                Step::Conv(a, Window { kernel, stride, padding, dilation }) => format!(
                    "conv c{map}: -> 4 (kernel = {}, stride = {}, padding = {}, dilation = {})\n    m{map} = c{map}(m{a})",
                    pair(kernel),
                    pair(stride),
                    pair(padding),
                    pair(dilation)
                ),
                Step::Pool(a, Window { kernel, stride, padding, .. }) => format!(
                    "m{map} = max_pool(m{a}, kernel = {}, stride = {}, padding = {})",
                    pair(kernel),
                    pair(stride),
                    pair(padding)
                ),
                Step::Up(a, factor) => format!("m{map} = Up(m{a}, factor = {factor}, mode = nearest)"),
                Step::UpTo(a, b) => format!("m{map} = UpTo(m{a}, m{b}, mode = nearest)"),
                Step::Add(a, b) => format!("m{map} = m{a} + m{b}"),
                Step::Concat(a, b) => format!("m{map} = concat(m{a}, m{b})"),
                Step::Declared(a, [rows, columns]) => {
                    format!("m{map} = relu(m{a}) -> [B, {}, {rows}, {columns}]", channels[a])
                }
                Step::Flat(a, length) => format!("m{map} = flatten(m{a}) -> [B, {length}]"),
            };
            writeln!(text, "    {row}").expect("a text grows");
        }
        let all: Vec<String> = (0..channels.len()).map(|map| format!("o{map} = m{map}")).collect();
        text + "    output " + &all.join(", ") + "\n}\n"
    }

    /// Whether all maps fit each other and what is declared of them.
    pub fn fits(&self, values: &Values) -> bool {
        self.walk(values).is_some()
    }

    fn walk(&self, values: &Values) -> Option<()> {
        let mut maps = [[0; 3]; MAPS];
        for (map, input) in maps.iter_mut().zip(&self.inputs) {
            *map = [values[input.batch], input.sizes[0].value(values)?, input.sizes[1].value(values)?];
            if map.iter().any(|n| *n < 1) {
                return None;
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            maps[self.inputs.len() + at] = match *step {
                Step::Conv(a, window) | Step::Pool(a, window) => {
                    let [batch, rows, columns] = maps[a];
                    [batch, window.places(0, rows)?, window.places(1, columns)?]
                }
                Step::Up(a, factor) => [maps[a][0], maps[a][1] * factor, maps[a][2] * factor],
                Step::UpTo(a, b) => [maps[a][0], maps[b][1], maps[b][2]],
                Step::Add(a, b) | Step::Concat(a, b) => (maps[a] == maps[b]).then_some(maps[a])?,
                Step::Declared(a, [rows, columns]) => {
                    let declared = [values[4], rows.value(values)?, columns.value(values)?];
                    (maps[a] == declared).then_some(declared)?
                }
                Step::Flat(a, length) => {
                    let [batch, rows, columns] = maps[a];
                    (batch == values[4] && self.channels()[a] as i64 * rows * columns == length)
                        .then_some([batch, 1, 1])?
                }
            };
        }
        Some(())
    }
}

impl Window {
    /// How often it fits when it moves over a padded axis.
    fn places(&self, axis: usize, n: i64) -> Option<i64> {
        let free = n + 2 * self.padding[axis] - self.dilation[axis] * (self.kernel[axis] - 1) - 1;
        (free >= 0).then(|| free / self.stride[axis] + 1)
    }
}

/// How a map's rows and columns relate to those of an input: a symbol and a part of it.
#[derive(Clone, Copy, PartialEq)]
struct Scale {
    symbols: [usize; 2],
    times: i64,
    parts: i64,
}

impl Scale {
    fn scaled(self, times: i64, parts: i64) -> Scale {
        let (times, parts) = (self.times * times, self.parts * parts);
        let common = (1..=times.min(parts)).rev().find(|n| times % n == 0 && parts % n == 0).unwrap_or(1);
        Scale { times: times / common, parts: parts / common, ..self }
    }

    /// By how much one is larger, if by a whole number.
    fn over(self, other: Scale) -> Option<i64> {
        let (times, parts) = (self.times * other.parts, self.parts * other.times);
        (times % parts == 0).then(|| times / parts)
    }
}

/// A network with windows, up-sampling, sums and declared rows; in some the inputs have sizes of their own that meet, in
/// some a vector's length joins rows and columns.
pub fn net(random: &mut Random) -> Net {
    let mut inputs = vec![Input { batch: 4, sizes: [Written::Times(0, 1), Written::Times(1, 1)] }];
    let mut scales = vec![Scale { symbols: [0, 1], times: 1, parts: 1 }];
    match random.below(8) {
        // A level of the same pyramid.
        0..3 => {
            let parts = random.one(&[2, 3, 4, 8]);
            let form = random.one(&[Written::Exact, Written::Exact, Written::Ceil, Written::Floor]);
            inputs.push(Input { batch: 4, sizes: [form(0, parts), form(1, parts)] });
            scales.push(scales[0].scaled(1, parts));
        }
        // Sizes of its own.
        3 => {
            let form = random.one(&[Written::Times, Written::Exact, Written::Ceil]);
            let n = if random.below(2) == 0 { 1 } else { 2 };
            inputs.push(Input { batch: random.one(&[4, 5]), sizes: [form(2, n), form(3, n)] });
            scales.push(Scale { symbols: [2, 3], times: 1, parts: 1 });
        }
        _ => {}
    }
    let mut net = Net { inputs, steps: Vec::new() };
    let count = 2 + random.below(8);
    while net.steps.len() < count {
        add_step(&mut net, &mut scales, random);
    }
    if net.inputs.len() == 1 && random.below(6) == 0 {
        let map = random.below(scales.len());
        let cells = random.one(&[1, 2, 4, 6, 7, 9, 12, 49, 64, 120]);
        let length = net.channels()[map] as i64 * cells + i64::from(random.below(12) == 0);
        net.steps.push(Step::Flat(map, length));
    }
    net
}

fn add_step(net: &mut Net, scales: &mut Vec<Scale>, random: &mut Random) {
    let map = random.below(scales.len());
    let scale = scales[map];
    let channels = net.channels();
    let known = scales.clone();
    let mut push = |step, scale| {
        net.steps.push(step);
        scales.push(scale);
    };
    match random.below(20) {
        0..8 => {
            let window = Window {
                kernel: random.pair(&[1, 2, 3, 3, 3, 4, 5, 7]),
                stride: [random.one(&[1, 1, 2, 2, 2, 3, 4]); 2],
                padding: random.pair(&[0, 1, 1, 1, 2, 3]),
                dilation: random.pair(&[1, 1, 1, 2, 3]),
            };
            push(Step::Conv(map, window), scale.scaled(1, window.stride[0]));
        }
        8..10 => {
            let kernel = random.pair(&[2, 2, 3, 4]);
            let stride = [random.one(&[1, 2, 2, 3]); 2];
            let padding = [random.below(2) as i64; 2];
            push(Step::Pool(map, Window { kernel, stride, padding, dilation: [1, 1] }), scale.scaled(1, stride[0]));
        }
        10 => {
            let factor = random.one(&[2, 2, 3, 4]);
            push(Step::Up(map, factor), scale.scaled(factor, 1));
        }
        11 => {
            let like = random.below(channels.len());
            push(Step::UpTo(map, like), known[like]);
        }
        12..18 => {
            let suits = |other: &usize| *other != map && channels[*other] == channels[map];
            let other = (0..channels.len()).filter(suits).find(|other| scale.over(known[*other]).is_some());
            match other.and_then(|other| Some((other, scale.over(known[other])?))) {
                Some((other, 1)) if random.below(5) == 0 => push(Step::Concat(map, other), scale),
                Some((other, 1)) => push(Step::Add(map, other), scale),
                Some((other, factor)) if factor <= 16 => {
                    let up = channels.len();
                    push(Step::Up(other, factor), scale);
                    push(Step::Add(up, map), scale);
                }
                _ => {}
            }
        }
        _ => {
            let (times, parts) = (scale.times, scale.parts);
            let forms: [fn(usize, i64) -> Written; 4] =
                [Written::Exact, Written::Ceil, Written::Floor, |symbol, n| Written::Near(symbol, n, 1)];
            let form = random.one(&forms);
            let [rows, columns] = scale.symbols;
            let written = match (times, parts) {
                (times, 1) => [Written::Times(rows, times), Written::Times(columns, times)],
                (1, parts) => [form(rows, parts), form(columns, parts)],
                _ => return,
            };
            match random.below(12) {
                0 => push(Step::Declared(map, [written[0], Written::Number(1 + random.below(40) as i64)]), scale),
                // Square: rows and columns by one symbol.
                1 => push(Step::Declared(map, [written[0], form(rows, parts.max(2))]), scale),
                _ => push(Step::Declared(map, written), scale),
            }
        }
    }
}
