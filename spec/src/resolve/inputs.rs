//! Inputs: of the root free tensors, of an instance the maps that it is given.

use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic, nearest};
use crate::graph::{Condition, GraphInput, Node, NodeId};
use crate::size::{Relation, Shape, Size, Symbol};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Argument, Expr, ExprKind, Name, Network, ShapeExpr};
use crate::value::Value;

impl Resolver<'_> {
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
            // The first input without a map speaks for those behind it.
            let applied = Some(frame.applied);
            if !self.diagnostics.iter().any(|known| known.code == Code::WrongArity && known.span == applied) {
                let diagnostic = Diagnostic::error(Code::WrongArity, applied, message);
                self.report(diagnostic.related(name.span, "this input"));
            }
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
        self.decided.get_mut().forget_after(conditions);
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
                let number = |expr: Option<&Expr>| matches!(expr.map(|expr| &expr.kind), Some(ExprKind::Int(_)));
                let hint = if number(shape.axes.first()) || number(shape.axes.last()) {
                    "the axes are the batch, the channels, then rows and columns: `[B, 3, H, W]`".to_owned()
                } else {
                    format!("write their number, or a parameter such as `{name} = 64`")
                };
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
            arguments: name.span,
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
