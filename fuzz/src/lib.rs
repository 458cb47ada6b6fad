//! What has to hold of any text at all. The fuzz targets and the replay of what they found check the same properties.

use neckar_spec::diagnostics::{Diagnostic, Severity, render};
use neckar_spec::format::{FormatError, format};
use neckar_spec::program::validate;
use neckar_spec::source::{Sources, Span};
use neckar_spec::{Compilation, Library, Lowering, Origin, Program, compile, lower};
use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};

/// A text becomes a network or findings that have a place; a network becomes a program, which survives its bytes.
pub fn text_to_program(text: &str) {
    let Some(compilation) = compiled(text) else { return };
    let failed = compilation.failed_expectations();
    for diagnostic in compilation.diagnostics.iter().chain(&failed) {
        places(diagnostic, &compilation.sources);
    }
    // All of them are rendered one by one, and few are enough to see that.
    let shown: Vec<Diagnostic> = compilation.diagnostics.iter().chain(&failed).take(8).cloned().collect();
    render(&compilation.sources, &shown);
    let error = compilation.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(error, compilation.checked.is_none(), "a network is checked exactly where nothing is wrong");
    let Some(checked) = &compilation.checked else { return };
    for keep_rows in [false, true] {
        let program = lower(checked, Lowering { keep_rows, ..Lowering::default() });
        assert_eq!(validate(&program), Ok(()));
        let _ = program.to_string();
        assert_eq!(Program::from_bytes(&program.to_bytes()), Ok(program));
    }
}

/// A text that follows the grammar is formatted; then it has the same signs, gives the same program, and is settled.
pub fn formatted(text: &str) {
    let once = match layout(text) {
        Ok(once) => once,
        Err(FormatError::Syntax(diagnostics)) => return assert!(!diagnostics.is_empty(), "refused without a reason"),
        Err(FormatError::Fault(fault)) => panic!("{fault}"),
    };
    let signs = |text: &str| text.chars().filter(|sign| !sign.is_whitespace()).collect::<String>();
    assert_eq!(signs(text.strip_prefix('\u{feff}').unwrap_or(text)), signs(&once), "more than blanks changed");
    match layout(&once) {
        Ok(twice) => assert_eq!(once, twice, "it does not settle"),
        Err(error) => panic!("what was formatted is refused: {error:?}"),
    }
    assert_eq!(program(text), program(&once), "another program");
}

/// What the macro makes of a text is Rust, be it tokens or a string.
pub fn expanded(text: &str) {
    let runtime = || TokenTree::Group(Group::new(Delimiter::None, "::neckar".parse().expect("a path")));
    let bodies = [text.parse::<TokenStream>().ok(), Some(TokenTree::Literal(Literal::string(text)).into())];
    for body in bodies.into_iter().flatten() {
        let call: TokenStream = [TokenStream::from(runtime()), body].into_iter().collect();
        let module = neckar_codegen::expand(call).to_string();
        if let Err(error) = syn::parse_file(&module) {
            panic!("the expansion is no Rust: {error}\n{module}");
        }
    }
    // The texts of all tokens are kept for their spans, for as long as the thread lives.
    proc_macro2::extra::invalidate_current_thread_spans();
}

/// The first architecture of a text; none where the text is refused as a whole.
fn compiled(text: &str) -> Option<Compilation> {
    let library = Library::load(Origin::Text { name: "text".into(), text: text.into(), folder: None }).ok()?;
    let arch = library.archs().next().map(|arch| arch.name.node.clone());
    Some(compile(library, arch.as_deref(), &[]))
}

/// The program of a text without the texts of its rows, which are as written.
fn program(text: &str) -> Option<Program> {
    let mut program = lower(&compiled(text)?.checked?, Lowering::default());
    program.rows.iter_mut().for_each(|row| row.text.clear());
    Some(program)
}

fn layout(text: &str) -> Result<String, FormatError> {
    let mut sources = Sources::default();
    let file = sources.add("text", None, text);
    format(&sources, file)
}

/// Every place of a finding is one: it lies within its text, between characters.
fn places(diagnostic: &Diagnostic, sources: &Sources) {
    let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|(span, _)| span);
    let spans = diagnostic.span.iter().chain(diagnostic.related.iter().map(|(span, _)| span)).chain(edits);
    for &Span { file, start, end } in spans {
        let text = &sources.get(file).text;
        let place = text.get(start as usize..end as usize);
        assert!(place.is_some(), "{start}..{end} is no place of a text of {} bytes: {diagnostic:?}", text.len());
    }
}
