//! From pairs to the rows of a network.

use super::ast::*;
use super::grammar::{Pair, Parts, Rule};
use super::reader::Reader;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::Spanned;

/// How many `else if` may follow one another; each nests in the one before it.
const MAX_BRANCHES: usize = 128;

impl<'s> Reader<'s> {
    /// The rows of a body.
    pub(super) fn rows(&mut self, body: Pair<'s>, depth: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut before = None;
        let whole = self.span(&body);
        for pair in Parts::of(body) {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::bad_row => self.unreadable(span, before, Rule::one_row),
                Rule::allow => {
                    let allow = self.allow(pair, whole);
                    rows.extend(allow.map(|allow| Row { kind: RowKind::Allow(allow), span }));
                }
                _ => rows.push(Row { kind: self.row(pair, depth), span }),
            }
            before = Some(span);
        }
        rows
    }

    fn row(&mut self, pair: Pair<'s>, depth: usize) -> RowKind {
        let rule = pair.as_rule();
        if rule == Rule::numerics {
            return RowKind::Numerics(self.arguments(pair, depth));
        }
        let mut parts = Parts::of(pair);
        match rule {
            Rule::input => RowKind::Input {
                name: self.name(parts.need(Rule::name), depth),
                shape: parts.optional(Rule::shape).map(|shape| self.shape(shape, depth)),
                image: parts.optional(Rule::image).map(|image| Spanned {
                    span: self.span(&image),
                    node: self.optional_arguments(&mut Parts::of(image), depth),
                }),
            },
            Rule::output => RowKind::Output(parts.map(|item| self.output(item, depth)).collect()),
            Rule::binding => RowKind::Let {
                name: self.word(parts.need(Rule::word)),
                value: self.expr(parts.need(Rule::expr), depth),
            },
            Rule::repeat => RowKind::For {
                variable: self.word(parts.need(Rule::word)),
                from: self.expr(parts.need(Rule::expr), depth),
                down: parts.optional(Rule::downward).is_some(),
                to: self.expr(parts.need(Rule::expr), depth),
                rows: self.rows(parts.need(Rule::body), depth + 1),
            },
            Rule::branch => self.branch(parts, depth),
            Rule::expect => RowKind::Expect(self.expectation(parts, depth)),
            Rule::ignore => RowKind::Ignore(parts.map(|name| self.template(name, depth)).collect()),
            Rule::map => RowKind::Map {
                name: self.name(parts.need(Rule::name), depth),
                value: self.expr(parts.need(Rule::expr), depth),
                shape: self.declared(&mut parts, depth),
            },
            _ => RowKind::Layer(self.layer(parts, depth)),
        }
    }

    fn layer(&mut self, mut parts: Parts<'s>, depth: usize) -> LayerRow {
        let kind = self.word(parts.need(Rule::word));
        let mut names = Vec::new();
        while let Some(name) = parts.optional(Rule::name) {
            names.push(self.name(name, depth));
        }
        let repeat = parts.optional(Rule::times).map(|times| self.expr(Parts::of(times).need(Rule::figure), depth));
        let mut channels: Vec<_> = match parts.optional(Rule::channels) {
            Some(channels) => self.exprs(channels, depth),
            None => Vec::new(),
        };
        LayerRow {
            kind,
            names,
            repeat,
            out: channels.pop(),
            input: channels.pop(),
            arguments: self.optional_arguments(&mut parts, depth),
            checkpoint: self.alias(&mut parts, depth),
        }
    }

    /// `if a { … } else if b { … } else { … }`: every `else if` is a row in the rows otherwise.
    fn branch(&mut self, parts: Parts<'s>, depth: usize) -> RowKind {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        let mut condition = None;
        for pair in parts {
            match (pair.as_rule(), condition.take()) {
                (Rule::body, Some(condition)) => arms.push((condition, pair)),
                (Rule::body, None) => otherwise = self.rows(pair, depth + 1),
                _ => condition = Some(pair),
            }
        }
        if arms.len() > MAX_BRANCHES {
            let span = self.span(&arms[MAX_BRANCHES].0);
            self.report(Diagnostic::error(
                Code::Brackets,
                span,
                format!("more than {MAX_BRANCHES} `else if` follow one another"),
            ));
            arms.truncate(MAX_BRANCHES);
        }
        let mut arms = arms.into_iter().rev().map(|(condition, body)| {
            let span = self.span(&condition).to(self.span(&body));
            let condition = self.expr(condition, depth);
            (span, condition, self.rows(body, depth + 1))
        });
        let (mut span, mut condition, mut then) = arms.next().expect("an `if` has an arm");
        for arm in arms {
            let end = otherwise.last().map_or(span, |row: &Row| row.span);
            let kind = RowKind::If { condition, then, otherwise };
            otherwise = vec![Row { kind, span: span.to(end) }];
            (span, condition, then) = arm;
        }
        RowKind::If { condition, then, otherwise }
    }

    fn expectation(&mut self, mut parts: Parts<'s>, depth: usize) -> Expectation {
        Expectation {
            left: self.expr(parts.need(Rule::figure), depth),
            relation: {
                let pair = parts.need(Rule::relation);
                Spanned { node: relation(pair.as_str()), span: self.span(&pair) }
            },
            right: self.expr(parts.need(Rule::figure), depth),
            modulus: self.clause(&mut parts, Rule::modulus, Rule::figure, depth),
            within: self.clause(&mut parts, Rule::within, Rule::figure, depth),
            at: self.sizes(&mut parts, depth),
            when: self.clause(&mut parts, Rule::when, Rule::expr, depth),
        }
    }

    /// An optional clause that holds one expression.
    fn clause(&mut self, parts: &mut Parts<'s>, clause: Rule, rule: Rule, depth: usize) -> Option<Expr> {
        let clause = parts.optional(clause)?;
        Some(self.expr(Parts::of(clause).need(rule), depth))
    }

    fn output(&mut self, pair: Pair<'s>, depth: usize) -> Output {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.name(parts.need(Rule::name), depth);
        let value = if let Some(value) = parts.optional(Rule::expr) {
            let value = self.expr(value, depth);
            OutputValue::Map(value, self.declared(&mut parts, depth))
        } else if let Some(list) = parts.optional(Rule::output_list) {
            OutputValue::List(Parts::of(list).map(|item| self.output(item, depth + 1)).collect())
        } else {
            OutputValue::Same
        };
        Output { name, value, span }
    }

    fn name(&mut self, pair: Pair<'s>, depth: usize) -> Name {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        Name {
            base: self.word(parts.need(Rule::word)),
            indices: parts.optional(Rule::index).map_or_else(Vec::new, |index| self.exprs(index, depth)),
            span,
        }
    }

    fn shape(&mut self, pair: Pair<'s>, depth: usize) -> ShapeExpr {
        ShapeExpr { span: self.span(&pair), axes: self.exprs(pair, depth) }
    }

    /// `-> [B, 128, 8, 16]`, where it is written.
    fn declared(&mut self, parts: &mut Parts<'s>, depth: usize) -> Option<ShapeExpr> {
        let declared = parts.optional(Rule::declared)?;
        Some(self.shape(Parts::of(declared).need(Rule::shape), depth))
    }

    /// `(gamma = 0.9)`, where it is written.
    pub(super) fn optional_arguments(&mut self, parts: &mut Parts<'s>, depth: usize) -> Vec<Argument> {
        match parts.optional(Rule::arguments) {
            Some(arguments) => self.arguments(arguments, depth),
            None => Vec::new(),
        }
    }

    /// `as "fpn"`, where it is written.
    pub(super) fn alias(&mut self, parts: &mut Parts<'s>, depth: usize) -> Option<Template> {
        let alias = parts.optional(Rule::alias)?;
        Some(self.template(Parts::of(alias).need(Rule::string), depth))
    }

    /// `at H = 224, W = 224`, where it is written.
    pub(super) fn sizes(&mut self, parts: &mut Parts<'s>, depth: usize) -> Vec<Argument> {
        match parts.optional(Rule::sizes) {
            Some(sizes) => self.arguments(sizes, depth),
            None => Vec::new(),
        }
    }
}

fn relation(sign: &str) -> Relation {
    match sign {
        "==" => Relation::Equal,
        "!=" => Relation::NotEqual,
        "<" => Relation::Less,
        "<=" => Relation::LessEqual,
        ">" => Relation::Greater,
        ">=" => Relation::GreaterEqual,
        _ => Relation::Close,
    }
}
