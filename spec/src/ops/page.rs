//! The page on an operator, as `neckar ops NAME` prints it and `docs/operators/` holds it.

use super::{Argument, Operands, Out, Signature, arguments};

/// What a page says besides the signature. Sizes are of the operands: `[B, C, H, W]`; H′ and W′ are the result's.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The result's shape, and what must hold of the operands'.
    pub shape: &'static str,
    /// Its weights with their shapes and how they start.
    pub weights: &'static str,
    /// Multiply-accumulates of one run.
    pub macs: &'static str,
    /// What a cell of the result depends on.
    pub field: &'static str,
    /// The instruction that it becomes; names of [`Instr`](crate::program::Instr) and
    /// [`Epilogue`](crate::program::Epilogue) in backquotes.
    pub lowering: &'static str,
    /// What is done at borders, with NaN and where definitions differ.
    pub numerics: &'static str,
    /// Where it is defined.
    pub source: &'static str,
    /// A whole spec that uses it.
    pub example: &'static str,
}

impl Page {
    /// An operator without weights or multiply-accumulates that reads cell by cell.
    pub(super) const CELLWISE: Page = Page {
        shape: "that of the operand",
        weights: "none",
        macs: "none",
        field: "that of the operand",
        lowering: "",
        numerics: "",
        source: "",
        example: "",
    };
}

impl Signature {
    /// The name that stands for the operator in lists.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// The name of its page: `conv`, `up2`.
    pub fn page_name(&self) -> String {
        let in_small = |name: &&&str| name.chars().all(|c| !c.is_uppercase());
        self.names.iter().find(in_small).map_or_else(|| self.name().to_lowercase(), |name| (*name).to_owned())
    }

    /// What it does, in a line.
    pub fn summary(&self) -> &'static str {
        self.doc.split([';', '.']).next().unwrap_or_default()
    }

    /// `conv(x) -> out (kernel, stride, …)`.
    pub fn head(&self) -> String {
        let operands = match self.operands {
            Operands::Exactly(1) => "x".to_owned(),
            Operands::Exactly(n) => (1..=n).map(|i| format!("x{i}")).collect::<Vec<_>>().join(", "),
            Operands::AtLeast(n) => (1..=n).map(|i| format!("x{i}, ")).collect::<String>() + "…",
        };
        let out = match self.out {
            Out::Required => " -> out",
            Out::Optional => " [-> out]",
            Out::None => "",
        };
        let arguments: Vec<&str> = self.arguments.iter().map(|argument| argument.name).collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!(" ({})", arguments.join(", ")) };
        format!("{}({operands}){out}{arguments}", self.name())
    }

    /// The page, in Markdown.
    pub fn page(&self) -> String {
        let Page { shape, weights, macs, field, lowering, numerics, source, example } = self.page;
        let mut text = format!("# {}\n\n    {}\n\n{}.\n", self.name(), self.head(), sentence(self.doc));
        if let [_, others @ ..] = self.names
            && !others.is_empty()
        {
            text += &format!("Also written `{}`.\n", others.join("`, `"));
        }
        if !self.arguments.is_empty() {
            text += "\n| argument | type | default | bounds |\n|---|---|---|---|\n";
        }
        for argument in self.arguments {
            let Argument { name, ty, default, .. } = argument;
            let default = if default.is_empty() { "must be given" } else { default };
            text += &format!("| `{name}` | {} | {default} | {} |\n", ty.replace('|', "or"), argument.bounds());
        }
        text += &format!(
            "\n- **Shape**: {shape}\n- **Weights**: {weights}\n- **MACs**: {macs}\n- **Receptive field**: {field}\n\
             - **Lowered to**: {lowering}\n- **Numerics**: {numerics}\n- **Source**: {source}\n\n```arch\n{example}```\n"
        );
        text
    }
}

impl Argument {
    fn bounds(&self) -> String {
        let range = self.least.map(|least| format!("{least} to 2^{}", arguments::GREATEST.ilog2()));
        let note = (!self.note.is_empty()).then(|| self.note.to_owned());
        [range, note].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// With a capital at its start, where a word and no formula stands there.
fn sentence(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    match word.chars().next() {
        Some(first) if word.len() > 1 && word.chars().all(|c| c.is_alphabetic() || c == '-') => {
            first.to_uppercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{Arguments, GREATEST, Numerics};
    use super::super::{build, signatures};
    use super::*;
    use crate::diagnostics::Code;
    use crate::source::{FileId, Span};
    use crate::value::Value;

    /// Whether an operator refuses a number for an argument as out of range.
    fn refuses(signature: &Signature, argument: &Argument, n: i64) -> bool {
        let span = Span { file: FileId(0), start: 0, end: 0 };
        let mut diagnostics = Vec::new();
        let mut arguments = Arguments {
            subject: "it".into(),
            span,
            out: Some(8),
            numerics: &Numerics::default(),
            values: vec![(argument.name.into(), Value::Int(n), span)],
            diagnostics: &mut diagnostics,
            poisoned: false,
        };
        build(signature, &mut arguments);
        let head = format!("`{}` of it is {n}, expected", argument.name);
        diagnostics.iter().any(|found| found.code == Code::OutOfRange && found.message.starts_with(&head))
    }

    #[test]
    fn bounds_are_those_that_hold() {
        for signature in signatures() {
            for argument in signature.arguments {
                let name = format!("{} of {}", argument.name, signature.name());
                assert_eq!(argument.least.is_some(), argument.ty.starts_with("int"), "{name}");
                let Some(least) = argument.least else { continue };
                assert!(refuses(signature, argument, least - 1) && !refuses(signature, argument, least), "{name}");
                // One of two neighbours is odd, which some ask for.
                let reaches = [GREATEST, GREATEST - 1].into_iter().any(|n| !refuses(signature, argument, n));
                assert!(refuses(signature, argument, GREATEST + 1) && reaches, "{name}");
            }
        }
    }
}
