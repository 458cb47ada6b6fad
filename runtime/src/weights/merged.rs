//! One kernel of a convolution and its branches: the sum of all, each at the place of its taps.

use neckar_spec::program::{Branch, Convolution};

/// Weights of a convolution, or of an operand as it is, and the factor and the summand a channel behind it.
pub(crate) struct Term<'a> {
    pub branch: &'a Branch,
    pub weight: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub fold: Option<&'a [(f64, f64)]>,
}

/// The weights and the bias of a convolution to which branches are added; what is folded into it is `fold`. Sums are in f64.
pub(crate) fn merged(
    conv: &Convolution,
    weight: &[f32],
    bias: Option<&[f32]>,
    fold: Option<&[(f64, f64)]>,
    branches: &[Term],
) -> (Vec<f32>, Vec<f32>) {
    let [rows, columns] = conv.kernel;
    let inputs = weight.len() / (conv.channels * rows * columns);
    let scale = |fold: Option<&[(f64, f64)]>, channel: usize| fold.map_or((1.0, 0.0), |fold| fold[channel]);
    let shift = |bias: Option<&[f32]>, channel: usize| bias.map_or(0.0, |bias| f64::from(bias[channel]));
    let mut kernel: Vec<f64> = weight.iter().map(|&w| f64::from(w)).collect();
    let mut sums = vec![0.0; conv.channels];
    let size = inputs * rows * columns;
    for (channel, (taps, sum)) in kernel.chunks_exact_mut(size).zip(&mut sums).enumerate() {
        let (factor, summand) = scale(fold, channel);
        taps.iter_mut().for_each(|tap| *tap *= factor);
        *sum = shift(bias, channel) * factor + summand;
        for Term { branch, weight, bias, fold } in branches {
            let (factor, summand) = scale(*fold, channel);
            let place = branch.place(conv).expect("a program's branches lie within their convolutions");
            let at = |input: usize, y: usize, x: usize| (input * rows + place[0] + y) * columns + place[1] + x;
            *sum += shift(*bias, channel) * factor + summand;
            let Some(Convolution { kernel: [height, width], .. }) = branch.conv else {
                taps[at(channel % inputs, 0, 0)] += factor;
                continue;
            };
            let own = &weight[channel * inputs * height * width..][..inputs * height * width];
            for (i, &w) in own.iter().enumerate() {
                taps[at(i / (height * width), i / width % height, i % width)] += f64::from(w) * factor;
            }
        }
    }
    let floats = |sums: Vec<f64>| sums.into_iter().map(|sum| sum as f32).collect();
    (floats(kernel), floats(sums))
}
