//! From a spec to the Rust module that `arch!` makes of it.
//!
//! [`expand`] is the macro: it reads what it was given (`invocation`), compiles the spec, and gives either the module
//! (`module`) or what was found, at the user's tokens (`report`). [`expand_spec`] gives the same module for a spec that
//! comes from no macro, as `neckar expand` prints it.

mod contract;
mod docs;
mod formula;
mod invocation;
mod locate;
mod maps;
mod module;
mod names;
mod report;
mod text;

use neckar_spec::check::Checked;
use neckar_spec::diagnostics::Severity;
use neckar_spec::syntax::ast::Network;
use neckar_spec::{Compilation, Library, Origin, compile};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use contract::Contract;
use invocation::{Body, Invocation};
use module::{Context, Naming};
use report::{Tokens, compile_error};
use text::Text;

/// What generated Rust calls a map, a list of outputs or a module: `p3_td` for `P3_td`, `r#final` for `final`.
pub fn field_name(name: &str) -> String {
    names::ident(&names::snake(name), Span::call_site()).to_string()
}

/// What generated Rust calls the network of an architecture.
pub fn struct_name(name: &str) -> String {
    names::ident(&names::camel(name), Span::call_site()).to_string()
}

/// The argument of `arch!` that names a checkpoint.
const WEIGHTS: &str = "weights";

/// Expands `arch!`: the path of the runtime crate, one token, then what the user wrote.
///
/// The result parses whatever was given: what is wrong is in it as compile errors.
pub fn expand(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.into_iter();
    let runtime: TokenStream = trees.next().into_iter().collect();
    match Invocation::parse(trees.collect()) {
        Ok(invocation) => invocation.expand(runtime),
        Err(misuse) => compile_error(misuse.spans, &format!("{}; see `neckar::arch`", misuse.message)),
    }
}

/// The module of a spec that no macro holds, for a crate that depends on `neckar` by this name.
///
/// `arch` and `settings` are those of [`compile`](compile()); `module` is the module's name where it is not that of the architecture.
///
/// # Errors
/// The compilation where it found an error; expectations that fail and names that clash in Rust are among its diagnostics,
/// also where the graph itself was checked.
// The caller shows the compilation, once a run.
#[allow(clippy::result_large_err)]
pub fn expand_spec(
    library: Library,
    arch: Option<&str>,
    settings: &[(String, String)],
    module: Option<&str>,
) -> Result<TokenStream, Compilation> {
    let source_name = library.sources.get(library.root_file()).name.clone();
    let mut compilation = compile(library, arch, settings);
    compilation.diagnostics.extend(compilation.failed_expectations());
    let failed = compilation.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let checked = match &compilation.checked {
        Some(checked) if !failed => checked,
        _ => return Err(compilation),
    };
    let naming = Naming::new(module.unwrap_or(&checked.graph().name), Span::call_site());
    let context = Context {
        runtime: quote!(::neckar),
        naming: &naming,
        sources: &compilation.sources,
        source_name: &source_name,
        at: &module::no_token,
    };
    match context.module(checked, TokenStream::new()) {
        Ok(tokens) => Ok(tokens),
        Err(collisions) => {
            compilation.diagnostics.extend(collisions);
            Err(compilation)
        }
    }
}

/// The checkpoint that a call of `arch!` names, by the tokens in its brackets; from the root of the package.
pub fn checkpoint(tokens: TokenStream) -> Option<String> {
    let invocation = Invocation::parse(tokens).ok()?;
    let (_, value) = invocation.settings.iter().find(|(name, _)| name == WEIGHTS)?;
    syn::parse_str::<syn::LitStr>(&value.text).ok().map(|path| path.value())
}

