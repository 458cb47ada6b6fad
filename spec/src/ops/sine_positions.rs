//! Sines and cosines that tell where a cell lies, as RT-DETR's encoder adds them (arXiv 2304.08069; after arXiv 1706.03762,
//! section 3.5): with D = C/4 and ωᵢ = temperature^(−i/D), channel i holds sin(y·ωᵢ), D + i cos(y·ωᵢ), 2D + i sin(x·ωᵢ),
//! 3D + i cos(x·ωᵢ).

use super::arguments::Arguments;
use super::{Argument, Field, Operands, Operator, Out, Page, Requirement, ShapeError, Signature, arg, channels, map4};
use crate::program::{Epilogue, Instr, WeightId};
use crate::size::Shape;

/// Sines and cosines of rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct SinePositions {
    temperature: f64,
}

const ARGUMENTS: &[Argument] = &[arg("temperature", "float", "10000.0")];

pub(super) static SIGNATURE: Signature = Signature {
    names: &["sine_positions", "SinePositions"],
    operands: Operands::Exactly(1),
    out: Out::None,
    arguments: ARGUMENTS,
    doc: "sines and cosines of each cell's row and column, as many channels as the map has",
    page: Page {
        shape: "that of the operand, a map `[B, C, H, W]` whose channels 4 divides; its values are not read",
        field: "the whole map, as it tells where a cell lies",
        lowering: "`SinePositions`",
        numerics: "computed in f64 when a plan is made; rows and columns count from 0",
        source: "arXiv 2304.08069; arXiv 1706.03762, section 3.5; in the order of RT-DETR in Transformers, \
                 [sin y, cos y, sin x, cos x]",
        example: "\
arch Placed at H = 8, W = 8 {
    input x: [B, 64, H, W]
    output y = x + sine_positions(x) → [B, 64, H, W]
    expect params(self) == 0
}
",
        ..Page::CELLWISE
    },
};

impl SinePositions {
    pub(super) fn build(arguments: &mut Arguments) -> Option<SinePositions> {
        Some(SinePositions { temperature: arguments.number("temperature", 1e4) })
    }
}

impl Operator for SinePositions {
    fn shape(&self, inputs: &[Shape], _: &mut Vec<Requirement>) -> Result<Shape, ShapeError> {
        let map = map4(inputs, 0)?;
        if !channels(inputs, 0)?.is_multiple_of(4) {
            return Err(ShapeError { operand: 0, expected: "channels that 4 divides".into(), hint: None });
        }
        Ok(map.clone())
    }

    fn field(&self) -> Field {
        Field::Global
    }

    fn lower(&self, _: &[WeightId], _: usize, _: &Shape) -> (Instr, Vec<Epilogue>) {
        (Instr::SinePositions { temperature: self.temperature as f32 }, Vec::new())
    }

    fn text(&self, _: &[Shape]) -> String {
        format!("SinePositions(temperature={:?})", self.temperature)
    }
}
