//! `neckar ops`.

use neckar_spec::diagnostics::nearest;
use neckar_spec::ops::{Signature, signature, signatures};

use crate::arguments::Ops;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Lists the operators, or prints the page on one.
pub fn ops(arguments: &Ops, terminal: &Terminal) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let mut all: Vec<&Signature> = signatures().collect();
        all.sort_by_key(|signature| signature.page_name());
        let lines = all.iter().map(|signature| {
            let head = signature.head();
            let (name, rest) = head.split_at(signature.name().len());
            format!("{}{rest}\n    {}\n", terminal.strong(name), signature.summary())
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
    let page = signature.page();
    let (heading, body) = page.split_once('\n').unwrap_or((&page, ""));
    terminal.print(&format!("{}\n{body}", terminal.strong(heading)))
}
