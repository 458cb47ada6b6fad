//! What is done to each cell of a result before it is written, as statements of a kernel.

use neckar_spec::program::{Activation, Epilogue};

use super::executable::Maker;
use super::packed::Affine;
use super::source::Sizes;
use crate::plan::Value;

/// What is done to each cell of a result: statements, and the sizes that they read.
#[derive(Default)]
pub(super) struct Finish {
    pub text: String,
    pub sizes: Sizes,
}

impl Maker<'_> {
    /// The epilogue of a site, but for what is folded into its weights.
    pub(super) fn finish(&self, site: usize, addends: &[Value], out: Value) -> Finish {
        let mut finish = Finish::default();
        let (mut affine, mut addends) = (self.packed.affine[site].iter().enumerate(), addends.iter().enumerate());
        for post in &self.network.sites[site].epilogue[self.packed.folded[site]..] {
            let statement = match post {
                Epilogue::Norm(_) | Epilogue::LayerScale { .. } => {
                    let (i, Affine { scale, shift }) =
                        affine.next().expect("every norm and factor that is not folded is packed");
                    finish.sizes.set(format!("scale{i}_at"), *scale);
                    finish.sizes.set(format!("shift{i}_at"), *shift);
                    format!(
                        "x = x * ((const float *)(weights + s.scale{i}_at))[channel] + ((const float *)(weights + s.shift{i}_at))[channel];"
                    )
                }
                Epilogue::Activation(activation) => format!("x = {}(x);", function(*activation)),
                Epilogue::Scale { factor } => format!("x *= {};", float(*factor)),
                Epilogue::Branch(_) => unreachable!("branches are folded into the weights of their convolution"),
                Epilogue::Add { .. } => {
                    let (i, &value) = addends.next().expect("a program has an operand for each addition");
                    self.add(i, value, out, &mut finish.sizes)
                }
            };
            finish.text += &format!("        {statement}\n");
        }
        finish
    }

    /// The statement that adds a map, by index where it has other sizes.
    fn add(&self, i: usize, value: Value, out: Value, sizes: &mut Sizes) -> String {
        let (view, dims, to) = (self.view(value), self.plan.dims(value), self.plan.dims(out));
        sizes.set(format!("add{i}_at"), view.place.start);
        sizes.set(format!("add{i}_pitch"), view.pitch);
        if [dims.height, dims.width] == [to.height, to.width] {
            return format!("x += read(arena + s.add{i}_at + (size_t)pixel * s.add{i}_pitch + channel);");
        }
        sizes.set(format!("add{i}_rows"), dims.height);
        sizes.set(format!("add{i}_columns"), dims.width);
        format!(
            "x += nearest(arena + s.add{i}_at, s.add{i}_pitch, s.add{i}_rows, s.add{i}_columns, s, pixel, channel);"
        )
    }
}

/// A literal of the very value.
pub(super) fn float(x: f32) -> String {
    format!("{x:e}f")
}

/// The function of `prelude.cuh`.
fn function(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => "relu",
        Activation::Silu => "silu",
        Activation::Sigmoid => "sigmoid",
        Activation::Gelu => "gelu",
        Activation::HardSigmoid => "hard_sigmoid",
        Activation::HardSwish => "hard_swish",
    }
}
