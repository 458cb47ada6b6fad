//! Windows that lie elsewhere: padding, strides, and what stands for the cells outside of a map.

use ndarray::{ArrayD, Axis, Slice};
use neckar_spec::program::{Convolution, Instr, Pool, PoolKind};

use super::{Hypothesis, Part};
use crate::compare::part::Change;
use crate::compare::step::Step;

const PADDING: &str = "`padding` of the layer (TensorFlow's SAME and Caffe's pad the end more than the beginning), \
                       `padding_mode`, `ceil_mode`, and an explicit pad before it";
const STRIDE: &str = "`stride`: torchvision's bottleneck has it on the 3×3, the paper's and Caffe's on the first 1×1";
const POOL: &str = "the kind of pooling, `count_include_pad`, and what the padding holds";

/// Cells put around a map: at the beginning and the end of each axis.
type Pads = [(usize, usize); 2];

/// What stands in them.
#[derive(Clone, Copy)]
enum Fill {
    Value(f32),
    Nearest,
    Reflected,
    Circular,
}

pub fn hypotheses(part: &Part, step: &Step) -> Vec<Hypothesis> {
    match &step.instr {
        Instr::Conv(conv) => {
            let bare = step.with_instr(Instr::Conv(Convolution { padding: [0, 0], ..conv.clone() }));
            let mut ways = placed(part, step, &conv.windows(), &bare, 0.0);
            if conv.padding != [0, 0] {
                let pads = conv.padding.map(|pad| (pad, pad));
                for (fill, what) in [
                    (Fill::Reflected, "by reflection"),
                    (Fill::Nearest, "with the cells at the border"),
                    (Fill::Circular, "with the cells of the other side"),
                ] {
                    let padded = Change::step(bare.clone().before(move |x| pad(x, pads, fill)));
                    ways.push(Hypothesis::new(format!("the reference pads {what}, not with zeros"), PADDING, padded));
                }
            }
            ways.extend(strides(part, step, conv));
            ways
        }
        Instr::Pool(pool) => pools(part, step, pool),
        Instr::GlobalAveragePool => {
            let greatest = |x: &ArrayD<f32>| {
                let mut made = x.clone();
                for axis in 2..x.ndim() {
                    made = made.fold_axis(Axis(axis), f32::NEG_INFINITY, |a, b| a.max(*b)).insert_axis(Axis(axis));
                }
                made
            };
            let cause = "the reference takes the greatest value of the map, not the mean";
            vec![Hypothesis::new(cause, POOL, Change::step(step.replaced(greatest)))]
        }
        _ => Vec::new(),
    }
}

fn pools(part: &Part, step: &Step, own: &Pool) -> Vec<Hypothesis> {
    let padded = own.padding != [0, 0];
    let kinds = [
        (PoolKind::Max, "takes the greatest value of a window"),
        (PoolKind::Average { count_padding: true }, "averages and counts the padding"),
        (PoolKind::Average { count_padding: false }, "averages and does not count the padding"),
    ];
    let other = |(kind, what): (PoolKind, &str)| {
        let step = step.with_instr(Instr::Pool(Pool { kind, ..own.clone() }));
        Hypothesis::new(format!("the reference {what}"), POOL, Change::step(step))
    };
    let mut ways: Vec<Hypothesis> = kinds.into_iter().filter(|(kind, _)| *kind != own.kind).map(other).collect();
    if own.kind == PoolKind::Max {
        let bare = step.with_instr(Instr::Pool(Pool { padding: [0, 0], ..own.clone() }));
        if padded {
            let pads = own.padding.map(|pad| (pad, pad));
            let zeros = Change::step(bare.clone().before(move |x| pad(x, pads, Fill::Value(0.0))));
            let cause = "the reference pads with zeros before it takes the greatest, the spec with −∞";
            ways.push(Hypothesis::new(cause, POOL, zeros));
        }
        ways.extend(placed(part, step, &own.windows(), &bare, f32::NEG_INFINITY));
    }
    ways
}

