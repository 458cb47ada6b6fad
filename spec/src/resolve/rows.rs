//! The rows of a network's body.

use std::collections::BTreeMap;

use super::elements::indexed;
use super::{Frame, Resolver};
use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{GraphOutput, GraphRow};
use crate::source::Span;
use crate::syntax::ast::{Expr, Ident, Name, Output, OutputValue, Row, RowKind, ShapeExpr};
use crate::value::Value;

impl Resolver<'_> {
    pub(super) fn rows(&mut self, rows: &[Row], frame: &mut Frame) {
        for row in rows {
            if self.spend(1, row.span) {
                self.row(row, frame);
            }
        }
    }

    fn row(&mut self, row: &Row, frame: &mut Frame) {
        match &row.kind {
            RowKind::Numerics(arguments) => self.numerics(arguments, frame),
            RowKind::Input { name, shape, image } => self.input(name, shape.as_ref(), image.as_ref(), frame),
            RowKind::Output(outputs) => {
                for output in outputs {
                    self.output(output, None, frame);
                }
            }
            RowKind::Let { name, value } => {
                let value = self.evaluate(value, frame);
                match frame.locals.last_mut() {
                    Some(locals) => drop(locals.insert(name.node.clone(), value)),
                    None => self.bind_full(&name.node, name.span, value, frame),
                }
            }
            RowKind::Layer(layer) => self.declare(layer, frame),
            RowKind::Map { name, value, shape } => self.map(name, value, shape.as_ref(), row.span, frame),
            RowKind::For { variable, from, to, down, rows } => {
                self.each(variable, [from, to], *down, rows, frame);
            }
            RowKind::If { condition, then, otherwise } => match self.condition(condition, frame) {
                Some(true) => self.rows(then, frame),
                Some(false) => self.rows(otherwise, frame),
                // Whatever either side makes would be missed by the rows that follow.
                None => self.poison_rows(then.iter().chain(otherwise), frame),
            },
            RowKind::Expect(expectation) => frame.expectations.push(expectation.clone()),
            RowKind::Ignore(patterns) => {
                for pattern in patterns {
                    if let Some(pattern) = self.template(pattern, frame) {
                        self.graph.ignored.push(format!("{}{pattern}", frame.checkpoint));
                    }
                }
            }
            RowKind::Allow(allow) => {
                self.allows.entry(allow.span).or_insert_with(|| allow.clone());
            }
        }
    }

    fn each(&mut self, variable: &Ident, ends: [&Expr; 2], down: bool, rows: &[Row], frame: &mut Frame) {
        let (Some(from), Some(to)) = (self.whole(ends[0], frame), self.whole(ends[1], frame)) else {
            return self.poison_rows(rows.iter(), frame);
        };
        let rounds = if down { from.saturating_sub(to) } else { to.saturating_sub(from) };
        if rounds >= bounds::ROUNDS {
            let message = format!("the loop goes from {from} to {to}, more than {} rounds", bounds::ROUNDS);
            self.error(Code::OutOfRange, ends[0].span.to(ends[1].span), message);
            return self.poison_rows(rows.iter(), frame);
        }
        for round in 0..=rounds {
            if !self.spend(1, variable.span) {
                return;
            }
            let value = Value::Int(if down { from - round } else { from + round });
            frame.locals.push(BTreeMap::from([(variable.node.clone(), value)]));
            self.rows(rows, frame);
            frame.locals.pop();
        }
    }

    /// Marks what rows would have made as failed, so that its uses stay silent.
    fn poison_rows<'r>(&mut self, rows: impl IntoIterator<Item = &'r Row>, frame: &mut Frame) {
        for row in rows {
            let names: Vec<&Name> = match &row.kind {
                RowKind::Map { name, .. } | RowKind::Input { name, .. } => vec![name],
                RowKind::Layer(layer) => layer.names.iter().collect(),
                RowKind::If { then, otherwise, .. } => {
                    self.poison_rows(then, frame);
                    self.poison_rows(otherwise, frame);
                    continue;
                }
                RowKind::For { rows, .. } => {
                    self.poison_rows(rows, frame);
                    continue;
                }
                _ => continue,
            };
            for name in names {
                frame.names.entry(name.base.node.clone()).or_insert((Value::Poison, name.span));
            }
        }
    }

    fn map(&mut self, name: &Name, value: &Expr, shape: Option<&ShapeExpr>, span: Span, frame: &mut Frame) {
        let result = match self.evaluate(value, frame) {
            result @ (Value::Map(_) | Value::Poison) => result,
            result if matches!(result, Value::Record(_)) || is_list_of_maps(&result) => {
                if let Some(shape) = shape {
                    let message = "a shape can be declared for one map, and this gives several";
                    self.error(Code::SeveralMaps, shape.span, message);
                }
                result
            }
            other @ (Value::Word(_) | Value::Layer(_)) => self.misplaced(value.span, "a map", &other, frame),
            other => {
                let message = format!("a row makes a map, and this is {} `{other}`", other.kind());
                let hint = format!("write `let {} = …` to name a value", name.base.node);
                self.report(Diagnostic::error(Code::WrongSort, value.span, message).hint(hint));
                Value::Poison
            }
        };
        if let Value::Map(node) = result {
            if let Some(full) = self.full_name(name, frame) {
                let text = self.library.sources.snippet(value.span).split_whitespace().collect::<Vec<_>>().join(" ");
                let row = GraphRow { name: full, scope: frame.scope, node, text, declared: shape.is_some(), span };
                self.add_row(row);
            }
            if let Some(shape) = shape {
                self.declared_shape(node, shape, frame);
            }
        }
        self.bind_name(name, result, frame);
    }

    fn add_row(&mut self, row: GraphRow) {
        self.spend(row.text.len() / bounds::BYTES_A_STEP, row.span);
        self.named.insert(row.node, self.graph.rows.len());
        self.graph.rows.push(row);
    }

    /// `P5`, `P[i]`: the name with its indices evaluated.
    pub(super) fn full_name(&mut self, name: &Name, frame: &mut Frame) -> Option<String> {
        let indices = name.indices.iter().map(|index| self.whole(index, frame)).collect::<Option<Vec<_>>>()?;
        if let Some(index) = indices.iter().find(|index| **index < 0) {
            let message = format!("an index of `{}` is {index}, expected at least 0", name.base.node);
            self.error(Code::OutOfRange, name.span, message);
            return None;
        }
        Some(indexed(&name.base.node, &indices))
    }

    pub(super) fn bind_name(&mut self, name: &Name, value: Value, frame: &mut Frame) {
        if let Some(full) = self.full_name(name, frame) {
            self.bind_full(&full, name.span, value, frame);
        }
    }

    pub(super) fn bind_full(&mut self, name: &str, span: Span, value: Value, frame: &mut Frame) {
        match frame.names.get(name) {
            Some((Value::Poison, _)) | None => {
                frame.names.insert(name.to_owned(), (value, span));
            }
            Some((known, first)) => {
                let first = *first;
                if std::mem::discriminant(known) != std::mem::discriminant(&value) {
                    // Whichever of the two a use means, it would be the other one.
                    frame.names.insert(name.to_owned(), (Value::Poison, first));
                }
                let message = format!("`{name}` is made twice");
                self.report(Diagnostic::error(Code::Duplicate, span, message).related(first, "first made here"));
            }
        }
    }

    fn output(&mut self, output: &Output, list: Option<&str>, frame: &mut Frame) {
        let Some(name) = self.full_name(&output.name, frame) else { return };
        let value = match &output.value {
            OutputValue::List(items) => {
                if list.is_some() {
                    let message = "a list of outputs cannot hold another list";
                    return self.error(Code::WrongType, output.span, message);
                }
                for item in items {
                    self.output(item, Some(&name), frame);
                }
                return;
            }
            OutputValue::Same => match frame.lookup(&name).cloned() {
                Some(value) => self.as_operand(value, output.span, frame).map_or(Value::Poison, Value::Map),
                None => {
                    self.unknown(&name, output.span, frame);
                    Value::Poison
                }
            },
            OutputValue::Map(expr, shape) => match self.operand(expr, frame) {
                Some(node) => {
                    if let Some(shape) = shape {
                        self.declared_shape(node, shape, frame);
                    }
                    let fresh = !matches!(expr.kind, crate::syntax::ast::ExprKind::Name(_));
                    if list.is_none() && fresh && frame.lookup(&name).is_none() {
                        let text = self.library.sources.snippet(expr.span);
                        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                        let (scope, declared, span) = (frame.scope, shape.is_some(), output.span);
                        self.add_row(GraphRow { name: name.clone(), scope, node, text, declared, span });
                    }
                    Value::Map(node)
                }
                None => Value::Poison,
            },
        };
        let full = match list {
            Some(list) => format!("{list}.{name}"),
            None => name.clone(),
        };
        if !frame.output_names.insert(full.clone()) {
            return self.error(Code::Duplicate, output.span, format!("output `{full}` is given twice"));
        }
        if frame.is_root()
            && let Value::Map(node) = value
        {
            let list = list.map(str::to_owned);
            frame.outputs.push(GraphOutput { list, name, node, span: output.name.span });
        }
        frame.output_values.push((full, value));
    }
}

fn is_list_of_maps(value: &Value) -> bool {
    matches!(value, Value::List(items) if !items.is_empty() && items.iter().all(|item| matches!(item, Value::Map(_))))
}
