//! Shapes: inferred for operators, declared in rows, given by inputs.

use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic, nearest};
use crate::graph::{Condition, GraphInput, Node, NodeId};
use crate::ops::arguments::alternatives;
use crate::ops::{Op, Requirement, ShapeError, Signature};
use crate::program::{Fit, Preprocessing};
use crate::size::{Extent, Relation, Shape, Size, Symbol, decide, shape_text};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Argument, Expr, ExprKind, Name, Network, ShapeExpr};
use crate::value::Value;

/// The name of an axis, for messages.
fn axis_name(axis: usize) -> &'static str {
    ["batch", "channels", "height", "width"].get(axis).copied().unwrap_or("size")
}

impl Resolver<'_> {
    /// A shape as it reads under the conditions so far.
    fn shape_text(&self, shape: &[Size]) -> String {
        let relations: Vec<Relation> =
            self.graph.conditions.iter().map(|condition| condition.relation.clone()).collect();
        shape_text(shape, &decide(&[], &relations))
    }

    fn relation_text(&self, relation: &Relation) -> String {
        match relation {
            Relation::Equal(a, b) => {
                let sizes = self.shape_text(&[a.clone(), b.clone()]);
                sizes.trim_matches(['[', ']']).replacen(", ", " = ", 1)
            }
            other => other.to_string(),
        }
    }

    /// An operator's result, with what it needs of its operands recorded.
    pub(super) fn infer(
        &mut self,
        op: &Op,
        signature: &Signature,
        operands: &[NodeId],
        shapes: &[Shape],
        span: Span,
    ) -> Option<Shape> {
        let mut require = Vec::new();
        let shape = match op.shape(shapes, &mut require) {
            Ok(shape) => shape,
            Err(ShapeError { operand, expected, hint }) => {
                let name = self.node_name(operands[operand]);
                let found = self.shape_text(&shapes[operand]);
                let message = format!("`{}` expects {expected}, found {name} of {found}", signature.names[0]);
                let mut diagnostic = Diagnostic::error(Code::OperatorShape, span, message);
                diagnostic.hints.extend(hint);
                let place = self.graph.node(operands[operand]).span;
                self.report(diagnostic.related(place, format!("{found} comes from here")));
                return None;
            }
        };
        if shape.iter().any(Size::is_too_large) {
            self.error(Code::TooLarge, span, "the sizes here grow past what can be counted");
            return None;
        }
        for requirement in &require {
            if !self.require(requirement, signature, operands, shapes, span) {
                return None;
            }
        }
        Some(shape)
    }

    /// Whether a requirement holds, or can hold for sizes without end; then it becomes a condition.
    fn require(
        &mut self,
        requirement: &Requirement,
        signature: &Signature,
        operands: &[NodeId],
        shapes: &[Shape],
        span: Span,
    ) -> bool {
        let Requirement { relation, axis, operand } = requirement;
        match relation.decided() {
            Some(true) => return true,
            None if agrees_without_end(relation) => {
                let reason = match operand {
                    Some(operand) => {
                        let (a, b) = (self.node_name(operands[0]), self.node_name(operands[*operand]));
                        format!("{a} and {b} meet in `{}`", signature.names[0])
                    }
                    None => format!("the window of `{}` fits", signature.names[0]),
                };
                self.graph.conditions.push(Condition { relation: relation.clone(), span, reason });
                return true;
            }
            _ => {}
        }
        let diagnostic = match operand {
            Some(operand) => {
                let (a, b) = (self.node_name(operands[0]), self.node_name(operands[*operand]));
                let (left, right) = (self.shape_text(&shapes[0]), self.shape_text(&shapes[*operand]));
                let message = format!("{a} of {left} and {b} of {right} differ in {}", axis_name(*axis));
                let diagnostic = Diagnostic::error(Code::OperandShapes, span, message)
                    .label(format!("`{}` needs them to agree: {}", signature.names[0], self.relation_text(relation)))
                    .related(self.graph.node(operands[0]).span, format!("{left} comes from here"))
                    .related(self.graph.node(operands[*operand]).span, format!("{right} comes from here"));
                match axis {
                    1 => diagnostic.hint("bring one to the other's channels with a `lateral`"),
                    2 | 3 => diagnostic.hint("bring one to the other's size with `Up2(x)` or `UpTo(x, y)`"),
                    _ => diagnostic,
                }
            }
            None => {
                let least = match relation {
                    Relation::AtLeast(_, least) => format!("a {} of at least {least}", axis_name(*axis)),
                    other => self.relation_text(other),
                };
                let (name, found) = (self.node_name(operands[0]), self.shape_text(&shapes[0]));
                let message = format!("`{}` needs {least}, found {name} of {found}", signature.names[0]);
                Diagnostic::error(Code::OperatorShape, span, message)
                    .related(self.graph.node(operands[0]).span, format!("{found} comes from here"))
            }
        };
        self.report(diagnostic);
        false
    }

    /// What a map is called: its row, its input, or the text that makes it.
    pub(super) fn node_name(&self, node: NodeId) -> String {
        let row = self.graph.rows.iter().rev().find(|row| row.node == node).map(|row| &row.name);
        let input = self.graph.inputs.iter().find(|input| input.node == node).map(|input| &input.name);
        match row.or(input) {
            Some(name) => format!("`{name}`"),
            None => {
                let text = self.library.sources.snippet(self.graph.node(node).span);
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if line.chars().count() > 40 { "a map".into() } else { format!("`{line}`") }
            }
        }
    }

    /// Checks the shape that a row declares: whether it is, or for some sizes can be, the inferred one.
    pub(super) fn declared_shape(&mut self, node: NodeId, declared: &ShapeExpr, frame: &mut Frame) -> bool {
        let inferred = self.graph.node(node).shape.clone();
        let Some(axes) = self.axes(declared, frame) else { return false };
        if axes.len() != inferred.len() {
            return self.wrong_declaration(node, declared, &axes, &inferred, "has another number of axes", frame);
        }
        for (axis, (written, found)) in axes.iter().zip(&inferred).enumerate() {
            let literal = Extent::as_constant(written).is_some() && found.as_constant().is_none();
            if literal && !frame.at.is_empty() {
                if found.eval(&frame.at) != Extent::as_constant(written) {
                    let what = format!("differs in {}", axis_name(axis));
                    return self.wrong_declaration(node, declared, &axes, &inferred, &what, frame);
                }
                continue;
            }
            if literal && !frame.is_root() {
                // A literal of an instance speaks of the sizes of its own `at`, not of this network's.
                continue;
            }
            let relation = Relation::Equal(written.clone(), found.clone());
            match relation.decided() {
                Some(true) => {}
                None if literal || agrees_without_end(&relation) => {
                    let reason = format!("{} is declared {}", self.node_name(node), self.shape_text(&axes));
                    let span = declared.axes[axis].span;
                    self.graph.conditions.push(Condition { relation, span, reason });
                }
                _ => {
                    let what = format!("differs in {}", axis_name(axis));
                    return self.wrong_declaration(node, declared, &axes, &inferred, &what, frame);
                }
            }
        }
        true
    }

    fn wrong_declaration(
        &mut self,
        node: NodeId,
        declared: &ShapeExpr,
        axes: &[Size],
        inferred: &Shape,
        what: &str,
        frame: &Frame,
    ) -> bool {
        let name = self.node_name(node);
        let mut found = self.shape_text(inferred);
        let mut here = String::new();
        if !frame.at.is_empty() {
            let at_size = |size: &Size| size.eval(&frame.at).map_or_else(|| size.to_string(), |n| n.to_string());
            let sizes: Vec<String> = inferred.iter().map(at_size).collect();
            let text = format!("[{}]", sizes.join(", "));
            if text != found {
                let at: Vec<String> = frame.at.iter().map(|(symbol, n)| format!("{symbol} = {n}")).collect();
                here = format!(" at {}", at.join(", "));
                found = text;
            }
        }
        let message = format!("the declared shape of {name} {what}");
        let diagnostic = Diagnostic::error(Code::DeclaredShape, declared.span, message)
            .label(format!("declared {}, inferred {found}{here}", self.shape_text(axes)))
            .related(self.graph.node(node).span, format!("{} comes from here", self.shape_text(inferred)))
            .hint(format!("declare {found}, or change what makes {name}"));
        self.report(diagnostic);
        false
    }

    /// The axes of a written shape.
    fn axes(&mut self, shape: &ShapeExpr, frame: &mut Frame) -> Option<Shape> {
        let axes: Vec<Option<Size>> = shape.axes.iter().map(|axis| self.axis(axis, frame)).collect();
        axes.into_iter().collect()
    }

    fn axis(&mut self, axis: &Expr, frame: &mut Frame) -> Option<Size> {
        let value = self.evaluate(axis, frame);
        let size = value.as_size();
        if size.is_none() {
            self.unsuited(axis.span, "a size", &value, frame);
        }
        size
    }

    /// `at H = 224, W = 224` of the root.
    pub(super) fn at_clause(&mut self, arch: &Network, frame: &mut Frame) {
        for argument in &arch.at {
            let Some(name) = &argument.name else {
                self.error(Code::UnknownArgument, argument.value.span, "write `at H = 224, W = 224`");
                continue;
            };
            let Some(value) = self.whole(&argument.value, frame) else { continue };
            if value < 1 {
                let message = format!("`{}` is {value}, expected at least 1", name.node);
                self.error(Code::OutOfRange, argument.value.span, message);
                continue;
            }
            frame.at.set(name.node.as_str(), value);
            self.free_size(&name.node, name.span, frame);
        }
    }

    fn free_size(&mut self, name: &str, span: Span, frame: &mut Frame) {
        let symbol = Symbol::from(name);
        let at = frame.at.get(name);
        if !self.graph.symbols.iter().any(|(known, _)| *known == symbol) {
            self.graph.symbols.push((symbol, at));
        }
        frame.names.entry(name.into()).or_insert_with(|| (Value::Size(Size::symbol(name)), span));
    }

    /// An input: of the root a free tensor, of an instance the operand that it is given.
    pub(super) fn input(
        &mut self,
        name: &Name,
        shape: Option<&ShapeExpr>,
        image: Option<&Spanned<Vec<Argument>>>,
        frame: &mut Frame,
    ) {
        let Some(full) = self.full_name(name, frame) else { return };
        if frame.is_root() {
            self.root_input(full, name, shape, image, frame);
            return;
        }
        let operand = frame.operands.as_mut().and_then(Iterator::next);
        let Some(node) = operand else {
            let network = self.graph.scope(frame.scope).network.clone();
            let message = format!("`{network}` is applied to too few maps: nothing is given for `{full}`");
            self.error(Code::WrongArity, name.span, message);
            return self.bind_full(&full, name.span, Value::Poison, frame);
        };
        let actual = self.graph.node(node).shape.clone();
        if let Some(batch) = actual.first() {
            let value = Value::from_size(batch.clone());
            frame.names.entry("B".into()).or_insert((value, name.span));
        }
        let mut suits = true;
        if let Some(shape) = shape {
            for (axis, size) in shape.axes.iter().zip(&actual) {
                self.bind_axis(axis, size, frame);
            }
            suits = self.declared_shape(node, shape, frame);
        }
        let value = if suits { Value::Map(node) } else { Value::Poison };
        self.bind_full(&full, name.span, value, frame);
    }

    /// A new name in an instance's input is bound to the size that is given: `H` to n, and the one of `H/4` to 4·n.
    fn bind_axis(&mut self, axis: &Expr, size: &Size, frame: &mut Frame) {
        let mut unbound = Vec::new();
        new_names(axis, frame, &mut unbound);
        let [name] = unbound.as_slice() else { return };
        let (symbol, conditions) = (Size::symbol(name.as_str()), self.graph.conditions.len());
        frame.names.insert(name.clone(), (Value::Size(symbol.clone()), axis.span));
        let written = self.evaluate(axis, frame).as_size();
        self.graph.conditions.truncate(conditions);
        let parts = (1..=1 << 10).find(|&n| written.as_ref() == Some(&symbol.floor_div(n)));
        match parts {
            Some(parts) => {
                frame.names.insert(name.clone(), (Value::from_size(size.scale(parts)), axis.span));
            }
            None => {
                frame.names.remove(name);
            }
        }
    }

    fn root_input(
        &mut self,
        full: String,
        name: &Name,
        shape: Option<&ShapeExpr>,
        image: Option<&Spanned<Vec<Argument>>>,
        frame: &mut Frame,
    ) {
        let Some(shape) = shape else {
            let message = format!("input `{full}` declares no shape");
            let hint = format!("write `input {full}: [B, 3, H, W]`");
            self.report(Diagnostic::error(Code::MissingArgument, name.span, message).hint(hint));
            return self.bind_full(&full, name.span, Value::Poison, frame);
        };
        let input = name.span;
        for (axis, expr) in shape.axes.iter().enumerate() {
            if axis == 0 {
                if let ExprKind::Name(batch) = &expr.kind {
                    let size = Value::Size(Size::symbol(batch.as_str()));
                    frame.names.entry(batch.clone()).or_insert((size, expr.span));
                }
            } else if axis == 1
                && let ExprKind::Name(name) = &expr.kind
                && frame.lookup(name).is_none()
            {
                let message = format!("`{name}` is not defined, and channels are never free");
                let hint = format!("write their number, or a parameter such as `{name} = 64`");
                self.report(Diagnostic::error(Code::Unknown, expr.span, message).hint(hint));
                return self.bind_full(&full, input, Value::Poison, frame);
            } else if axis >= 2 {
                // Names in an input's sizes that nothing defines are free sizes.
                let mut names = Vec::new();
                new_names(expr, frame, &mut names);
                for name in names {
                    self.free_size(&name, expr.span, frame);
                }
            }
        }
        let Some(mut axes) = self.axes(shape, frame) else {
            return self.bind_full(&full, name.span, Value::Poison, frame);
        };
        if axes.len() < 2 || axes[1].as_constant().is_none_or(|channels| channels < 1) {
            let message =
                format!("input `{full}` is {}, expected a batch, known channels and sizes", self.shape_text(&axes));
            let hint = "write `[B, 3, H, W]`, or a parameter for the channels";
            self.report(Diagnostic::error(Code::OperatorShape, shape.span, message).hint(hint));
            return self.bind_full(&full, name.span, Value::Poison, frame);
        }
        self.free_literals(&mut axes, shape, frame);
        for (axis, size) in axes.iter().enumerate().skip(2) {
            let relation = Relation::AtLeast(size.clone(), 1);
            if size.as_symbol().is_none() && relation.decided() != Some(true) {
                let (span, reason) = (shape.axes[axis].span, format!("input `{full}` holds something"));
                self.graph.conditions.push(Condition { relation, span, reason });
            }
        }
        let image = image.and_then(|image| self.preprocessing(image, &axes, frame));
        let node = Node {
            op: None,
            inputs: Vec::new(),
            weights: Vec::new(),
            shape: axes,
            scope: frame.scope,
            layer: None,
            span: name.span.to(shape.span),
        };
        self.graph.nodes.push(node);
        let node = NodeId(self.graph.nodes.len() as u32 - 1);
        self.graph.inputs.push(GraphInput { name: full.clone(), node, image, span: name.span });
        self.bind_full(&full, name.span, Value::Map(node), frame);
    }

    /// Literal sizes of an input under an `at` clause speak of that size: 32 at H = 64 is H/2.
    fn free_literals(&mut self, axes: &mut Shape, shape: &ShapeExpr, frame: &Frame) {
        let symbols: Vec<(Size, i64)> =
            self.graph.symbols.iter().filter_map(|(symbol, at)| Some((Size::symbol(symbol.clone()), (*at)?))).collect();
        if frame.at.is_empty() {
            return;
        }
        for (axis, (symbol, at)) in (2..axes.len()).zip(symbols) {
            let Some(literal) = axes[axis].as_constant().filter(|literal| *literal > 0) else { continue };
            if literal % at == 0 {
                axes[axis] = symbol.scale(literal / at);
            } else if at % literal == 0 {
                let divisor = at / literal;
                let span = shape.axes[axis].span;
                let reason = format!("{literal} stands for {symbol}/{divisor}");
                let relation = Relation::Multiple(symbol.clone(), divisor);
                self.graph.conditions.push(Condition { relation, span, reason });
                axes[axis] = symbol.floor_div(divisor);
            } else {
                let message = format!("{literal} is no whole part or multiple of {symbol} = {at}");
                let hint = format!("write the size by the symbol, as in `{symbol}/2`");
                self.report(Diagnostic::error(Code::OperatorShape, shape.axes[axis].span, message).hint(hint));
            }
        }
    }

    /// Every free size must be readable off an input.
    pub(super) fn bind_symbols(&mut self, frame: &Frame) {
        // An input that failed may be the one that gives it.
        if frame.names.values().any(|(value, _)| matches!(value, Value::Poison)) {
            return;
        }
        let sizes = self.graph.inputs.iter().flat_map(|input| self.graph.node(input.node).shape.iter().skip(2));
        let sizes: Vec<&Size> = sizes.collect();
        let mut unbound = Vec::new();
        for (symbol, _) in &self.graph.symbols {
            let alone = |size: &&Size| size.symbols().iter().eq([symbol]);
            if !sizes.iter().any(alone) {
                unbound.push(symbol.clone());
            }
        }
        for symbol in unbound {
            let others =
                self.graph.symbols.iter().map(|(other, _)| other.as_str()).filter(|other| *other != symbol.as_str());
            let near = nearest(symbol.as_str(), others).map(str::to_owned);
            let message = format!("size `{symbol}` cannot be read off any input");
            let place = frame.names.get(symbol.as_str()).map(|(_, span)| *span);
            let mut diagnostic = Diagnostic::error(Code::UnboundSize, place, message);
            diagnostic = match near {
                Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
                None => diagnostic.hint(format!("give an input an axis that is `{symbol}`, or a part of it alone")),
            };
            self.report(diagnostic);
        }
    }

    /// `image(color = rgb, scale = 1/255, mean = […], std = […], fit = cover)`.
    fn preprocessing(
        &mut self,
        image: &Spanned<Vec<Argument>>,
        axes: &Shape,
        frame: &mut Frame,
    ) -> Option<Preprocessing> {
        let channels = axes[1].as_constant().unwrap_or(0) as usize;
        if axes.len() != 4 || !matches!(channels, 1 | 3) {
            let message =
                format!("a picture has 1 or 3 channels and two sizes, this input is {}", self.shape_text(axes));
            self.error(Code::OperatorShape, image.span, message);
            return None;
        }
        let mut result = Preprocessing {
            bgr: false,
            scale: 1.0 / 255.0,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
            fit: Fit::Cover,
        };
        for argument in &image.node {
            let value = self.evaluate(&argument.value, frame);
            let name = argument.name.as_ref().map_or("", |name| name.node.as_str());
            let word = match &value {
                Value::Word(word) | Value::Choice(word, _) => word.as_str(),
                Value::Poison => continue,
                _ => "",
            };
            let numbers = match &value {
                Value::List(items) => items.iter().map(Value::as_number).collect::<Option<Vec<f64>>>(),
                _ => None,
            };
            let numbers: Option<Vec<f32>> = numbers
                .filter(|numbers| numbers.len() == channels)
                .map(|numbers| numbers.into_iter().map(|x| x as f32).collect());
            let expected = match (name, word, numbers) {
                ("color", "rgb" | "gray", _) => continue,
                ("color", "bgr", _) => {
                    result.bgr = true;
                    continue;
                }
                ("fit", "stretch" | "cover" | "pad", _) => {
                    result.fit = match word {
                        "stretch" => Fit::Stretch,
                        "cover" => Fit::Cover,
                        _ => Fit::Pad,
                    };
                    continue;
                }
                ("scale", ..) if value.as_number().is_some() => {
                    result.scale = value.as_number().unwrap_or(1.0) as f32;
                    continue;
                }
                ("mean", _, Some(numbers)) => {
                    result.mean = numbers;
                    continue;
                }
                ("std", _, Some(numbers)) if numbers.iter().all(|&x| x > 0.0) => {
                    result.std = numbers;
                    continue;
                }
                ("color", ..) => "`rgb` or `bgr`".to_owned(),
                ("fit", ..) => "`stretch`, `cover` or `pad`".to_owned(),
                ("scale", ..) => "a number".to_owned(),
                ("mean" | "std", ..) => format!("a list of {channels} numbers, a deviation above 0"),
                _ => {
                    let known = ["color", "scale", "mean", "std", "fit"];
                    let message = format!("`image` has no argument `{name}`");
                    let diagnostic = Diagnostic::error(Code::UnknownArgument, argument.value.span, message);
                    self.report(diagnostic.near(name, known).note(format!("it has {}", alternatives(&known))));
                    continue;
                }
            };
            let message = format!("`{name}` of `image` is {} `{value}`, expected {expected}", value.kind());
            self.error(Code::WrongType, argument.value.span, message);
        }
        Some(result)
    }
}

/// Names of an expression that nothing defines.
fn new_names(expr: &Expr, frame: &Frame, names: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::Name(name) if frame.lookup(name).is_none() && !names.contains(name) => names.push(name.clone()),
        ExprKind::Binary(_, left, right) => {
            new_names(left, frame, names);
            new_names(right, frame, names);
        }
        ExprKind::Call(_, arguments) => {
            for argument in arguments {
                new_names(&argument.value, frame, names);
            }
        }
        _ => {}
    }
}

/// Whether sizes for which a relation holds go on without end, as far as that is decided.
fn agrees_without_end(relation: &Relation) -> bool {
    let symbols: Vec<Symbol> = relation.symbols().into_iter().collect();
    let [symbol] = symbols.as_slice() else { return true };
    let legal = decide(&symbols, std::slice::from_ref(relation));
    legal.set(symbol.as_str()).is_none_or(|set| !set.is_finite())
}