impl Invocation {
    fn expand(&self, runtime: TokenStream) -> TokenStream {
        let origin = self.origin();
        let library = match Library::load(origin.clone()) {
            Ok(library) => library,
            Err(error) => {
                let message = locate::unreadable(&error, &origin, self.written());
                let errors = compile_error(self.spans, &message);
                return match self.naming(None) {
                    Some(naming) => naming.wrap(TokenStream::new(), errors),
                    None => errors,
                };
            }
        };
        let root = library.root_file();
        let arch = self.arch.as_ref().map(Ident::to_string);
        // The name's token is asked for before the library is compiled away.
        let found = library.arch(arch.as_deref()).ok().or_else(|| library.archs().next().cloned());
        let weights = found.as_deref().and_then(|arch| self.weights(arch));
        let parameters = self.settings.iter().filter(|(name, _)| weights.is_none() || name != WEIGHTS);
        let settings: Vec<(String, String)> =
            parameters.map(|(name, value)| (name.to_string(), value.text.clone())).collect();
        let source_name = library.sources.get(root).name.clone();
        let compilation = compile(library, arch.as_deref(), &settings);

        let mut tokens = Tokens {
            sources: &compilation.sources,
            body: self.body.inline().map(|text| (root, text)),
            settings: &self.settings,
            spec: self.spans,
        };
        let name = found.map(|arch| (arch.name.node.clone(), tokens.name(Some(arch.name.span))));
        if let (Body::Inline(_), Some((_, span))) = (&self.body, &name) {
            // What is about a whole inline spec stands at its name.
            tokens.spec = (*span, *span);
        }
        let naming = self.naming(name);
        let mut diagnostics = compilation.diagnostics.clone();
        diagnostics.extend(compilation.failed_expectations());
        let lexer = self.body.inline().map(lexer_notes);
        let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let Some(naming) = naming else {
            return [Some(tokens.report(&diagnostics)), lexer].into_iter().flatten().collect();
        };
        let context = Context {
            runtime,
            naming: &naming,
            sources: &compilation.sources,
            source_name: &source_name,
            at: &|place| tokens.name(place),
        };
        let graph = compilation.partial.as_ref().or(compilation.checked.as_ref().map(|checked| checked.graph()));
        let module = match &compilation.checked {
            Some(checked) if !failed => {
                let held = weights.map(|written| self.hold(checked, written)).unwrap_or_default();
                let found = tokens.report(&diagnostics);
                context.module(checked, quote!(#found #held))
            }
            _ => Err(Vec::new()),
        };
        let module = module.unwrap_or_else(|collisions| {
            diagnostics.extend(collisions);
            context.skeleton(graph, tokens.report(&diagnostics))
        });
        quote!(#module #lexer)
    }

    /// The checkpoint that the network is held to, unless the architecture has a parameter of that name.
    fn weights(&self, arch: &Network) -> Option<&Text> {
        let is_parameter = arch.parameters.iter().any(|parameter| parameter.name.node == WEIGHTS);
        let (_, value) = self.settings.iter().find(|(name, _)| name == WEIGHTS && !is_parameter)?;
        Some(value)
    }

    /// Items that come of holding a network to a checkpoint: errors, or a constant and what cargo watches.
    fn hold(&self, checked: &Checked, value: &Text) -> TokenStream {
        let spans = value.spans(0..value.text.len()).unwrap_or(self.spans);
        let Ok(written) = syn::parse_str::<syn::LitStr>(&value.text) else {
            let message = "expected the path of a safetensors file, as in `weights = \"fpn.safetensors\"`";
            return compile_error(spans, message);
        };
        let package = locate::shown(&locate::package_root(self.spans.0));
        match contract::hold(checked, &written.value(), &package) {
            Err(message) => compile_error(spans, &message),
            Ok(Contract { watched, warnings }) => {
                let watched = watched.iter().map(|path| module::watched(path));
                let warnings = warnings.iter().map(|message| report::warning(spans.0, message));
                quote! {
                    /// The checkpoint that this network was held to, from the root of the package: all weights are in it by
                    /// their names, in their shapes and in a type that is read.
                    pub const WEIGHTS: &str = #written;
                    #(#watched)*
                    #(#warnings)*
                }
            }
        }
    }

    /// Where the library reads the spec.
    fn origin(&self) -> Origin {
        let root = || locate::package_root(self.spans.0);
        match &self.body {
            Body::Path(path) => Origin::Path(locate::shown(&root().join(path))),
            Body::Zoo(name) => Origin::Zoo(name.clone()),
            Body::Inline(Text { text, .. }) | Body::Literal(text) => {
                let folder = Some(locate::shown(&root()));
                let name = if let Body::Inline(_) = self.body { self.spans.0.file() } else { "string body".to_owned() };
                Origin::Text { name, text: text.clone(), folder }
            }
        }
    }

    /// What the user wrote to say which spec it is.
    fn written(&self) -> &str {
        match &self.body {
            Body::Path(written) | Body::Zoo(written) | Body::Literal(written) => written,
            Body::Inline(text) => &text.text,
        }
    }

    /// The name that the user gave, or that of the architecture; where the spec gives none, what it most likely is.
    fn naming(&self, arch: Option<(String, Span)>) -> Option<Naming> {
        if let Some(alias) = &self.alias {
            return Some(Naming::new(&unraw(alias), alias.span()));
        }
        if let Some((name, span)) = arch {
            return Some(Naming::new(&name, span));
        }
        let name = match (&self.arch, &self.body) {
            (Some(arch), _) => unraw(arch),
            (None, Body::Path(path)) => std::path::Path::new(path).file_stem()?.to_str()?.to_owned(),
            (None, Body::Zoo(name)) => name.clone(),
            (None, Body::Inline(Text { text, .. }) | Body::Literal(text)) => {
                let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
                words.find(|word| *word == "arch")?;
                words.next()?.to_owned()
            }
        };
        names::is_word(&name).then(|| Naming::new(&name, Span::call_site()))
    }
}

impl Body {
    fn inline(&self) -> Option<&Text> {
        match self {
            Body::Inline(text) => Some(text),
            Body::Path(_) | Body::Zoo(_) | Body::Literal(_) => None,
        }
    }
}

/// The word of an identifier, `final` of `r#final`.
fn unraw(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// What to do about the signs that Rust's lexer refuses, each once, beside the errors of the lexer itself.
fn lexer_notes(text: &Text) -> TokenStream {
    let mut signs = text.refused_signs();
    let mut seen = Vec::new();
    signs.retain(|(sign, _)| {
        !seen.contains(sign) && {
            seen.push(*sign);
            true
        }
    });
    signs.into_iter().map(|(sign, next)| lexer_note(sign, next)).collect()
}

fn lexer_note(sign: char, next: Span) -> TokenStream {
    let instead = match sign {
        '→' => "`->`",
        '⊕' => "`Concat(a, b)`",
        _ => "`x` or `*`",
    };
    let message = format!(
        "Rust's lexer reads an inline body and knows no `{sign}`: write {instead}, or put the spec in a string or a `.arch` file"
    );
    compile_error((next, next), &message)
}
