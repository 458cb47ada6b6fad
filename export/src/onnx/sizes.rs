//! Shapes as ONNX holds them.

use neckar_spec::size::{Legal, Size};

use super::proto::{Dimension, Extent, FLOAT, Shape, TensorType, Type, ValueInfo};

/// A map's name, type and shape. A free size is called by the spec's symbol, one that follows from it by a formula; sizes
/// that are equal at every legal value by one and the same wherever that is seen, so that engines fuse what adds such maps.
pub fn value_info(name: &str, shape: &[Size], legal: &Legal) -> ValueInfo {
    let dim = |size: &Size| {
        let extent = match size.as_constant() {
            Some(value) => Extent::Value(value),
            None => Extent::Param(size.with_integer_division(legal)),
        };
        Dimension { extent: Some(extent) }
    };
    let shape = Shape { dim: shape.iter().map(dim).collect() };
    let tensor = TensorType { elem_type: Some(FLOAT), shape: Some(shape) };
    ValueInfo { name: name.to_owned(), r#type: Some(Type { tensor: Some(tensor) }) }
}
