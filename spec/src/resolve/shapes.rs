//! Shapes: inferred for operators, declared in rows, given by inputs.

use std::collections::HashSet;

use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic, Fix, FixScope};
use crate::fixes;
use crate::graph::{Condition, NodeId};
use crate::ops::{Op, Requirement, ShapeError, Signature};
use crate::size::{Extent, Legal, Relation, Shape, Size, decide, shape_text};
use crate::source::Span;
use crate::syntax::ast::{Expr, ShapeExpr};

/// The name of an axis, for messages.
fn axis_name(axis: usize) -> &'static str {
    ["batch", "channels", "height", "width"].get(axis).copied().unwrap_or("size")
}

/// The legal sizes under the first conditions. Most rows repeat the conditions of others, which decide nothing anew.
#[derive(Debug, Default)]
pub(super) struct Decided {
    legal: Legal,
    relations: Vec<Relation>,
    seen: HashSet<Relation>,
    conditions: usize,
}

impl Decided {
    /// What was decided stands only while all of its conditions do.
    pub(super) fn forget_after(&mut self, conditions: usize) {
        if conditions < self.conditions {
            *self = Decided::default();
        }
    }

    /// The relations of conditions, each once.
    pub(super) fn relations(&mut self, conditions: &[Condition]) -> &[Relation] {
        self.follow(conditions);
        &self.relations
    }

    fn follow(&mut self, conditions: &[Condition]) {
        let before = self.relations.len();
        for condition in &conditions[self.conditions..] {
            if self.seen.insert(condition.relation.clone()) {
                self.relations.push(condition.relation.clone());
            }
        }
        self.conditions = conditions.len();
        if self.relations.len() > before {
            self.legal = decide(&[], &self.relations);
        }
    }
}

impl Resolver<'_> {
    /// A shape as it reads under the conditions so far.
    pub(super) fn shape_text(&self, shape: &[Size]) -> String {
        let mut decided = self.decided.borrow_mut();
        decided.follow(&self.graph.conditions);
        shape_text(shape, &decided.legal)
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
            None if self.solver.goes_on(relation) => {
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
                let diagnostic = agreement(relation).into_iter().fold(diagnostic, Diagnostic::note);
                match axis {
                    1 => {
                        let channels: Vec<Option<i64>> =
                            shapes.iter().map(|shape| shape.get(1).and_then(Size::as_constant)).collect();
                        let diagnostic = diagnostic.hint("bring one to the other's channels with a `lateral`");
                        diagnostic.propose(fixes::laterals(self.library, span, &channels))
                    }
                    2 | 3 if differ_by_a_border(relation) => {
                        diagnostic.hint("a window keeps the size with `padding` half its kernel: 1 for 3, 2 for 5")
                    }
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
        let row = self.named.get(&node).map(|&row| &self.graph.rows[row].name);
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
                None if literal || self.solver.goes_on(&relation) => {
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
        let edits = self.redeclared(declared, axes, inferred, frame);
        let fix = Fix { title: format!("declare {found}"), edits, scope: FixScope::Shapes };
        let message = format!("the declared shape of {name} {what}");
        let diagnostic = Diagnostic::error(Code::DeclaredShape, declared.span, message)
            .label(format!("declared {}, inferred {found}{here}", self.shape_text(axes)))
            .related(self.graph.node(node).span, format!("{} comes from here", self.shape_text(inferred)))
            .hint(format!("declare {found}, or change what makes {name}"));
        let mut relations = axes.iter().zip(inferred).map(|(a, b)| Relation::Equal(a.clone(), b.clone()));
        let differs = relations.find(|relation| relation.decided() != Some(true));
        let agreement = differs.filter(|_| axes.len() == inferred.len()).as_ref().and_then(agreement);
        let diagnostic = agreement.into_iter().fold(diagnostic, Diagnostic::note);
        self.report(diagnostic.propose([fix]));
        false
    }

    /// What makes a declared shape the inferred one: the axes that differ, in literals where they are literals.
    fn redeclared(&self, declared: &ShapeExpr, axes: &[Size], inferred: &Shape, frame: &Frame) -> Vec<(Span, String)> {
        let text = |size: &Size| self.shape_text(std::slice::from_ref(size)).trim_matches(['[', ']']).to_owned();
        let literal = |size: &Size| size.eval(&frame.at).map_or_else(|| text(size), |n| n.to_string());
        if axes.len() != inferred.len() {
            let sizes =
                inferred.iter().map(if frame.at.is_empty() { &text as &dyn Fn(&Size) -> String } else { &literal });
            return vec![(declared.span, format!("[{}]", sizes.collect::<Vec<_>>().join(", ")))];
        }
        let written = declared.axes.iter().zip(axes).zip(inferred);
        let differs = |((_, size), found): &((&Expr, &Size), &Size)| {
            let holds_here = found.eval(&frame.at).is_some_and(|n| Extent::as_constant(*size) == Some(n));
            size != found && !holds_here
        };
        let edit = |((written, size), found): ((&Expr, &Size), &Size)| {
            let literally = Extent::as_constant(size).is_some();
            (written.span, if literally { literal(found) } else { text(found) })
        };
        written.filter(differs).map(edit).collect()
    }

    /// The axes of a written shape.
    pub(super) fn axes(&mut self, shape: &ShapeExpr, frame: &mut Frame) -> Option<Shape> {
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
}

/// The sizes at which two that differ would agree.
fn agreement(relation: &Relation) -> Option<String> {
    let legal = decide(&[], std::slice::from_ref(relation));
    let (symbol, set) = legal.sets.first().filter(|_| legal.is_separate())?;
    Some(if set.is_empty() {
        format!("they agree at no {symbol}")
    } else {
        format!("they agree only where {}", set.describe(symbol.as_str()))
    })
}

/// Whether two sizes differ by the same number of cells at every size, as a window without its padding makes them.
fn differ_by_a_border(relation: &Relation) -> bool {
    let Relation::Equal(a, b) = relation else { return false };
    a.as_constant().is_none() && a.add(&b.scale(-1)).as_constant().is_some()
}
