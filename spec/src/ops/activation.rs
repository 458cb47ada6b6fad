//! Activations: ReLU max(x, 0); SiLU x·σ(x) (arXiv 1702.03118); sigmoid σ(x) = 1/(1 + exp(−x)); GELU x·Φ(x) (arXiv
//! 1606.08415); hard sigmoid min(max(x/6 + 1/2, 0), 1) and hard swish x times that (arXiv 1905.02244, section 5.2).

use super::arguments::Arguments;
use super::{Operands, Operator, Out, Page, Requirement, ShapeError, Signature};
use crate::program::{Activation, Epilogue, Instr, WeightId};
use crate::size::Shape;

/// An activation, cell by cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Activate(Activation);

const fn signature(names: &'static [&'static str], doc: &'static str, page: Page) -> Signature {
    Signature { names, operands: Operands::Exactly(1), out: Out::None, arguments: &[], doc, page }
}

pub(super) static RELU: Signature = signature(
    &["relu", "ReLU"],
    "max(x, 0), cell by cell",
    Page {
        lowering: "`Elementwise` with the epilogue `Activation(Relu)`, which joins the instruction before it",
        numerics: "NaN stays NaN",
        source: "Nair and Hinton, ICML 2010; PyTorch's `ReLU`",
        example: "\
arch Relu at H = 8, W = 8 {
    input x: [B, 4, H, W]
    output y = relu(x) → [B, 4, H, W]
    expect macs(self) == 0
}
",
        ..Page::CELLWISE
    },
);

pub(super) static SILU: Signature = signature(
    &["silu", "SiLU"],
    "x · σ(x), cell by cell",
    Page {
        lowering: "`Elementwise` with the epilogue `Activation(Silu)`, which joins the instruction before it",
        numerics: "x / (1 + exp(−x)), within a millionth of its value; NaN stays NaN",
        source: "arXiv 1702.03118; PyTorch's `SiLU`",
        example: "\
arch Silu at H = 8, W = 8 {
    input x: [B, 4, H, W]
    conv c: -> 8 (kernel = 3, padding = 1)
    output y = x |> c |> silu → [B, 8, H, W]
}
",
        ..Page::CELLWISE
    },
);

pub(super) static SIGMOID: Signature = signature(
    &["sigmoid", "Sigmoid"],
    "1 / (1 + exp(−x)), cell by cell",
    Page {
        lowering: "`Elementwise` with the epilogue `Activation(Sigmoid)`, which joins the instruction before it",
        numerics: "within a millionth of its value; NaN stays NaN",
        source: "PyTorch's `Sigmoid`",
        example: "\
arch Sigmoid at H = 8, W = 8 {
    input x: [B, 4, H, W]
    conv score: -> 1 (kernel = 1)
    output heat = x |> score |> sigmoid → [B, 1, H, W]
}
",
        ..Page::CELLWISE
    },
);

pub(super) static GELU: Signature = signature(
    &["gelu", "GELU"],
    "x · Φ(x) = x/2 · (1 + erf(x/√2)), cell by cell",
    Page {
        lowering: "`Elementwise` with the epilogue `Activation(Gelu)`, which joins the instruction before it",
        numerics: "the exact form, not the one by tanh; within a millionth of |x|; NaN stays NaN, −∞ gives its limit 0",
        source: "arXiv 1606.08415, section 2; PyTorch's `GELU(approximate='none')`",
        example: "\
arch Gelu at H = 8, W = 8 {
    input x: [B, 4, H, W]
    conv c: -> 16 (kernel = 1)
    output y = x |> c |> gelu → [B, 16, H, W]
}
",
        ..Page::CELLWISE
    },
);

pub(super) static HARD_SIGMOID: Signature = signature(
    &["hard_sigmoid", "Hardsigmoid"],
    "min(max(x/6 + 1/2, 0), 1), cell by cell",
    Page {
        lowering: "`Elementwise` with the epilogue `Activation(HardSigmoid)`, which joins the instruction before it",
        numerics: "the slope is 1/6, as in PyTorch; NaN stays NaN",
        source: "arXiv 1905.02244, section 5.2; PyTorch's `Hardsigmoid`",
        example: "\
arch HardGate at H = 8, W = 8 {
    input x: [B, 16, H, W]
    conv score: -> 16 (kernel = 1)
    output y = x * (x |> global_avg_pool |> score |> hard_sigmoid) → [B, 16, H, W]
}
",
        ..Page::CELLWISE
    },
);

pub(super) static HARD_SWISH: Signature = signature(
    &["hard_swish", "Hardswish"],
    "x · min(max(x/6 + 1/2, 0), 1), cell by cell",
    Page {
        lowering: "`Elementwise` with the epilogue `Activation(HardSwish)`, which joins the instruction before it",
        numerics: "−∞ gives NaN, as it does in PyTorch; NaN stays NaN",
        source: "arXiv 1905.02244, section 5.2; PyTorch's `Hardswish`",
        example: "\
arch Mobile at H = 8, W = 8 {
    input x: [B, 16, H, W]
    conv c: -> 16 (kernel = 3, padding = 1, groups = 16)
    output y = x |> c |> hard_swish → [B, 16, H, W]
}
",
        ..Page::CELLWISE
    },
);

impl Activate {
    pub(super) fn relu(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Relu))
    }

    pub(super) fn silu(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Silu))
    }

    pub(super) fn sigmoid(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Sigmoid))
    }

    pub(super) fn gelu(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::Gelu))
    }

    pub(super) fn hard_sigmoid(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::HardSigmoid))
    }

    pub(super) fn hard_swish(_: &mut Arguments) -> Option<Activate> {
        Some(Activate(Activation::HardSwish))
    }
}

impl Operator for Activate {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        Ok(inputs[0].clone())
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::Elementwise, vec![Epilogue::Activation(self.0)])
    }

    fn text(&self, _: &[Shape]) -> String {
        match self.0 {
            Activation::Relu => "ReLU()",
            Activation::Silu => "SiLU()",
            Activation::Sigmoid => "Sigmoid()",
            Activation::Gelu => "GELU()",
            Activation::HardSigmoid => "Hardsigmoid()",
            Activation::HardSwish => "Hardswish()",
        }
        .into()
    }
}
