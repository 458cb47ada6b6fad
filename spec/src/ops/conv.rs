//! Convolution (PyTorch's `Conv2d`, cross-correlation): size ⌊(h + 2p − d(k−1) − 1)/s⌋ + 1 along each axis.

use super::arguments::Arguments;
use super::{
    Argument, Field, OpWeight, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels,
    formula, map4, windows_fit,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::program::{Convolution, Epilogue, Init, Instr, WeightId};
use crate::size::Shape;
use crate::value::InitRule;

/// A convolution over rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Attributes; the weights are filled in when it is lowered.
    attributes: Convolution,
    bias: bool,
    init: InitRule,
    bias_init: Option<InitRule>,
}

const ARGUMENTS: &[Argument] = &[
    arg("kernel", "int or [rows, columns]", "").at_least(1),
    arg("stride", "int or [rows, columns]", "1").at_least(1),
    arg("padding", "int or [rows, columns]", "0").at_least(0).note("zeros on each side"),
    arg("dilation", "int or [rows, columns]", "1").at_least(1),
    arg("groups", "int", "1").at_least(1).note("divides the channels, in and out"),
    arg("bias", "bool", "true"),
    arg("init", "initialisation", "the file's `conv_init`, PyTorch's default"),
    arg("bias_init", "initialisation", "uniform(1/√fan_in)"),
];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["conv", "Conv"],
    operands: Operands::Exactly(1),
    out: Out::Required,
    arguments: ARGUMENTS,
    doc: "cross-correlation with zero padding, over rows and columns",
    page: Page {
        shape: "`[B, C, H, W]` → `[B, out, H′, W′]` with H′ = ⌊(H + 2p − d(k−1) − 1)/s⌋ + 1 for kernel k, stride s, padding p \
                and dilation d; one window has to fit",
        weights: "`weight` [out, C/groups, rows, columns], by `init`; `bias` [out], by `bias_init`",
        macs: "B · out · H′ · W′ · C/groups · rows · columns; the bias counts nothing",
        field: "r + d(k−1)·j for an operand that sees r pixels with j between its cells, and j·s between the result's",
        lowering: "`Conv`",
        numerics: "the kernel is not flipped; sums are in fp32, in an order that only the shape, the device and the numerics \
                   decide",
        source: "PyTorch's `Conv2d`",
        example: "\
arch Convolved at H = 64, W = 64 {
    input x: [B, 3, H, W]
    conv stem: -> 32 (kernel = 3, stride = 2, padding = 1, bias = false, init = kaiming_normal(fan_out))
    conv depthwise: -> 32 (kernel = [1, 5], padding = [0, 2], groups = 32)
    C1 = stem(x)       → [B, 32, ceil(H/2), ceil(W/2)]
    C2 = depthwise(C1) → [B, 32, ceil(H/2), ceil(W/2)]
    output C2
    expect params(stem) == 864
    expect params(depthwise) == 192
    expect macs(stem) == 884_736
    expect receptive_field(C1) == 3
}
",
    },
};

impl Conv {
    pub(super) fn build(arguments: &mut Arguments) -> Option<Conv> {
        let attributes = Convolution {
            channels: arguments.channels(),
            kernel: arguments.pair("kernel", None, 1),
            stride: arguments.pair("stride", Some([1, 1]), 1),
            padding: arguments.pair("padding", Some([0, 0]), 0),
            dilation: arguments.pair("dilation", Some([1, 1]), 1),
            groups: arguments.count("groups", Some(1), 1),
            weight: 0,
            bias: None,
        };
        if !arguments.poisoned && !attributes.channels.is_multiple_of(attributes.groups) {
            let (subject, groups, out) = (&arguments.subject, attributes.groups, attributes.channels);
            let message = format!("`groups` of {subject} is {groups}, which does not divide its {out} output channels");
            arguments.diagnostics.push(Diagnostic::error(Code::OutOfRange, arguments.span, message));
            arguments.poisoned = true;
        }
        let init = arguments.init("init").unwrap_or(arguments.numerics.conv_init);
        let bias = arguments.flag("bias", true);
        let bias_init = arguments.init("bias_init");
        Some(Conv { attributes, bias, init, bias_init })
    }

    fn weight_shape(&self, inputs: &[Shape]) -> Vec<usize> {
        let conv = &self.attributes;
        let input = channels(inputs, 0).unwrap_or(conv.groups);
        vec![conv.channels, input / conv.groups, conv.kernel[0], conv.kernel[1]]
    }
}

impl Operator for Conv {
    fn shape(&self, inputs: &[Shape], require: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let conv = &self.attributes;
        let input = map4(inputs, 0)?;
        let (given, groups) = (channels(inputs, 0)?, conv.groups);
        if !given.is_multiple_of(groups) {
            let expected = format!("channels that {groups} groups divide");
            return Err(ShapeError { operand: 0, expected, hint: None });
        }
        windows_fit(input, &conv.windows(), require);
        Ok(formula::windows(input, conv.channels, &conv.windows()))
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<OpWeight> {
        let shape = self.weight_shape(inputs);
        let init = self.init.resolve(&shape);
        let weight = OpWeight { name: "weight".into(), shape: shape.clone(), learnable: true, init };
        let mut weights = vec![weight];
        if self.bias {
            weights.push(bias(shape[0], shape[1..].iter().product(), self.bias_init));
        }
        weights
    }

    fn field(&self) -> Field {
        Field::Windows(self.attributes.windows())
    }

    fn lower(&self, weights: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        let conv = Convolution { weight: weights[0], bias: weights.get(1).copied(), ..self.attributes.clone() };
        (Instr::Conv(conv), Vec::new())
    }

    fn text(&self, inputs: &[Shape]) -> String {
        let conv = &self.attributes;
        let tuple = |[rows, columns]: [usize; 2]| format!("({rows}, {columns})");
        let mut text = format!(
            "Conv2d({}, {}, kernel_size={}, stride={}",
            channels(inputs, 0).unwrap_or(0),
            conv.channels,
            tuple(conv.kernel),
            tuple(conv.stride)
        );
        if conv.padding != [0, 0] {
            text += &format!(", padding={}", tuple(conv.padding));
        }
        if conv.dilation != [1, 1] {
            text += &format!(", dilation={}", tuple(conv.dilation));
        }
        if conv.groups != 1 {
            text += &format!(", groups={}", conv.groups);
        }
        if !self.bias {
            text += ", bias=False";
        }
        text + ")"
    }
}

/// A bias of so many elements: uniform on ±1/√fan_in, as PyTorch starts it, unless another rule is given.
pub(super) fn bias(elements: usize, fan_in: usize, rule: Option<InitRule>) -> OpWeight {
    let init = match rule {
        Some(rule) => rule.resolve(&[elements, fan_in]),
        None => Init::Uniform { bound: (1.0 / (fan_in as f64).sqrt()) as f32 },
    };
    OpWeight { name: "bias".into(), shape: vec![elements], learnable: true, init }
}
