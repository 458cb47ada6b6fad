//! What an expression of the language evaluates to.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use crate::graph::NodeId;
use crate::resolve::LayerDecl;
use crate::size::{Extent, Size};

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A word that names nothing in scope: `nearest`, `fan_out`.
    Word(String),
    /// A word of a parameter that has choices.
    Choice(String, Rc<[String]>),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A size that depends on free symbols.
    Size(Size),
    /// A rule of initialisation.
    Init(InitRule),
    /// A map of the network.
    Map(NodeId),
    /// What an applied block or architecture gives: its outputs and rows by name.
    Record(Rc<Record>),
    /// A declared layer.
    Layer(Rc<LayerDecl>),
    /// Something that failed and was reported; what depends on it stays silent.
    Poison,
}

/// The maps of an applied block or architecture.
#[derive(Clone, Debug)]
pub struct Record {
    /// The instance's name.
    pub name: String,
    /// Its outputs, in order.
    pub outputs: Vec<(String, Value)>,
    /// Its rows, outputs included where they are rows.
    pub rows: BTreeMap<String, Value>,
}

impl Record {
    /// The output, or else the row, of a name.
    pub fn member(&self, name: &str) -> Option<&Value> {
        let output = self.outputs.iter().find(|(output, _)| output == name).map(|(_, value)| value);
        output.or_else(|| self.rows.get(name))
    }
}

impl Value {
    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Bool(_) => "a bool",
            Value::Word(_) | Value::Choice(..) => "a word",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Size(_) => "a size",
            Value::Init(_) => "an initialisation",
            Value::Map(_) => "a map",
            Value::Record(_) => "the maps of a block",
            Value::Layer(_) => "a layer",
            Value::Poison => "a failed value",
        }
    }

    /// How much there is to copy: the elements of a list with all that they hold, the symbols of a size.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Value::List(items) => items.iter().map(|item| 1 + item.weight()).sum(),
            Value::Size(size) => size.weight(),
            _ => 0,
        }
    }

    /// The value as a size, where it is one.
    pub fn as_size(&self) -> Option<Size> {
        match self {
            Value::Int(n) => Some(Size::constant(*n)),
            Value::Size(size) => Some(size.clone()),
            _ => None,
        }
    }

    /// The value as a number, where it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// A size as a value: a number where it is known.
    pub fn from_size(size: Size) -> Value {
        match Extent::as_constant(&size) {
            Some(n) => Value::Int(n),
            None => Value::Size(size),
        }
    }

    /// Whether two values are the same, where they can be compared.
    pub fn equals(&self, other: &Value) -> Option<bool> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (Value::Text(a), Value::Text(b)) => Some(a == b),
            (Value::Word(a) | Value::Choice(a, _), Value::Word(b) | Value::Choice(b, _)) => Some(a == b),
            (Value::List(a), Value::List(b)) => {
                let each: Option<Vec<bool>> = a.iter().zip(b).map(|(a, b)| a.equals(b)).collect();
                each.map(|each| a.len() == b.len() && each.into_iter().all(|same| same))
            }
            _ => Some(self.as_number()? == other.as_number()?),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(n) => write!(f, "{n}"),
            Value::Float(x) => write!(f, "{x}"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Word(word) | Value::Choice(word, _) => f.write_str(word),
            Value::Text(text) => write!(f, "\"{text}\""),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Size(size) => write!(f, "{size}"),
            Value::Init(init) => write!(f, "{init}"),
            Value::Record(record) => f.write_str(&record.name),
            Value::Layer(layer) => f.write_str(&layer.path),
            Value::Map(_) | Value::Poison => f.write_str(self.kind()),
        }
    }
}

/// How a weight is to be initialised, before its fans are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InitRule {
    /// Every element the same.
    Constant(f64),
    /// Uniform on \[-bound, bound].
    Uniform(f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// He et al., arXiv 1502.01852: standard deviation gain / √fan, drawn from a normal or a uniform distribution.
    Kaiming {
        /// Normal rather than uniform.
        normal: bool,
        /// Which fan.
        fan: Fan,
        /// √2 for ReLU.
        gain: f64,
    },
}

/// The fan that a Kaiming initialisation keeps the variance of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fan {
    /// Inputs that one output sees.
    In,
    /// Outputs that one input reaches.
    Out,
}

impl InitRule {
    /// The rule of PyTorch's convolution and linear layers: Kaiming uniform with slope √5, which is uniform on ±1/√fan_in.
    pub const PYTORCH: InitRule = InitRule::Kaiming { normal: false, fan: Fan::In, gain: 0.577_350_269_189_625_8 };

    /// The distribution for a weight `[out, in, kernel…]` (PyTorch's fans).
    pub fn resolve(self, shape: &[usize]) -> crate::program::Init {
        use crate::program::Init;
        match self {
            InitRule::Constant(value) => Init::Constant(value as f32),
            InitRule::Uniform(bound) => Init::Uniform { bound: bound as f32 },
            InitRule::Normal(std) => Init::Normal { std: std as f32 },
            InitRule::Kaiming { normal, fan, gain } => {
                let field: usize = shape.iter().skip(2).product();
                let channels = match fan {
                    Fan::In => shape.get(1),
                    Fan::Out => shape.first(),
                };
                let std = gain / ((channels.copied().unwrap_or(1) * field) as f64).sqrt();
                if normal {
                    Init::Normal { std: std as f32 }
                } else {
                    Init::Uniform { bound: (3f64.sqrt() * std) as f32 }
                }
            }
        }
    }
}

impl fmt::Display for InitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InitRule::Constant(value) => write!(f, "constant({value})"),
            InitRule::Uniform(bound) => write!(f, "uniform({bound})"),
            InitRule::Normal(std) => write!(f, "normal({std})"),
            InitRule::Kaiming { normal, fan, gain } => {
                let distribution = if *normal { "normal" } else { "uniform" };
                let fan = if *fan == Fan::In { "fan_in" } else { "fan_out" };
                write!(f, "kaiming_{distribution}({fan}, gain = {gain})")
            }
        }
    }
}
