//! The syntax tree: what was written, with the place of every part.

use crate::diagnostics::Code;
use crate::source::{Span, Spanned};

/// A name as written.
pub type Ident = Spanned<String>;

/// One `.arch` text.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// `use "other.arch"`, `use zoo::resnet`.
    pub imports: Vec<Import>,
    /// `numerics { … }` at the top of the file, inherited by everything in it.
    pub numerics: Vec<Argument>,
    /// `kind lateral(out) = conv -> out (kernel = 1)`.
    pub kinds: Vec<Kind>,
    /// `block` and `arch` definitions.
    pub networks: Vec<Network>,
    /// `allow undeclared_shape "the paper gives none"` for the whole file.
    pub allows: Vec<Allow>,
}

/// `use "path.arch"` or `use zoo::name`.
#[derive(Clone, Debug)]
pub struct Import {
    /// What is imported.
    pub target: ImportTarget,
    /// The whole import.
    pub span: Span,
}

/// What an import names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportTarget {
    /// A path beside the importing file.
    Path(String),
    /// A spec of the zoo.
    Zoo(String),
}

/// A layer kind: one part, or several applied in order.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Its parts, in the order they apply.
    pub parts: Vec<Part>,
}

/// `conv: conv -> out (kernel = 1)` in a kind.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name that the part's weights have below the layer's.
    pub name: Option<Ident>,
    /// The operator or kind.
    pub kind: Ident,
    /// `-> out`.
    pub out: Option<Expr>,
    /// `(kernel = 1)`.
    pub arguments: Vec<Argument>,
    /// The whole part.
    pub span: Span,
}

/// A network: an architecture or a block.
#[derive(Clone, Debug)]
pub struct Network {
    /// `arch` rather than `block`.
    pub is_arch: bool,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// `as "fpn"`: what stands before its weights' names when it is the root.
    pub prefix: Option<Template>,
    /// `at H = 224, W = 224`: the sizes at which literal sizes in rows are checked.
    pub at: Vec<Argument>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// `///` lines before it, joined.
    pub doc: String,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `fuse: add | concat = add`.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Ident,
    /// Its type; taken from the default where left out.
    pub ty: Option<Type>,
    /// Its default.
    pub default: Option<Expr>,
}

/// The type of a parameter.
#[derive(Clone, Debug)]
pub struct Type {
    /// The alternatives: one name (`int`, `Fuse`), or several words or numbers.
    pub alternatives: Vec<Spanned<Alternative>>,
    /// Whether it is a list: `[int]`.
    pub list: bool,
    /// The whole type.
    pub span: Span,
}

/// One alternative of a parameter's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Alternative {
    /// A word, or the name of a type.
    Word(String),
    /// A number.
    Number(f64),
}

/// `name = value`, or a bare value.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name; none for a positional argument.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// A row of a network's body.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it says.
    pub kind: RowKind,
    /// From its first to its last character.
    pub span: Span,
}

/// What a row can be.
#[derive(Clone, Debug)]
pub enum RowKind {
    /// `numerics { resize = nearest }`.
    Numerics(Vec<Argument>),
    /// `input x: [B, 3, H, W] image(mean = […])`.
    Input {
        /// The input's name.
        name: Name,
        /// Its shape; may be left out in a block.
        shape: Option<ShapeExpr>,
        /// `image(…)`: how a picture becomes this input.
        image: Option<Spanned<Vec<Argument>>>,
    },
    /// `output Hf, P3 = P3_out, fpn: [P2, P3]`.
    Output(Vec<Output>),
    /// `let lo = 6 - levels`.
    Let {
        /// The name bound.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `lateral L5, L4: -> 128 (gamma = 0.9) as "…"`.
    Layer(LayerRow),
    /// `P5 = L5(B4) -> [B, 128, 8, 16]`.
    Map {
        /// The map's name.
        name: Name,
        /// What makes it.
        value: Expr,
        /// The declared shape.
        shape: Option<ShapeExpr>,
    },
    /// `for i in lo to 5 { … }`, `for i in 4 down to lo { … }`.
    For {
        /// The loop's variable.
        variable: Ident,
        /// The first value.
        from: Expr,
        /// The last value, included.
        to: Expr,
        /// Whether it counts down.
        down: bool,
        /// The rows repeated.
        rows: Vec<Row>,
    },
    /// `if fuse == add { … } else { … }`.
    If {
        /// The condition.
        condition: Expr,
        /// The rows when it holds.
        then: Vec<Row>,
        /// The rows when it does not.
        otherwise: Vec<Row>,
    },
    /// `expect params(self) == 653_312 when fuse == add`.
    Expect(Expectation),
    /// `ignore "fc.*"`: names that a checkpoint may hold unused.
    Ignore(Vec<Template>),
    /// `allow unused_row: aux "for the auxiliary head"`.
    Allow(Allow),
}

/// A lint that is not to warn, and why.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The lint.
    pub lint: Code,
    /// The rows or layers that it may concern; any of the body where none is named.
    pub names: Vec<Ident>,
    /// The reason, with its quotes.
    pub reason: Spanned<String>,
    /// The body that it stands in, or the whole text.
    pub body: Span,
    /// The whole row.
    pub span: Span,
}

