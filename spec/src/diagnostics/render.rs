//! Diagnostics as text, with the lines that they are about.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Fix, FixScope, Severity};
use crate::source::{FileId, Source, Sources, Span};

/// Diagnostics as plain text, one after the other with an empty line between them.
pub fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    all(sources, diagnostics, &plain())
}

/// As [`render`], with the colours of a terminal.
pub fn render_colored(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    all(sources, diagnostics, &Renderer::styled().decor_style(DecorStyle::Ascii))
}

/// One diagnostic as plain text without a final newline, as a compile error's message carries it.
pub fn render_one(sources: &Sources, diagnostic: &Diagnostic) -> String {
    one(sources, diagnostic, &plain())
}

fn plain() -> Renderer {
    Renderer::plain().decor_style(DecorStyle::Ascii)
}

fn all(sources: &Sources, diagnostics: &[Diagnostic], renderer: &Renderer) -> String {
    let texts: Vec<_> = diagnostics.iter().map(|diagnostic| one(sources, diagnostic, renderer) + "\n").collect();
    texts.join("\n")
}

fn one(sources: &Sources, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title).elements(snippets(sources, diagnostic));
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for hint in &diagnostic.hints {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    if let Some(fix) = &diagnostic.fix {
        group = group.element(Level::HELP.message(offer(sources, fix)));
    }
    renderer.render(&[group])
}

/// What a fix does and what applies it. The command cannot change an inline body, so of that nothing is said.
fn offer(sources: &Sources, fix: &Fix) -> String {
    let command = match fix.scope {
        FixScope::Certain => "neckar check --fix",
        FixScope::Shapes => "neckar check --fix=shapes",
    };
    let in_files = fix.edits.iter().all(|(span, _)| sources.get(span.file).path.is_some());
    let applied = if in_files { format!(", applied by `{command}`") } else { String::new() };
    format!("fix: {}{applied}", fix.title)
}

/// Bytes of a line that is shown: longer ones are no text for people, and slow to lay out.
const LONGEST_LINE: usize = 1 << 12;

/// A snippet a file: the primary one first, then the others in the order in which they are named.
fn snippets<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Vec<Element<'a>> {
    let primary = diagnostic.span.map(|span| (AnnotationKind::Primary, span, diagnostic.label.as_str()));
    let related = diagnostic.related.iter().map(|(span, label)| (AnnotationKind::Context, *span, label.as_str()));
    if let Some(span) = diagnostic.span
        && diagnostic.spans().any(|span| is_in_long_line(sources.get(span.file), span))
    {
        let source = sources.get(span.file);
        let (line, column) = source.line_column(span.start);
        return vec![Origin::path(source.name.as_str()).line(line).char_column(column).into()];
    }
    let mut files: Vec<(FileId, Snippet<'a, _>)> = Vec::new();
    for (kind, span, label) in primary.into_iter().chain(related) {
        let source = sources.get(span.file);
        let shown = shown(source, diagnostic, span.file);
        let place = range(source, span);
        let mut annotation = kind.span(place.start - shown.start..place.end - shown.start);
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        let at = files.iter().position(|(file, _)| *file == span.file).unwrap_or_else(|| {
            let snippet = Snippet::source(&source.text[shown.clone()]).path(source.name.as_str());
            let snippet = snippet.line_start(source.line_column(shown.start as u32).0);
            files.push((span.file, snippet));
            files.len() - 1
        });
        let (file, snippet) = files.swap_remove(at);
        files.push((file, snippet.annotation(annotation)));
        let last = files.len() - 1;
        files.swap(at, last);
    }
    files.into_iter().map(|(_, snippet)| snippet.into()).collect()
}

/// The lines of a file that hold all places of a diagnostic: what is rendered is read whole, and files are long.
fn shown(source: &Source, diagnostic: &Diagnostic, file: FileId) -> std::ops::Range<usize> {
    let places = diagnostic.spans().filter(|span| span.file == file).map(|span| range(source, span));
    let (start, end) =
        places.fold((source.text.len(), 0), |(start, end), place| (place.start.min(start), place.end.max(end)));
    source.lines(start..end.max(start))
}

fn is_in_long_line(source: &Source, span: Span) -> bool {
    let place = range(source, span);
    [place.start, place.end].into_iter().any(|at| source.lines(at..at).len() > LONGEST_LINE)
}

/// The bytes of a span, within the text.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let end = (span.end as usize).min(source.text.len());
    (span.start as usize).min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;

    fn span(file: FileId, start: u32, end: u32) -> Span {
        Span { file, start, end }
    }

    #[test]
    fn places_labels_notes_and_hints() {
        let mut sources = Sources::default();
        let neck = sources.add("neck.arch", None, "arch A {\n    P5 = L5(B4) → [B, 64]\n\n    y = P5\n}\n");
        let other = sources.add("zoo::resnet", None, "block C {\r\n    output C3\r\n}\r\n");
        let diagnostic = Diagnostic::error(Code::DeclaredShape, span(neck, 29, 36), "expected 32 channels")
            .label("declared here")
            .related(span(neck, 42, 48), "used here")
            .related(span(other, 22, 24), "decided here")
            .note("the rows agree elsewhere")
            .hint("write `[B, 32]`");
        let expected = "\
error[NK0201]: expected 32 channels
 --> neck.arch:2:19
  |
2 |     P5 = L5(B4) → [B, 64]
  |                   ^^^^^^^ declared here
3 |
4 |     y = P5
  |     ------ used here
  |
 ::: zoo::resnet:2:12
  |
2 |     output C3
  |            -- decided here
  |
  = note: the rows agree elsewhere
  = help: write `[B, 32]`";
        assert_eq!(render_one(&sources, &diagnostic), expected);
        let twice = render(&sources, &[diagnostic.clone(), diagnostic.clone()]);
        assert_eq!(twice, format!("{expected}\n\n{expected}\n"));
        let colored = render_colored(&sources, &[diagnostic]);
        assert!(colored.contains("\u{1b}[") && colored.contains("expected 32 channels"));
    }

    #[test]
    fn no_place() {
        let diagnostic = Diagnostic::warning(Code::NoArch, None, "no network here").hint("write `arch A { }`");
        let text = render(&Sources::default(), &[diagnostic]);
        assert_eq!(text, "warning[NK0005]: no network here\n |\n = help: write `arch A { }`\n");
        let bare = Diagnostic::error(Code::NoArch, None, "no network here");
        assert_eq!(render_one(&Sources::default(), &bare), "error[NK0005]: no network here");
    }

    #[test]
    fn the_end_of_a_text() {
        let mut sources = Sources::default();
        let file = sources.add("a.arch", None, "");
        let text = render_one(&sources, &Diagnostic::error(Code::Syntax, span(file, 0, 9), "nothing here"));
        assert!(text.starts_with("error[NK0001]: nothing here\n --> a.arch:1:1"), "{text}");
    }
}
