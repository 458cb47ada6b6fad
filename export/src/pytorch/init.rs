//! First values of weights, by the names that PyTorch has for them; its own defaults are left out.

use neckar_spec::program::Init;

/// Which default PyTorch gives a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of a convolution or linear layer: uniform on ±1/√fan_in.
    Weight,
    /// Its bias, with the same bound.
    Bias,
    /// Of a transposed convolution, whose fans PyTorch reads off the weight as if it were an ordinary one.
    Transposed,
    /// Its bias.
    TransposedBias,
    /// Ones.
    One,
    /// Zeros.
    Zero,
}

/// Statements for the weights whose first values are not PyTorch's own: `(name, values, shape, default)` each.
pub(super) fn initialise(weights: &[(String, Init, Vec<usize>, Kind)], access: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut rules: Vec<(String, Vec<String>)> = Vec::new();
    let mut fan_in = 1.0;
    for (name, init, shape, kind) in weights {
        // PyTorch reads fans off the weight's own axes, whatever the groups.
        let window: usize = shape.iter().skip(2).product();
        let fan = |axis: usize| shape.get(axis).map_or(1, |&n| n * window.max(1)) as f32;
        let (inputs, outputs) = (fan(1), fan(0));
        if matches!(kind, Kind::Weight | Kind::Transposed) {
            fan_in = inputs;
        }
        let Some(rule) = rule(*init, *kind, inputs, outputs, fan_in) else { continue };
        let (module, own) = name.rsplit_once('.').unwrap_or(("", name));
        let tensor = format!("{}.{own}", access(module));
        match rules.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, tensors)) => tensors.push(tensor),
            None => rules.push((rule, vec![tensor])),
        }
    }
    rules
        .into_iter()
        .map(|(rule, tensors)| match tensors.as_slice() {
            [only] => rule.replace("tensor", only),
            _ => {
                let tensors: String = tensors.iter().map(|tensor| format!("            {tensor},\n")).collect();
                format!("for tensor in (\n{tensors}        ):\n            {rule}")
            }
        })
        .collect()
}

/// The statement for `tensor`; none where PyTorch does the same by itself.
fn rule(init: Init, kind: Kind, fan_in: f32, fan_out: f32, bias_fan: f32) -> Option<String> {
    let near = |a: f32, b: f32| (a - b).abs() <= 1e-6 * b.abs();
    Some(match init {
        Init::Constant(1.0) if kind == Kind::One => return None,
        Init::Constant(0.0) if kind == Kind::Zero => return None,
        Init::Constant(0.0) => "nn.init.zeros_(tensor)".into(),
        Init::Constant(value) => format!("nn.init.constant_(tensor, {value:?})"),
        Init::Uniform { bound } => match kind {
            Kind::Weight | Kind::Transposed if near(bound, fan_in.recip().sqrt()) => return None,
            Kind::Bias | Kind::TransposedBias if near(bound, bias_fan.recip().sqrt()) => return None,
            Kind::Weight if near(bound, (3.0 / fan_in).sqrt()) => "nn.init.kaiming_uniform_(tensor, a=1)".into(),
            _ => format!("nn.init.uniform_(tensor, -{bound:?}, {bound:?})"),
        },
        Init::Normal { std } => match kind {
            Kind::Weight if near(std, (2.0 / fan_out).sqrt()) => {
                "nn.init.kaiming_normal_(tensor, mode=\"fan_out\", nonlinearity=\"relu\")".into()
            }
            Kind::Weight if near(std, (2.0 / fan_in).sqrt()) => {
                "nn.init.kaiming_normal_(tensor, nonlinearity=\"relu\")".into()
            }
            _ => format!("nn.init.normal_(tensor, std={std:?})"),
        },
    })
}
