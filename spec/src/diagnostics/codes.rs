//! Every code that a diagnostic can carry.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $(, $lint:literal)?;)+) => {
        /// The stable code of a diagnostic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as messages print it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)+ }
            }

            /// What the code stands for, in a line.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// The name by which `allow` knows the code, where it is a lint.
            pub fn lint(self) -> Option<&'static str> {
                match self { $(Code::$name => codes!(@lint $($lint)?),)+ }
            }
        }
    };
    (@lint) => { None };
    (@lint $lint:literal) => { Some($lint) };
}

codes! {
    /// the text does not follow the grammar
    Syntax = "NK0001";
    /// brackets are not balanced, or nest too deeply
    Brackets = "NK0002";
    /// an imported file or zoo spec cannot be read
    Import = "NK0003";
    /// imports form a cycle
    ImportCycle = "NK0004";
    /// a network of the asked name is missing, or several stand to choose from
    NoArch = "NK0005";
    /// an `allow` names no lint, or gives no reason
    Allow = "NK0006";
    /// a word of the language stands where a name is expected
    Reserved = "NK0007";
    /// a string or a comment is malformed
    Malformed = "NK0008";

    /// a name is not defined
    Unknown = "NK0101";
    /// a name is made twice
    Duplicate = "NK0102";
    /// no operator, kind or block has this name
    UnknownKind = "NK0103";
    /// an argument or parameter is not known
    UnknownArgument = "NK0104";
    /// an argument or parameter is missing
    MissingArgument = "NK0105";
    /// a value is of the wrong type
    WrongType = "NK0106";
    /// a number lies outside its bounds
    OutOfRange = "NK0107";
    /// a call has the wrong number of operands
    WrongArity = "NK0108";
    /// an up-sampling mode is not stated
    UnstatedMode = "NK0109";
    /// an operator with weights is applied without a name
    Unnamed = "NK0110";
    /// an expression cannot be evaluated
    Evaluation = "NK0111";
    /// a network uses itself
    Recursion = "NK0112";
    /// a network has no outputs, or no inputs
    NoOutput = "NK0113";
    /// the network grows past its bounds
    TooLarge = "NK0114";
    /// two weights share a checkpoint name
    WeightName = "NK0115";
    /// a value is none of the choices
    WrongChoice = "NK0116";
    /// a map, a layer or a value stands in the place of another
    WrongSort = "NK0117";
    /// several maps stand where one is expected
    SeveralMaps = "NK0118";

    /// a declared shape is not the inferred one
    DeclaredShape = "NK0201";
    /// the shapes of two operands do not agree
    OperandShapes = "NK0202";
    /// a shape does not suit an operator
    OperatorShape = "NK0203";
    /// no input size is legal
    NoLegalSize = "NK0204";
    /// the sizes of `at` are not legal
    IllegalAt = "NK0205";
    /// a size symbol cannot be read off any input
    UnboundSize = "NK0206";

    /// an expectation does not hold
    Expectation = "NK0301";
    /// an expectation asks for what cannot be told
    Untold = "NK0302";

    /// a layer is never applied
    UnusedLayer = "NK0401", "unused_layer";
    /// maps are fused whose cells look at different places
    CentreOffset = "NK0402", "centre_offset";
    /// a row or an input reaches no output
    UnusedRow = "NK0403", "unused_row";
    /// a row declares no shape among rows that do
    UndeclaredShape = "NK0404", "undeclared_shape";
    /// a bias stands before a norm that subtracts it
    BiasBeforeNorm = "NK0405", "bias_before_norm";
    /// a merged map is given without a convolution that smooths it
    MissingSmooth = "NK0406", "missing_smooth";
    /// an `allow` that allows nothing
    UnusedAllow = "NK0407", "unused_allow";
}

impl Code {
    /// The codes that are lints, each with a name.
    pub fn lints() -> impl Iterator<Item = (Code, &'static str)> + Clone {
        Code::ALL.iter().filter_map(|&code| Some((code, code.lint()?)))
    }

    /// The lint of a name.
    pub fn of_lint(name: &str) -> Option<Code> {
        Code::lints().find(|(_, lint)| *lint == name).map(|(code, _)| code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
