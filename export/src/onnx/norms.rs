//! Batch norms multiplied into what stands before them.

use neckar_spec::program::{Instr, Norm, WeightId};

use super::graph::Builder;

/// The weights of a convolution-like instruction, by name.
pub(super) struct Kernel {
    pub weight: String,
    pub bias: Option<String>,
}

impl Builder<'_> {
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
