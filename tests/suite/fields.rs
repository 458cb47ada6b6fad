//! Receptive fields against what the plain kernels really read.
//!
//! A network of windows, average pools, up-sampling, sums and concatenations with positive weights gives a positive number
//! in exactly those cells that see a positive pixel. So a batch whose image k is lit in row k alone tells for every cell the
//! rows that it sees, and likewise the columns. Of the cells in the middle of a map, which padding does not reach, that gives
//! how far each sees, how many pixels lie between neighbours, and where the middle of what it sees is.
//!
//! The centre of a joined map is by definition that of the operand with the smallest field, so it is measured in a network in
//! which each join has become that operand.

use neckar::ndarray::{ArrayD, IxDyn};
use neckar::{Weights, naive};
use neckar_spec::field::{ReceptiveField, receptive_fields};
use neckar_spec::size::Env;
use neckar_spec::{Checked, Library, Lowering, Origin, compile, lower};

use crate::generate::Random;
use crate::generate::network::{Flavour, Network, Op};

/// How many networks are measured.
const NETWORKS: usize = 200;

/// Networks that see more are left out: their inputs would have to be large.
const WIDEST: f64 = 36.0;

/// Cells of a map in the longest period of what they see: two up-samplings by three, or three by two.
const LONGEST: usize = 12;

#[test]
fn as_measured() {
    let (mut exact, mut bounds) = (0, 0);
    let mut seeds = 0..;
    for _ in 0..NETWORKS {
        let (seed, network, checked) = seeds.by_ref().find_map(drawn).expect("there is no end of seeds");
        let (some_exact, some_bounds) = compare(seed, &network, &checked);
        exact += some_exact;
        bounds += some_bounds;
    }
    assert!(exact > 1200 && bounds > 50, "{exact} maps compared exactly and {bounds} as bounds");
}

/// A network of a seed, where it is neither too large nor without legal sizes.
fn drawn(seed: u64) -> Option<(u64, Network, Checked)> {
    let network = Network::random(&mut Random::new(seed), Flavour::Linear);
    let small = !network.rows.is_empty() && (0..2).all(|axis| network.widest(axis) <= WIDEST);
    if !small {
        return None;
    }
    Some((seed, checked(&network.text(|_| None))?)).map(|(seed, checked)| (seed, network, checked))
}

fn checked(text: &str) -> Option<Checked> {
    let origin = Origin::Text { name: "random.arch".into(), text: text.into(), folder: None };
    compile(Library::load(origin).expect("a text needs no file"), None, &[]).checked
}

/// What the cells of a map see along one axis, from the first to the last pixel; none of cells that see nothing.
type Seen = Vec<Option<(i64, i64)>>;

/// How many maps were compared exactly, and how many as bounds.
fn compare(seed: u64, network: &Network, checked: &Checked) -> (usize, usize) {
    let (mut exact, mut bounds) = (0, 0);
    let text = network.text(|_| None);
    let fields = receptive_fields(checked.graph());
    for axis in 0..2 {
        let Some(sizes) = sizes(network, checked, axis) else { continue };
        let seen = measured(checked, &sizes, axis);
        let settled: Vec<bool> = (0..network.rows.len()).map(|row| is_settled(network, checked, row, axis)).collect();
        // Which operand of each join sees least, by its measured size.
        let input = Some(1.0);
        let size =
            |map: usize| if map == 0 { input } else { summary(network, axis, &sizes, &seen[map - 1]).map(|s| s.size) };
        let smallest = |row: usize| {
            let joins = matches!(network.rows[row].op, Op::Add | Op::Concat);
            let operands = joins.then_some(network.rows[row].operands.as_slice())?;
            operands.iter().copied().reduce(|a, b| if size(b) < size(a) { b } else { a })
        };
        let finest = self::checked(&network.text(smallest)).expect("fewer operands ask for less");
        let finest = measured(&finest, &sizes, axis);
        for (row, settled) in settled.into_iter().enumerate() {
            let name = format!("seed {seed}, m{} along axis {axis} at {sizes:?} of\n{text}", row + 1);
            let output = checked.graph().outputs[row].node;
            let field = fields[output.0 as usize].expect("windows see a part")[axis];
            if !settled {
                bounds_hold(&field, &seen[row], &name);
                bounds += 1;
                continue;
            }
            let (Some(all), Some(one)) =
                (summary(network, axis, &sizes, &seen[row]), summary(network, axis, &sizes, &finest[row]))
            else {
                panic!("no period was found in {:?} of {name}", seen[row])
            };
            assert_eq!((field.size, field.start), (all.size, all.start), "size and start of {name}");
            assert!(
                (field.stride - all.stride).abs() < 1e-9,
                "stride {} against {} of {name}",
                field.stride,
                all.stride
            );
            assert!(
                (field.centre - one.centre).abs() < 1e-9,
                "centre {} against {} of {name}",
                field.centre,
                one.centre
            );
            exact += 1;
        }
    }
    (exact, bounds)
}

/// Legal sizes: large enough along the axis for cells that see no border, small along the other.
fn sizes(network: &Network, checked: &Checked, axis: usize) -> Option<[usize; 2]> {
    let large = 3.0 * network.widest(axis) + 4.0 * network.coarsest(axis) + 28.0;
    let least = [0, 1].map(|other| if other == axis { large as i64 } else { 12 });
    let legal = checked.legal();
    let size = |symbol: &str, least: i64| legal.set(symbol)?.iter_from(least).next().filter(|&size| size < least + 60);
    let [rows, columns] = [size("H", least[0])?, size("W", least[1])?];
    legal.check(&Env::from([("H", rows), ("W", columns)])).ok()?;
    Some([rows as usize, columns as usize])
}

