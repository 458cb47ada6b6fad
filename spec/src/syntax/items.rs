//! From pairs to the items of a text: imports, numerics, kinds, networks.

use super::ast::*;
use super::expressions::number;
use super::grammar::{Pair, Parts, Rule};
use super::reader::Reader;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::Spanned;

impl<'s> Reader<'s> {
    pub(super) fn file(&mut self, pair: Pair<'s>) -> File {
        let mut file = File::default();
        let mut before = None;
        for item in Parts::of(pair) {
            let span = self.span(&item);
            match item.as_rule() {
                Rule::import => file.imports.extend(self.import(item)),
                Rule::numerics => file.numerics.extend(self.arguments(item, 0)),
                Rule::kind => file.kinds.push(self.kind(item)),
                Rule::network => file.networks.push(self.network(item)),
                Rule::allow => file.allows.extend(self.allow(item, self.place(0, self.text.len()))),
                _ => self.unreadable(span, before, Rule::one_item),
            }
            before = Some(span);
        }
        file
    }

    fn import(&mut self, pair: Pair<'s>) -> Option<Import> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let target = match parts.optional(Rule::string) {
            Some(path) => {
                let quoted = path.as_str();
                let path = &quoted[1..quoted.len() - 1];
                ImportTarget::Path(path.replace("\\\"", "\"").replace("\\\\", "\\"))
            }
            None => {
                let mut words = Parts::of(parts.need(Rule::zoo));
                let space = self.word(words.need(Rule::word));
                if space.node != "zoo" {
                    let message = format!("expected `zoo`, found `{}`", space.node);
                    self.report(
                        Diagnostic::error(Code::Syntax, space.span, message)
                            .hint("an import is `use \"file.arch\"` or `use zoo::NAME`"),
                    );
                    return None;
                }
                ImportTarget::Zoo(self.word(words.need(Rule::word)).node)
            }
        };
        Some(Import { target, span })
    }

    fn kind(&mut self, pair: Pair<'s>) -> Kind {
        let mut parts = Parts::of(pair);
        Kind {
            name: self.word(parts.need(Rule::word)),
            parameters: self.parameters(&mut parts),
            parts: parts.map(|part| self.part(part)).collect(),
        }
    }

    fn part(&mut self, pair: Pair<'s>) -> Part {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let first = self.word(parts.need(Rule::word));
        let (name, kind) = match parts.optional(Rule::word) {
            Some(kind) => (Some(first), self.word(kind)),
            None => (None, first),
        };
        Part {
            name,
            kind,
            out: parts.optional(Rule::figure).map(|out| self.expr(out, 0)),
            arguments: self.optional_arguments(&mut parts, 0),
            span,
        }
    }

    fn network(&mut self, pair: Pair<'s>) -> Network {
        let span = self.span(&pair);
        let is_arch = pair.as_str().starts_with("arch");
        let mut parts = Parts::of(pair);
        Network {
            is_arch,
            name: self.word(parts.need(Rule::word)),
            parameters: self.parameters(&mut parts),
            prefix: self.alias(&mut parts, 0),
            at: self.sizes(&mut parts, 0),
            rows: self.rows(parts.need(Rule::body), 0),
            doc: doc_before(&self.text[..span.start as usize]),
            span,
        }
    }

    fn parameters(&mut self, parts: &mut Parts<'s>) -> Vec<Parameter> {
        let parameters = parts.optional(Rule::parameters).map(Parts::of);
        parameters.into_iter().flatten().map(|parameter| self.parameter(parameter)).collect()
    }

    fn parameter(&mut self, pair: Pair<'s>) -> Parameter {
        let mut parts = Parts::of(pair);
        Parameter {
            name: self.word(parts.need(Rule::word)),
            ty: parts.optional(Rule::ty).map(|ty| self.ty(ty)),
            default: parts.optional(Rule::expr).map(|default| self.expr(default, 0)),
        }
    }

    fn ty(&mut self, pair: Pair<'s>) -> Type {
        let span = self.span(&pair);
        let list = pair.as_str().starts_with('[');
        let alternatives =
            Parts::of(pair).map(|choice| Spanned { span: self.span(&choice), node: alternative(choice) }).collect();
        Type { alternatives, list, span }
    }
}

fn alternative(choice: Pair<'_>) -> Alternative {
    let written = choice.as_str();
    match number(written.trim_end()) {
        Some(ExprKind::Int(value)) => Alternative::Number(value as f64),
        Some(ExprKind::Float(value)) => Alternative::Number(value),
        _ => Alternative::Word(written.to_owned()),
    }
}

/// The `///` lines directly before a place, joined.
fn doc_before(text: &str) -> String {
    let blanks = text.trim_end_matches(|c: char| c.is_whitespace() && c != '\n');
    let Some(above) = blanks.strip_suffix('\n') else { return String::new() };
    let lines = above.rsplit('\n').map(str::trim);
    let mut doc: Vec<_> =
        lines.map_while(|line| line.strip_prefix("///")).map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    doc.reverse();
    doc.join("\n")
}
