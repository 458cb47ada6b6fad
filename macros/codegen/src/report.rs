//! What was found in a spec, as compile errors and warnings at the user's tokens.

use neckar_spec::diagnostics::{Code, Diagnostic, Severity, render_one};
use neckar_spec::source::{FileId, Sources, Span as Place};
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote_spanned;

use crate::text::Text;

/// More than so many say no more.
const MOST: usize = 20;

/// A compile error under the tokens from the first to the last.
pub fn compile_error((first, last): (Span, Span), message: &str) -> TokenStream {
    // Rust underlines from the first span to the last. They stay the user's whole, or it would also name the macro.
    let mut literal = Literal::string(message);
    literal.set_span(last);
    let mut body = Group::new(Delimiter::Brace, TokenTree::from(literal).into());
    body.set_span(last);
    let mut tokens = quote_spanned!(first=> ::core::compile_error);
    let mut bang = Punct::new('!', Spacing::Alone);
    bang.set_span(first);
    tokens.extend([TokenTree::from(bang), body.into()]);
    tokens
}

/// A warning under a token. Stable Rust lets a macro warn only by the use of something deprecated.
pub fn warning(token: Span, message: &str) -> TokenStream {
    let name = Ident::new("neckar", token);
    quote_spanned! {Span::call_site()=>
        const _: () = {
            #[deprecated(note = #message)]
            macro_rules! #name { () => {} }
            #name! {}
        };
    }
}

/// From places in a spec to tokens.
pub struct Tokens<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// An inline body.
    pub body: Option<(FileId, &'a Text)>,
    /// The values of parameters.
    pub settings: &'a [(Ident, Text)],
    /// The tokens that say which spec it is.
    pub spec: (Span, Span),
}

impl Tokens<'_> {
    /// The first and the last token of a place; none for a place in a file.
    fn of(&self, place: Place) -> Option<(Span, Span)> {
        let range = place.start as usize..place.end as usize;
        if let Some((body, text)) = self.body
            && place.file == body
        {
            return text.spans(range);
        }
        self.setting(place).and_then(|(_, text)| text.spans(range))
    }

    /// The setting whose value holds a place.
    fn setting(&self, place: Place) -> Option<&(Ident, Text)> {
        let source = self.sources.get(place.file);
        let name = source.name.strip_prefix("--set ").filter(|_| source.path.is_none())?;
        self.settings.iter().find(|(setting, _)| setting == name)
    }

    /// A parameter that there is not is wrong by its name, though only its value has a place in the spec.
    fn with_name(&self, place: Place, code: Code, spans: (Span, Span)) -> (Span, Span) {
        match self.setting(place) {
            Some((name, _)) if code == Code::UnknownArgument => (name.span(), spans.1),
            _ => spans,
        }
    }

    /// The token that a name in the spec has, where it is one of the user's.
    pub fn name(&self, place: Option<Place>) -> Span {
        place.and_then(|place| self.of(place)).map_or_else(Span::call_site, |(first, _)| first)
    }

    /// All findings, errors and warnings, up to a number.
    pub fn report(&self, diagnostics: &[Diagnostic]) -> TokenStream {
        let mut tokens: TokenStream =
            diagnostics.iter().take(MOST).map(|diagnostic| self.finding(diagnostic)).collect();
        if diagnostics.len() > MOST {
            let more = format!("{} more findings are not shown", diagnostics.len() - MOST);
            let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
            tokens.extend(if failed { compile_error(self.spec, &more) } else { warning(self.spec.0, &more) });
        }
        tokens
    }

    fn finding(&self, diagnostic: &Diagnostic) -> TokenStream {
        let (spans, message) = match diagnostic.span.map(|place| (place, self.of(place))) {
            Some((place, Some(spans))) => (self.with_name(place, diagnostic.code, spans), self.message(diagnostic)),
            // An excerpt of the file stands in the message, since only tokens can be underlined.
            Some((_, None)) => (self.spec, excerpt(self.sources, diagnostic)),
            None => (self.spec, self.message(diagnostic)),
        };
        match diagnostic.severity {
            Severity::Error => compile_error(spans, &message),
            Severity::Warning => warning(spans.0, &message),
        }
    }

    /// A message beneath which the compiler shows the place itself.
    fn message(&self, diagnostic: &Diagnostic) -> String {
        let mut message = format!("[{}] {}", diagnostic.code, diagnostic.message);
        if !diagnostic.message.contains(&diagnostic.label) {
            message += &format!("\n  here: {}", diagnostic.label);
        }
        for (place, label) in &diagnostic.related {
            message += &format!("\n  {}: {label}", self.line_column(*place));
        }
        for note in &diagnostic.notes {
            message += &format!("\n  note: {note}");
        }
        for hint in &diagnostic.hints {
            message += &format!("\n  help: {hint}");
        }
        message
    }

    fn line_column(&self, place: Place) -> String {
        match self.of(place) {
            Some((first, _)) => {
                let start = first.start();
                format!("{}:{}:{}", first.file(), start.line, start.column + 1)
            }
            None => {
                let source = self.sources.get(place.file);
                let (line, column) = source.line_column(place.start);
                format!("{}:{line}:{column}", source.name)
            }
        }
    }
}

/// `[NK0102] …` with the lines of the file; the compiler itself writes `error` before it.
fn excerpt(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let text = render_one(sources, diagnostic);
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    text.strip_prefix(level).unwrap_or(&text).replacen("]: ", "] ", 1)
}