/// What the cells of every output see along an axis.
fn measured(checked: &Checked, sizes: &[usize; 2], axis: usize) -> Vec<Seen> {
    let program = lower(checked, Lowering::default());
    let tensors = program.weights.iter().map(|weight| {
        let count: usize = weight.shape.iter().product();
        let array =
            ArrayD::from_shape_vec(IxDyn(&weight.shape), vec![if weight.shape.len() > 1 { 0.5 } else { 0.0 }; count]);
        (weight.name.clone(), array.expect("as many values as the shape asks for"))
    });
    let weights = Weights::from_tensors(&program, tensors).expect("the program's own weights suit it").0;
    let [rows, columns] = *sizes;
    let input = ArrayD::from_shape_fn(IxDyn(&[sizes[axis], 1, rows, columns]), |at| f32::from(at[0] == at[2 + axis]));
    let outputs = naive::run(&program, &weights, &[("x".to_owned(), input)]).expect("the sizes are legal");
    outputs.iter().map(|(_, output)| seen(output, axis)).collect()
}

fn seen(output: &ArrayD<f32>, axis: usize) -> Seen {
    let mut seen: Seen = vec![None; output.shape()[2 + axis]];
    for (at, &value) in output.indexed_iter() {
        assert!(value >= 0.0, "positive numbers stay positive");
        if value > 0.0 {
            let (pixel, cell) = (at[0] as i64, &mut seen[at[2 + axis]]);
            *cell = Some(cell.map_or((pixel, pixel), |(first, last)| (first.min(pixel), last.max(pixel))));
        }
    }
    seen
}

/// The cells far enough from the border that nothing they see is cut off, by their numbers.
fn middle(network: &Network, axis: usize, sizes: &[usize; 2], seen: &Seen) -> Vec<(usize, (i64, i64))> {
    let edge = network.widest(axis) / sizes[axis] as f64 * seen.len() as f64;
    let inner = |&(i, _): &(usize, (i64, i64))| (i as f64) > edge && (i as f64) < seen.len() as f64 - edge;
    let inside = |&(_, (first, last)): &(usize, (i64, i64))| first > 0 && last + 1 < sizes[axis] as i64;
    seen.iter().enumerate().filter_map(|(i, cell)| Some((i, (*cell)?))).filter(inner).filter(inside).collect()
}

/// What one period of cells in the middle of a map sees; none where no period is found.
fn summary(network: &Network, axis: usize, sizes: &[usize; 2], seen: &Seen) -> Option<ReceptiveField> {
    let cells = middle(network, axis, sizes, seen);
    let period = (1..=LONGEST).filter(|period| 2 * period <= cells.len()).find(|&period| {
        let mut steps = cells.windows(period + 1).map(|cells| {
            let ((_, (first, last)), (_, (next_first, next_last))) = (cells[0], cells[period]);
            (next_first - first, next_last - last)
        });
        let step = steps.next();
        step.is_some_and(|(first, last)| first == last) && steps.all(|next| Some(next) == step)
    })?;
    let advance = cells[period].1.0 - cells[0].1.0;
    let stride = advance as f64 / period as f64;
    let sizes = cells[..period].iter().map(|(_, (first, last))| last - first + 1);
    let middles = cells[..period].iter().map(|&(i, (first, last))| (first + last) as f64 / 2.0 - i as f64 * stride);
    let (whole, (first, _)) = *cells.iter().find(|(i, _)| i % period == 0)?;
    Some(ReceptiveField {
        size: sizes.max()? as f64,
        stride,
        start: (first - (whole / period) as i64 * advance) as f64,
        centre: middles.sum::<f64>() / period as f64,
    })
}

/// Whether every resampling on the way to a row is by the same ratio at every legal size.
fn is_settled(network: &Network, checked: &Checked, row: usize, axis: usize) -> bool {
    let graph = checked.graph();
    let node = |map: usize| if map == 0 { graph.inputs[0].node } else { graph.outputs[map - 1].node };
    let of = &network.rows[row];
    let steady = match &of.op {
        Op::Up { mode, .. } | Op::UpTo { mode } if *mode == "align_corners" => false,
        Op::UpTo { .. } => {
            let symbol = ["H", "W"][axis];
            let set = checked.legal().set(symbol).expect("both sizes are free");
            let size = |map: usize, n: i64| {
                let env = Env::from([("H", n), ("W", n)]);
                graph.node(node(map)).shape[2 + axis].eval(&env).expect("in range")
            };
            // Far out, so that strides show and nothing but strides.
            let at: Vec<i64> = set.iter_from(1 << 20).take(100).collect();
            let [source, to] = [of.operands[0], of.operands[1]];
            let same = |&n: &i64| size(source, n) * size(to, at[0]) == size(source, at[0]) * size(to, n);
            at.iter().all(same)
        }
        _ => true,
    };
    steady && of.operands.iter().all(|&map| map == 0 || is_settled(network, checked, map - 1, axis))
}

/// No cell sees more than the bound, and the bound is not far off.
fn bounds_hold(field: &ReceptiveField, seen: &Seen, name: &str) {
    let most = seen.iter().flatten().map(|(first, last)| last - first + 1).max().expect("some cell sees the input");
    assert!(field.size >= most as f64, "{most} pixels are seen, more than {field:?} of {name}");
    assert!(field.size <= 3.0 * most as f64 + 16.0, "{most} pixels are seen, far less than {field:?} of {name}");
}
