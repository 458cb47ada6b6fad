//! First values of weights, by the names that PyTorch has for them; its own defaults are left out.

use std::collections::BTreeSet;

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

/// A weight and the module that it belongs to.
pub(super) struct Weighted {
    /// Relative to the class.
    pub name: String,
    /// Of its module: `nn.Conv2d`.
    pub class: String,
    pub init: Init,
    pub shape: Vec<usize>,
    pub kind: Kind,
}

impl Weighted {
    /// Its module, and what it is called there.
    fn parts(&self) -> (&str, &str) {
        self.name.rsplit_once('.').unwrap_or(("", &self.name))
    }
}

/// From so many modules on, one loop over all of their class is easier to read than their names.
const MANY: usize = 3;

/// A longer list of tensors has a line each.
const LONGEST: usize = 100;

/// Statements for the weights whose first values are not PyTorch's own. `whole`: the class has no modules but these weights',
/// so that `self.modules()` are no more.
pub(super) fn initialise(weights: &[Weighted], whole: bool, access: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut fan_in = 1.0;
    let rules = weights.iter().map(|weight| {
        // PyTorch reads fans off the weight's own axes, whatever the groups.
        let window: usize = weight.shape.iter().skip(2).product();
        let fan = |axis: usize| weight.shape.get(axis).map_or(1, |&n| n * window.max(1)) as f32;
        let (inputs, outputs) = (fan(1), fan(0));
        if matches!(weight.kind, Kind::Weight | Kind::Transposed) {
            fan_in = inputs;
        }
        rule(weight.init, weight.kind, inputs, outputs, fan_in)
    });
    let rules: Vec<Option<String>> = rules.collect();
    let mut loops: Vec<(&str, Vec<String>)> = Vec::new();
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for (weight, rule) in weights.iter().zip(&rules) {
        let Some(rule) = rule else { continue };
        let (module, own) = weight.parts();
        let alike = || weights.iter().zip(&rules).filter(|(other, _)| other.class == weight.class);
        let modules = alike().map(|(other, _)| other.parts().0).collect::<BTreeSet<_>>().len();
        let agreeing =
            alike().filter(|(other, theirs)| other.parts().1 == own && theirs.as_ref() == Some(rule)).count();
        if whole && modules >= MANY && agreeing == modules {
            let statement = rule.replace("tensor", &format!("module.{own}"));
            match loops.iter_mut().find(|(class, _)| *class == weight.class) {
                Some((_, statements)) if statements.contains(&statement) => {}
                Some((_, statements)) => statements.push(statement),
                None => loops.push((&weight.class, vec![statement])),
            }
            continue;
        }
        let tensor = format!("{}.{own}", if module.is_empty() { "self".to_owned() } else { access(module) });
        match groups.iter_mut().find(|(known, _)| known == rule) {
            Some((_, tensors)) => tensors.push(tensor),
            None => groups.push((rule, vec![tensor])),
        }
    }
    let loops = loops.into_iter().map(|(class, statements)| {
        let statements: String = statements.iter().map(|statement| format!("\n                {statement}")).collect();
        format!("for module in self.modules():\n            if isinstance(module, {class}):{statements}")
    });
    let groups = groups.into_iter().map(|(rule, tensors)| match tensors.as_slice() {
        [only] => rule.replace("tensor", only),
        _ => {
            let line = format!("for tensor in ({}):", tensors.join(", "));
            let lines = || tensors.iter().map(|tensor| format!("            {tensor},\n")).collect::<String>();
            let head = if line.len() <= LONGEST { line } else { format!("for tensor in (\n{}        ):", lines()) };
            format!("{head}\n            {rule}")
        }
    });
    loops.chain(groups).collect()
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
