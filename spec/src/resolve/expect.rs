//! Expectations: figures of the network against what a document says.

use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic};
use crate::field::receptive_field;
use crate::graph::Expectation;
use crate::size::{Env, Relation as SizeRelation, SizeSet, decide};
use crate::syntax::ast::{self, Argument, Expr, ExprKind, Relation};
use crate::value::Value;

impl Resolver<'_> {
    /// Evaluates the root's expectations.
    pub(super) fn expectations(&mut self, frame: &mut Frame) {
        for expectation in std::mem::take(&mut frame.expectations) {
            let holds = match &expectation.when {
                Some(when) => self.condition(when, frame),
                None => Some(true),
            };
            if holds == Some(true)
                && let Some(verdict) = self.expectation(&expectation, frame)
            {
                self.graph.expectations.push(verdict);
            }
        }
    }

    fn expectation(&mut self, expectation: &ast::Expectation, frame: &mut Frame) -> Option<Expectation> {
        let rest =
            [expectation.modulus.as_ref(), expectation.within.as_ref(), expectation.at.last().map(|at| &at.value)];
        let end = rest.into_iter().flatten().last().unwrap_or(&expectation.right);
        let span = expectation.left.span.to(end.span);
        let text = self.library.sources.snippet(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let env = self.sizes_at(&expectation.at, frame)?;
        let (holds, found) = match self.legal_call(&expectation.left, frame) {
            Some(legal) => {
                let (symbol, set) = legal?;
                self.legal_verdict(expectation, &symbol, set, frame)?
            }
            None => {
                let left = self.figure(&expectation.left, &env, frame)?;
                let right = self.evaluate(&expectation.right, frame);
                let Some(right) = right.as_number() else {
                    self.unsuited(expectation.right.span, "a number", &right, frame);
                    return None;
                };
                let bound = match &expectation.within {
                    Some(within) => {
                        let value = self.evaluate(within, frame);
                        let bound = value.as_number();
                        if bound.is_none() {
                            self.unsuited(within.span, "a fraction such as 0.02", &value, frame);
                        }
                        bound?
                    }
                    None => 0.01,
                };
                let holds = match expectation.relation.node {
                    Relation::Equal => left == right,
                    Relation::NotEqual => left != right,
                    Relation::Less => left < right,
                    Relation::LessEqual => left <= right,
                    Relation::Greater => left > right,
                    Relation::GreaterEqual => left >= right,
                    Relation::Close => (left - right).abs() <= bound * right.abs(),
                };
                (holds, if left.is_infinite() { "the whole input".into() } else { grouped(left) })
            }
        };
        Some(Expectation { text, found, holds, span })
    }

    /// The sizes of the `at` clause, with those of the expectation over them.
    fn sizes_at(&mut self, at: &[Argument], frame: &mut Frame) -> Option<Env> {
        let mut env = frame.at.clone();
        for argument in at {
            let name = argument.name.as_ref()?;
            let value = self.whole(&argument.value, frame)?;
            env.set(name.node.as_str(), value);
        }
        if env.get("B").is_none() {
            env.set("B", 1);
        }
        Some(env)
    }

    /// `params(self)`, `macs(self)`, `receptive_field(C3)`, or a value.
    fn figure(&mut self, expr: &Expr, env: &Env, frame: &mut Frame) -> Option<f64> {
        if let ExprKind::Call(callee, arguments) = &expr.kind
            && let ExprKind::Name(name) = &callee.kind
            && let [argument] = arguments.as_slice()
        {
            // Each of these walks the whole network.
            if !self.spend(self.graph.nodes.len() + self.graph.weights.len(), expr.span) {
                return None;
            }
            match name.as_str() {
                "params" => {
                    return self.layer_path(&argument.value, frame).map(|path| self.graph.parameters(&path) as f64);
                }
                "buffers" => {
                    return self.layer_path(&argument.value, frame).map(|path| self.graph.buffers(&path) as f64);
                }
                "macs" => {
                    let path = self.layer_path(&argument.value, frame)?;
                    let macs = crate::cost::macs(&self.graph, &path).eval(env);
                    if macs.is_none() {
                        let message = "multiply-accumulates depend on the size, which nothing gives";
                        let hint = "write `at H = 224, W = 224` behind the figure, or behind the architecture's name";
                        self.report(Diagnostic::error(Code::Untold, expr.span, message).hint(hint));
                    }
                    return macs.map(|macs| macs as f64);
                }
                "receptive_field" => {
                    let node = self.operand(&argument.value, frame)?;
                    let field = receptive_field(&self.graph, node);
                    return Some(field.map_or(f64::INFINITY, |field| field.size));
                }
                _ => {}
            }
        }
        let value = self.evaluate(expr, frame);
        if let Some(n) = value.as_size().and_then(|size| size.eval(env)) {
            return Some(n as f64);
        }
        if value.as_number().is_none() {
            self.unsuited(expr.span, "a figure such as `params(self)`", &value, frame);
        }
        value.as_number()
    }

    /// The path of a layer; empty for `self`.
    fn layer_path(&mut self, expr: &Expr, frame: &mut Frame) -> Option<String> {
        if matches!(&expr.kind, ExprKind::Name(name) if name == "self") {
            return Some(String::new());
        }
        match self.evaluate(expr, frame) {
            Value::Layer(layer) => Some(layer.path.clone()),
            other => {
                self.misplaced(expr.span, "a layer or `self`", &other, frame);
                None
            }
        }
    }

    /// The symbol and the set of `legal(H)`: none where the expression is something else, and none within where it failed.
    fn legal_call(&mut self, expr: &Expr, frame: &Frame) -> Option<Option<(String, SizeSet)>> {
        let ExprKind::Call(callee, arguments) = &expr.kind else { return None };
        let (ExprKind::Name(name), [argument]) = (&callee.kind, arguments.as_slice()) else { return None };
        if name != "legal" {
            return None;
        }
        let ExprKind::Name(symbol) = &argument.value.kind else {
            self.error(Code::Untold, argument.value.span, "`legal` takes a free size, such as `H`");
            return Some(None);
        };
        let symbols: Vec<_> = self.graph.symbols.iter().map(|(symbol, _)| symbol.clone()).collect();
        if !symbols.iter().any(|known| known.as_str() == symbol) {
            self.unknown(symbol, argument.value.span, frame);
            return Some(None);
        }
        let legal = decide(&symbols, self.decided.get_mut().relations(&self.graph.conditions));
        let concerns = |relation: &&SizeRelation| relation.symbols().iter().any(|known| known.as_str() == symbol);
        if let Some(relation) = legal.undecided.iter().find(concerns) {
            let message = format!("the legal `{symbol}` are not decided: {relation} must hold too");
            self.error(Code::Untold, argument.value.span, message);
            return Some(None);
        }
        Some(legal.set(symbol).map(|set| (symbol.clone(), set.clone())))
    }

    fn legal_verdict(
        &mut self,
        expectation: &ast::Expectation,
        symbol: &str,
        found: SizeSet,
        frame: &mut Frame,
    ) -> Option<(bool, String)> {
        let described = found.describe(symbol);
        let expected = match (self.evaluate(&expectation.right, frame), &expectation.modulus) {
            (Value::Word(word), None) if word == "all" => SizeSet::all(),
            (Value::List(listed), modulus) => {
                let modulus = match modulus {
                    Some(modulus) => Some(self.whole(modulus, frame)?),
                    None => None,
                };
                let number = |value: &Value| match value {
                    Value::Int(n) => Some(*n),
                    _ => None,
                };
                let listed: Option<Vec<i64>> = listed.iter().map(number).collect();
                let set = listed.and_then(|listed| match modulus {
                    Some(modulus) => SizeSet::from_residues(&listed, modulus),
                    None => SizeSet::from_sizes(&listed),
                });
                let Some(set) = set else {
                    let message = "expected residues below the modulus, as in `[0, 29..31] mod 32`, or sizes above 0";
                    self.error(Code::Untold, expectation.right.span, message);
                    return None;
                };
                set
            }
            (Value::Poison, _) => return None,
            _ => {
                let message = "legal sizes are compared with `all`, residues such as `[0, 29..31] mod 32` or sizes such as `[32, 224]`";
                self.error(Code::Untold, expectation.right.span, message);
                return None;
            }
        };
        match expectation.relation.node {
            Relation::Equal => Some((found == expected, described)),
            Relation::NotEqual => Some((found != expected, described)),
            _ => {
                let message = "legal sizes are compared with `==` or `!=`";
                self.error(Code::Untold, expectation.relation.span, message);
                None
            }
        }
    }
}

/// A figure with its thousands set apart: `25_557_032`.
pub fn grouped(x: f64) -> String {
    if x.fract() != 0.0 || !x.is_finite() || x.abs() >= 1e18 {
        return x.to_string();
    }
    let digits = (x.abs() as u64).to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    if x < 0.0 { format!("-{text}") } else { text }
}
