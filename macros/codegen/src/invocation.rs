//! What `arch!` was given.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::text::{Text, flatten};

/// What `arch!` was given, after `$crate`.
pub struct Invocation {
    /// The spec.
    pub body: Body,
    /// The architecture, where one is chosen.
    pub arch: Option<Ident>,
    /// The module's name, where another one is given.
    pub alias: Option<Ident>,
    /// Parameters and the tokens of their values.
    pub settings: Vec<(Ident, Text)>,
    /// The first and the last token that say which spec it is.
    pub spans: (Span, Span),
}

/// Where the spec is.
pub enum Body {
    /// In a file; the path as written.
    Path(String),
    /// In the zoo.
    Zoo(String),
    /// In the tokens themselves.
    Inline(Text),
    /// In a string literal.
    Literal(String),
}

/// What is wrong with the way `arch!` is called.
pub struct Misuse {
    /// The first and the last token.
    pub spans: (Span, Span),
    /// What is wrong, and what to write.
    pub message: String,
}

impl Invocation {
    /// Reads the tokens that follow `$crate`.
    pub fn parse(tokens: TokenStream) -> Result<Invocation, Misuse> {
        let trees = flatten(tokens);
        let mut arguments = Arguments { trees: &trees, last: Span::call_site() };
        match arguments.trees {
            [] => Err(arguments.misuse("expected a spec: `\"path.arch\"`, `zoo::name` or `arch Name { … }`")),
            [TokenTree::Literal(literal), ..] => {
                let literal: syn::LitStr = syn::parse2(TokenTree::from(literal.clone()).into())
                    .map_err(|_| arguments.misuse("expected a string: the path of a `.arch` file, or a body"))?;
                let text = literal.value();
                if !text.ends_with(".arch") && !text.contains('{') {
                    return Err(
                        arguments.misuse("expected a path that ends in `.arch`, or a body such as `arch Name { … }`")
                    );
                }
                arguments.next();
                let is_path = text.ends_with(".arch") && !text.contains('\n');
                let body = if is_path { Body::Path(text) } else { Body::Literal(text) };
                arguments.rest(body, (literal.span(), literal.span()))
            }
            [TokenTree::Ident(zoo), TokenTree::Punct(a), TokenTree::Punct(b), ..]
                if zoo == "zoo" && a.as_char() == ':' && b.as_char() == ':' =>
            {
                let first = zoo.span();
                arguments.next();
                arguments.path_separator();
                let name = arguments.ident("the name of a spec of the zoo, as in `zoo::fpn`")?;
                arguments.rest(Body::Zoo(name.to_string()), (first, name.span()))
            }
            [first, ..] => {
                let first = first.span();
                let text = Text::of(trees.into_iter().collect());
                let spans = text.spans(0..text.text.len()).unwrap_or((first, first));
                Ok(Invocation { body: Body::Inline(text), arch: None, alias: None, settings: Vec::new(), spans })
            }
        }
    }
}

/// Tokens, read from the front.
struct Arguments<'a> {
    trees: &'a [TokenTree],
    last: Span,
}

impl Arguments<'_> {
    /// `::Arch as name, parameter = value, …`
    fn rest(mut self, body: Body, spans: (Span, Span)) -> Result<Invocation, Misuse> {
        let mut invocation = Invocation { body, arch: None, alias: None, settings: Vec::new(), spans };
        if self.path_separator() {
            invocation.arch = Some(self.ident("the name of an architecture, as in `\"necks/all.arch\"::Lite`")?);
        }
        if matches!(self.trees, [TokenTree::Ident(word), ..] if word == "as") {
            self.next();
            invocation.alias = Some(self.ident("a name for the module, as in `as lite_add`")?);
        }
        while !self.trees.is_empty() {
            self.punct(',', "`,` and a parameter, as in `, fuse = add`")?;
            if self.trees.is_empty() {
                break;
            }
            let name = self.ident("a parameter, as in `fuse = add`")?;
            if invocation.settings.iter().any(|(known, _)| *known == name) {
                let message = format!("the parameter `{name}` is given twice");
                return Err(Misuse { spans: (name.span(), name.span()), message });
            }
            self.punct('=', &format!("`=` and a value for the parameter `{name}`"))?;
            let end = self.trees.iter().position(is_comma).unwrap_or(self.trees.len());
            let (value, rest) = self.trees.split_at(end);
            let Some(last) = value.last() else {
                return Err(self.misuse(format!("expected a value for the parameter `{name}`")));
            };
            self.last = last.span();
            self.trees = rest;
            invocation.settings.push((name, Text::of(value.iter().cloned().collect())));
        }
        Ok(invocation)
    }

    fn next(&mut self) -> Option<&TokenTree> {
        let (first, rest) = self.trees.split_first()?;
        self.last = first.span();
        self.trees = rest;
        Some(first)
    }

    fn path_separator(&mut self) -> bool {
        let found = matches!(self.trees,
            [TokenTree::Punct(a), TokenTree::Punct(b), ..] if a.as_char() == ':' && b.as_char() == ':');
        if found {
            self.next();
            self.next();
        }
        found
    }

    fn ident(&mut self, expected: &str) -> Result<Ident, Misuse> {
        match self.trees {
            [TokenTree::Ident(ident), ..] => {
                self.next();
                Ok(ident.clone())
            }
            _ => Err(self.misuse(format!("expected {expected}"))),
        }
    }

    fn punct(&mut self, sign: char, expected: &str) -> Result<(), Misuse> {
        match self.trees {
            [TokenTree::Punct(punct), ..] if punct.as_char() == sign => {
                self.next();
                Ok(())
            }
            _ => Err(self.misuse(format!("expected {expected}"))),
        }
    }

    /// At the next token, or the last one where there is none.
    fn misuse(&self, message: impl Into<String>) -> Misuse {
        let span = self.trees.first().map_or(self.last, TokenTree::span);
        Misuse { spans: (span, span), message: message.into() }
    }
}

fn is_comma(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')
}
