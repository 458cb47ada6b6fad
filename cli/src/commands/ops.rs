//! `neckar ops`.

use neckar_spec::diagnostics::nearest;
use neckar_spec::ops::{Argument, Operands, Out, Signature, signature, signatures};

use crate::arguments::Ops;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Lists the operators, or explains one.
pub fn ops(arguments: &Ops, terminal: &Terminal) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let mut all: Vec<&Signature> = signatures().collect();
        all.sort_by_key(|signature| signature.names);
        let lines = all.iter().map(|signature| {
            let names: Vec<&str> = signature.arguments.iter().map(|argument| argument.name).collect();
            format!("{}\n    {}\n", headed(signature, &names, terminal), first_sentence(signature.doc))
        });
        return terminal.print(&lines.collect::<String>());
    };
    let signature = signature(name).ok_or_else(|| {
        let hint = match nearest(name, signatures().flat_map(|signature| signature.names).copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`neckar ops` lists them".to_owned(),
        };
        Failure::usage(format!("there is no operator `{name}`; {hint}"))
    })?;
    terminal.print(&detail(signature, terminal))
}

/// `conv(x) -> out (kernel, stride, …)`.
fn headed(signature: &Signature, arguments: &[impl AsRef<str>], terminal: &Terminal) -> String {
    let name = signature.names.first().copied().unwrap_or_default();
    let operands = match signature.operands {
        Operands::Exactly(1) => "x".to_owned(),
        Operands::Exactly(n) => (1..=n).map(|i| format!("x{i}")).collect::<Vec<_>>().join(", "),
        Operands::AtLeast(n) => (1..=n).map(|i| format!("x{i}")).chain(["…".to_owned()]).collect::<Vec<_>>().join(", "),
    };
    let out = match signature.out {
        Out::Required => " -> out",
        Out::Optional => " [-> out]",
        Out::None => "",
    };
    let arguments = arguments.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    let arguments = if arguments.is_empty() { String::new() } else { format!(" ({arguments})") };
    format!("{}({operands}){out}{arguments}", terminal.strong(name))
}

fn written(argument: &Argument) -> String {
    let Argument { name, ty, default } = argument;
    if default.is_empty() { format!("{name}: {ty}") } else { format!("{name}: {ty} = {default}") }
}

fn detail(signature: &Signature, terminal: &Terminal) -> String {
    let arguments: Vec<String> = signature.arguments.iter().map(written).collect();
    let mut text = format!("{}\n", headed(signature, &arguments, terminal));
    if signature.names.len() > 1 {
        text += &format!("also {}\n", signature.names[1..].join(", "));
    }
    text += &format!("\n{}\n", signature.doc.trim());
    let width = signature.arguments.iter().map(|argument| argument.name.len()).max().unwrap_or(0);
    for (i, Argument { name, ty, default }) in signature.arguments.iter().enumerate() {
        let default = if default.is_empty() { "required".to_owned() } else { format!("default {default}") };
        text += &format!("{}  {name:width$}  {ty}, {default}\n", if i == 0 { "\n" } else { "" });
    }
    text
}

/// A doc's first sentence: up to a period that ends a line or stands before a space and a capital.
fn first_sentence(doc: &str) -> String {
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let ends = doc.match_indices(". ").find(|(at, _)| doc[at + 2..].starts_with(char::is_uppercase));
    ends.map_or(doc.as_str(), |(at, _)| &doc[..=at]).to_owned()
}