/// A name that may stand in a family: `P5`, `P[i]`, `X[i, j]`.
#[derive(Clone, Debug)]
pub struct Name {
    /// The word before the index.
    pub base: Ident,
    /// The indices.
    pub indices: Vec<Expr>,
    /// The whole name.
    pub span: Span,
}

/// A declaration of layers.
#[derive(Clone, Debug)]
pub struct LayerRow {
    /// Operator, kind, block or architecture.
    pub kind: Ident,
    /// The layers' names.
    pub names: Vec<Name>,
    /// `x 3`: applied one after the other, each with its own weights.
    pub repeat: Option<Expr>,
    /// Input channels, checked where given.
    pub input: Option<Expr>,
    /// `-> 128`: output channels.
    pub out: Option<Expr>,
    /// `(gamma = 0.9)`.
    pub arguments: Vec<Argument>,
    /// `as "downsample.0"`: the name in checkpoints.
    pub checkpoint: Option<Template>,
}

/// One item of an `output` row.
#[derive(Clone, Debug)]
pub struct Output {
    /// The output's name; for a plain `output Hf` also the map's.
    pub name: Name,
    /// What it gives.
    pub value: OutputValue,
    /// The whole item.
    pub span: Span,
}

/// What an output gives.
#[derive(Clone, Debug)]
pub enum OutputValue {
    /// The map of the output's own name.
    Same,
    /// `P3 = P3_out`, perhaps with a declared shape.
    Map(Expr, Option<ShapeExpr>),
    /// `fpn: [P2, P3 = x]`.
    List(Vec<Output>),
}

/// A declared shape.
#[derive(Clone, Debug)]
pub struct ShapeExpr {
    /// An expression an axis.
    pub axes: Vec<Expr>,
    /// With the brackets.
    pub span: Span,
}

/// `expect LEFT RELATION RIGHT [within BOUND] [at H = …] [when CONDITION]`.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The figure.
    pub left: Expr,
    /// How it is compared.
    pub relation: Spanned<Relation>,
    /// What it is compared with.
    pub right: Expr,
    /// `mod 32` after a list of residues.
    pub modulus: Option<Expr>,
    /// The bound of `~=`, as a fraction; 1 % where left out.
    pub within: Option<Expr>,
    /// The sizes at which the figure is taken.
    pub at: Vec<Argument>,
    /// When it is to hold.
    pub when: Option<Expr>,
}

/// How an expectation compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `~=`
    Close,
}

/// A string in which `{expression}` stands for its value.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its pieces, in order.
    pub pieces: Vec<TemplatePiece>,
    /// With the quotes.
    pub span: Span,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug)]
pub enum TemplatePiece {
    /// Characters as they stand.
    Text(String),
    /// `{i - lo}`.
    Value(Expr),
}

/// An expression. Numbers, words, lists, sizes and maps share one grammar; what an expression means is settled when it
/// is evaluated.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first to its last character.
    pub span: Span,
}

/// What an expression can be.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `3`, `653_312`, `2G`, `25.5M`: a whole number.
    Int(i64),
    /// `0.9`, `1e-5`.
    Float(f64),
    /// `"text {i}"`.
    Text(Template),
    /// `P5`, `true`, `self`.
    Name(String),
    /// `M[i]`, `channels[i - lo]`, `X[i, j]`.
    Index(Box<Expr>, Vec<Expr>),
    /// `body.C3`.
    Member(Box<Expr>, Ident),
    /// `L5(B4)`, `max_pool(x, kernel = 3)`, `ceil(H / 8)`.
    Call(Box<Expr>, Vec<Argument>),
    /// `x |> conv1 |> max_pool(kernel = 3)`: the right side applied to the left.
    Pipe(Box<Expr>, Box<Expr>),
    /// `[1, 25..31]`.
    List(Vec<ListItem>),
    /// `-x`, `not x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`.
    Binary(Spanned<BinaryOp>, Box<Expr>, Box<Expr>),
    /// `if c { a } else { b }`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// An item of a list.
#[derive(Clone, Debug)]
pub enum ListItem {
    /// One value.
    Value(Expr),
    /// `25..31`, both ends included.
    Range(Expr, Expr),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`: a sum of numbers, or of maps.
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: exact.
    Divide,
    /// `mod`
    Modulo,
    /// `^`
    Power,
    /// `⊕`: channel concatenation.
    Concat,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `and`
    And,
    /// `or`
    Or,
}
