//! Text to syntax tree.
//!
//! [`parse`] first scans the brackets and mends those that are not balanced, then runs the grammar of `grammar.pest`, and
//! makes the tree of [`ast`] from its pairs. A stretch that is no row, or no item, costs one error; the rows around it are read all the same. Nothing of
//! the parser generator is seen outside.

mod allow;
pub mod ast;
mod brackets;
mod errors;
mod expressions;
mod grammar;
mod items;
mod reader;
mod repair;
mod rows;
#[cfg(test)]
mod tests;

use pest::Parser;

use crate::bounds;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{FileId, Sources, Span};
use grammar::{Grammar, Rule};
use reader::Reader;

/// The tree of one text and every syntax error in it, in the order of their places.
///
/// The tree holds all that could be read. Brackets that nest too deeply, or that cannot be mended, leave it empty.
pub fn parse(sources: &Sources, file: FileId) -> (ast::File, Vec<Diagnostic>) {
    let text = sources.get(file).text.as_str();
    if text.len() > bounds::TEXT {
        return (ast::File::default(), vec![too_long(file)]);
    }
    match brackets::scan(text, file) {
        Ok(comments) => bounds::with_stack(|| read(Reader::new(file, text, comments))),
        Err(faults) => {
            let mut diagnostics = faults.diagnostics;
            let mut tree = ast::File::default();
            if let Some(repaired) = &faults.repaired {
                let (rest, found) = bounds::with_stack(|| read(Reader::repaired(file, text, repaired)));
                diagnostics.extend(found);
                tree = rest;
            }
            diagnostics.sort_by_key(|diagnostic| diagnostic.span);
            (tree, diagnostics)
        }
    }
}

fn read(mut reader: Reader<'_>) -> (ast::File, Vec<Diagnostic>) {
    let (file, text) = (reader.file, reader.text);
    match Grammar::parse(Rule::file, text) {
        Ok(mut pairs) => {
            let tree = reader.file(pairs.next().expect("a parse has a root"));
            let mut diagnostics = reader.diagnostics;
            diagnostics.sort_by_key(|diagnostic| diagnostic.span);
            (tree, diagnostics)
        }
        Err(error) => {
            let whole = Span { file, start: 0, end: text.len() as u32 };
            (ast::File::default(), vec![errors::syntax_error(text, whole, Rule::file, &error)])
        }
    }
}

/// The expression that a whole text is, such as the value of a setting.
///
/// # Errors
/// When it is none.
pub fn parse_expression(sources: &Sources, file: FileId) -> Result<ast::Expr, Vec<Diagnostic>> {
    let text = sources.get(file).text.as_str();
    if text.len() > bounds::TEXT {
        return Err(vec![too_long(file)]);
    }
    let comments = brackets::scan(text, file).map_err(|faults| faults.diagnostics)?;
    let mut reader = Reader::new(file, text, comments);
    let expr = bounds::with_stack(|| reader.nested_expr(0, text.len(), 0));
    expr.ok_or(reader.diagnostics)
}

fn too_long(file: FileId) -> Diagnostic {
    let message = format!("the text holds more than {} MiB", bounds::TEXT >> 20);
    let hint = "split it into files that import one another";
    Diagnostic::error(Code::TooLarge, Span { file, start: 0, end: 0 }, message).hint(hint)
}
