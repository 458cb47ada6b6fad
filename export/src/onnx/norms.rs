//! Norms: those with statistics of their own, and batch norms multiplied into what stands before them.

use neckar_spec::program::{Instr, Norm, WeightId};

use super::graph::{Builder, Value, float, integers};

/// The weights of a convolution-like instruction, by name.
pub(super) struct Kernel {
    pub weight: String,
    pub bias: Option<String>,
}

impl Builder<'_> {
    /// A weight `[C]` as `[C, 1, …]`, so that it applies to the channels of a map of so many axes.
    pub(super) fn a_channel(&mut self, weight: WeightId, axes: usize, name: &str) -> String {
        let weight = self.weight(weight);
        self.unsqueezed(weight, axes, name)
    }

    /// As [`Builder::a_channel`], of a value `[C]` by its name.
    pub(super) fn unsqueezed(&mut self, value: String, axes: usize, name: &str) -> String {
        if axes == 2 {
            return value;
        }
        let behind: Vec<i64> = (1..axes as i64 - 1).collect();
        let behind = self.integers(&format!("{name}/axes"), &behind);
        self.aside("Unsqueeze", vec![value, behind], name, Vec::new())
    }

    /// ONNX normalises along the last axis, so the channels go there and back.
    pub(super) fn layer_norm(
        &mut self,
        eps: f32,
        weight: WeightId,
        bias: WeightId,
        input: &Value,
        result: Value,
    ) -> Value {
        let axes = input.shape.len();
        let [weight, bias] = [weight, bias].map(|id| self.weight(id));
        let attributes = vec![float("epsilon", eps)];
        if axes == 2 {
            return self.map("LayerNormalization", vec![input.name.clone(), weight, bias], result, attributes);
        }
        let name = result.name.clone();
        let last = [0].into_iter().chain(2..axes).chain([1]);
        let back = [0, axes - 1].into_iter().chain(1..axes - 1);
        let turned = self.aside("Transpose", vec![input.name.clone()], &name, vec![integers("perm", last)]);
        let normed = self.aside("LayerNormalization", vec![turned, weight, bias], &name, attributes);
        self.map("Transpose", vec![normed], result, vec![integers("perm", back)])
    }

    /// An instance norm of maps whose channels are the groups and whose cells are all that is in one.
    pub(super) fn group_norm(
        &mut self,
        groups: usize,
        eps: f32,
        weight: WeightId,
        bias: WeightId,
        input: &Value,
        result: Value,
    ) -> Value {
        let name = result.name.clone();
        let sizes = self.aside("Shape", vec![input.name.clone()], &name, Vec::new());
        let grouped = self.integers(&format!("{name}/groups"), &[0, groups as i64, -1]);
        let joined = self.aside("Reshape", vec![input.name.clone(), grouped], &name, Vec::new());
        let [one, zero] = [("one", 1.0), ("zero", 0.0)]
            .map(|(part, value)| self.floats(&format!("{name}/{part}"), &vec![value; groups]));
        let normed = self.aside("InstanceNormalization", vec![joined, one, zero], &name, vec![float("epsilon", eps)]);
        let parted = self.aside("Reshape", vec![normed, sizes], &name, Vec::new());
        let axes = input.shape.len();
        let [weight, bias] = [weight, bias].map(|id| self.a_channel(id, axes, &name));
        let scaled = self.aside("Mul", vec![parted, weight], &name, Vec::new());
        self.map("Add", vec![scaled, bias], result, Vec::new())
    }

    /// The weights of an instruction, with the norm behind it where one is to be folded in.
    pub(super) fn kernel(
        &mut self,
        instr: &Instr,
        weight: WeightId,
        bias: Option<WeightId>,
        norm: Option<&Norm>,
    ) -> Kernel {
        match norm {
            Some(norm) => self.folded(instr, weight, bias, norm),
            None => Kernel { weight: self.weight(weight), bias: bias.map(|bias| self.weight(bias)) },
        }
    }

    /// The weights of an instruction with the norm behind it: w·s and (b − mean)·s + β with s = γ/√(var + eps), an output
    /// channel each, computed in f64.
    fn folded(&mut self, instr: &Instr, weight: WeightId, bias: Option<WeightId>, norm: &Norm) -> Kernel {
        let read = |id: WeightId| self.weights[id as usize];
        let (gamma, beta, mean, variance) = (read(norm.weight), read(norm.bias), read(norm.mean), read(norm.variance));
        let deviation = |c: usize| (f64::from(variance[c]) + f64::from(norm.eps)).sqrt();
        let scales: Vec<f64> = (0..gamma.len()).map(|c| f64::from(gamma[c]) / deviation(c)).collect();
        let shift = |c: usize| {
            let bias = bias.map_or(0.0, |bias| f64::from(read(bias)[c]));
            ((bias - f64::from(mean[c])) * scales[c] + f64::from(beta[c])) as f32
        };
        let shifts: Vec<f32> = (0..gamma.len()).map(shift).collect();
        let declared = &self.program.weights[weight as usize];
        // The output channel is the first axis, of a transposed convolution the second.
        let inner: usize = match instr {
            Instr::TransposedConv { .. } => declared.shape[2..].iter().product(),
            _ => declared.shape[1..].iter().product(),
        };
        let values = read(weight);
        let scaled = || {
            let scale = |(i, &value): (usize, &f32)| (f64::from(value) * scales[i / inner % scales.len()]) as f32;
            values.iter().enumerate().map(scale).collect()
        };
        // A layer may be applied twice with different norms behind it.
        let norm = &self.program.weights[norm.weight as usize].name;
        let stem = declared.name.strip_suffix(".weight").unwrap_or(&declared.name).to_owned();
        let behind = norm.strip_suffix(".weight").unwrap_or(norm).to_owned();
        let channels = [shifts.len()];
        let weight = self.made(format!("{stem}.weight+{behind}.folded"), &declared.shape, scaled);
        let bias = self.made(format!("{stem}.bias+{behind}.folded"), &channels, || shifts);
        Kernel { weight, bias: Some(bias) }
    }
}