/// Windows that begin elsewhere. `bare` is the step without padding.
fn placed(
    part: &Part,
    step: &Step,
    windows: &[neckar_spec::ops::formula::Window; 2],
    bare: &Step,
    outside: f32,
) -> Vec<Hypothesis> {
    let Some(&[_, _, height, width]) = part.tensor(step.args[0]).map(|x| x.shape()) else { return Vec::new() };
    let each = |pads: &dyn Fn(usize, usize) -> (usize, usize)| [pads(0, height), pads(1, width)];
    let reach = |axis: usize| windows[axis].dilation * (windows[axis].kernel - 1) + 1;
    let symmetric = each(&|axis, _| (windows[axis].padding, windows[axis].padding));
    let same = each(&|axis, size| {
        let stride = windows[axis].stride;
        let total = ((size.div_ceil(stride) - 1) * stride + reach(axis)).saturating_sub(size);
        (total / 2, total - total / 2)
    });
    let end = each(&|axis, _| (0, 2 * windows[axis].padding));
    let later = each(&|axis, _| (windows[axis].padding.saturating_sub(1), windows[axis].padding + 1));
    let earlier = each(&|axis, _| (windows[axis].padding + 1, windows[axis].padding.saturating_sub(1)));
    let rounded_up = |axis: usize, size: usize, pad: usize| {
        let stride = windows[axis].stride;
        let over = (size + 2 * pad).saturating_sub(reach(axis)) % stride;
        (pad, pad + if over == 0 { 0 } else { stride - over })
    };
    let ceil = each(&|axis, size| rounded_up(axis, size, windows[axis].padding));
    let ceil_unpadded = each(&|axis, size| rounded_up(axis, size, 0));
    let none = [(0, 0); 2];
    let all = [
        (same, "the reference pads as TensorFlow's SAME does, more at the end than at the beginning"),
        (end, "the reference pads at the end alone (below and on the right)"),
        (none, "the reference does not pad"),
        (ceil, "the reference rounds the size of its result up (`ceil_mode`)"),
        (ceil_unpadded, "the reference does not pad and rounds the size of its result up, as Caffe's pooling does"),
        (later, "the reference's windows begin one cell later"),
        (earlier, "the reference's windows begin one cell earlier"),
    ];
    let others = all.into_iter().filter(|(pads, _)| *pads != symmetric);
    others
        .map(|(pads, cause)| {
            let padded = bare.clone().before(move |x| pad(x, pads, Fill::Value(outside)));
            Hypothesis::new(cause, PADDING, Change::step(padded))
        })
        .collect()
}

/// Another stride, alone or exchanged with that of the convolution before.
fn strides(part: &Part, step: &Step, conv: &Convolution) -> Vec<Hypothesis> {
    let with =
        |step: &Step, conv: &Convolution, stride| step.with_instr(Instr::Conv(Convolution { stride, ..conv.clone() }));
    let mut ways = Vec::new();
    for stride in [[1, 1], [2, 2]] {
        if stride != conv.stride {
            let cause = format!("the reference's stride is {}, the spec's {}", stride[0], conv.stride[0]);
            ways.push(Hypothesis::new(cause, STRIDE, Change::step(with(step, conv, stride))));
        }
    }
    // Norms and activations lie between the two.
    let mut before = part.maker(step.args[0]);
    while let Some(between) = before
        && matches!(between.instr, Instr::Elementwise)
        && between.args.len() == 1
    {
        before = part.maker(between.args[0]);
    }
    if let Some(before) = before
        && let Instr::Conv(other) = &before.instr
        && other.stride != conv.stride
    {
        let exchanged = Change::steps([with(step, conv, other.stride), with(before, other, conv.stride)]);
        let other = part.network.called(before.out);
        let cause = format!("the reference has the stride on the other convolution, {other}");
        ways.push(Hypothesis::new(cause, STRIDE, exchanged));
    }
    ways
}

/// `[B, C, H, W]` with cells around each map; arrays of other axes stay as they are.
fn pad(x: &ArrayD<f32>, pads: Pads, fill: Fill) -> ArrayD<f32> {
    let mut made = x.clone();
    if x.ndim() != 4 {
        return made;
    }
    for (axis, (begin, end)) in pads.into_iter().enumerate() {
        let axis = Axis(axis + 2);
        let size = made.len_of(axis);
        let mut shape = made.raw_dim();
        shape[axis.0] = size + begin + end;
        let mut padded = ArrayD::from_elem(shape, if let Fill::Value(value) = fill { value } else { 0.0 });
        padded.slice_axis_mut(axis, Slice::from(begin..begin + size)).assign(&made);
        if !matches!(fill, Fill::Value(_)) {
            for at in (0..begin).chain(begin + size..size + begin + end) {
                let cell = fill.source(at as i64 - begin as i64, size as i64);
                padded.index_axis_mut(axis, at).assign(&made.index_axis(axis, cell));
            }
        }
        made = padded;
    }
    made
}

impl Fill {
    /// The cell inside that stands for one outside.
    fn source(self, at: i64, size: i64) -> usize {
        let inside = match self {
            Fill::Value(_) | Fill::Nearest => at,
            Fill::Reflected if at < 0 => -at,
            Fill::Reflected => 2 * (size - 1) - at,
            Fill::Circular => at.rem_euclid(size),
        };
        inside.clamp(0, size - 1) as usize
    }
}
