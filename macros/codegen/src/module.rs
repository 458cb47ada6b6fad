//! The generated module.

use std::env;
use std::path::Path;

use neckar_spec::check::Checked;
use neckar_spec::diagnostics::{Code, Diagnostic};
use neckar_spec::graph::{Graph, LayerNode};
use neckar_spec::program::FORMAT;
use neckar_spec::size::{Legal, Size, SizeSet, Symbol, decide};
use neckar_spec::source::{Sources, Span as Place};
use neckar_spec::{Lowering, cost, lower};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::maps::{Maps, NameSpan, collisions};
use crate::names::{camel, ident, snake};
use crate::{docs, formula};

/// Types that every module imports or makes.
const TAKEN: &[&str] = &["D", "Free", "Inputs", "LegalSizes", "Outputs", "Port", "Tensor", "View"];

/// How a module and its network are called.
#[derive(Clone)]
pub struct Naming {
    /// The module.
    pub module: Ident,
    /// The struct in it.
    pub network: Ident,
}

impl Naming {
    /// For a name such as `LiteFpn` or `lite_fpn` with its token.
    pub fn new(name: &str, span: Span) -> Naming {
        // The struct has the token, so that an editor's "go to definition" ends there.
        Naming { module: ident(&snake(name), Span::call_site()), network: ident(&camel(name), span) }
    }

    /// A module with some items, and its network put beside it.
    pub fn wrap(&self, attributes: TokenStream, items: TokenStream) -> TokenStream {
        let Naming { module, network } = self;
        let network = Ident::new(&network.to_string(), Span::call_site());
        quote! {
            #attributes
            pub mod #module { #items }
            pub use #module::#network;
        }
    }
}

/// What a module is made of besides its graph.
pub struct Context<'a> {
    /// The path of the runtime: `$crate`, or `::neckar`.
    pub runtime: TokenStream,
    /// How it is called.
    pub naming: &'a Naming,
    /// Every text that was read.
    pub sources: &'a Sources,
    /// How the doc comment calls the spec.
    pub source_name: &'a str,
    /// The tokens of names.
    pub at: NameSpan<'a>,
}

impl Context<'_> {
    /// The whole module, with further items such as warnings.
    ///
    /// # Errors
    /// When names that differ in the spec are one in Rust.
    pub fn module(&self, checked: &Checked, further: TokenStream) -> Result<TokenStream, Vec<Diagnostic>> {
        let graph = checked.graph();
        let maps = Maps::new(graph, checked.legal(), self.at);
        let layers = self.layers(graph);
        self.names(graph, &maps, &layers)?;
        let macs = cost::macs(graph, "");
        let doc = docs::module(checked, &macs, self.source_name);
        let items = [
            self.uses(),
            further,
            files_read(self.sources),
            constants(checked, &macs),
            maps.constants(),
            maps.definitions(),
            self.network(&layers),
            self.behaviour(&maps, &layers),
            self.program(checked),
        ];
        let attributes = quote! {
            #(#[doc = #doc])*
            // Names are the spec's, and what a network does not need is there all the same.
            #[allow(non_camel_case_types, reason = "the spec's own names")]
            #[allow(non_snake_case, reason = "the spec's own names")]
            #[allow(uncommon_codepoints, reason = "the spec's own names")]
            #[allow(dead_code, reason = "not every crate uses every item")]
            #[allow(unused_imports, reason = "a network need not have both free and fixed sizes")]
        };
        Ok(self.naming.wrap(attributes, items.into_iter().collect()))
    }

    /// A module that holds errors. Its names are those that the rows gave, so that an editor still completes them; the
    /// compiler does not see them, since it says nothing about names missing beside an error, and would about a missing
    /// field.
    pub fn skeleton(&self, graph: Option<&Graph>, errors: TokenStream) -> TokenStream {
        let files = files_read(self.sources);
        let items = graph.map(|graph| {
            let legal = decide(&[], &[]);
            let maps = Maps::new(graph, &legal, self.at);
            let layers = self.layers(graph);
            let (uses, definitions, network) = (self.uses(), maps.definitions(), self.network(&layers));
            let network_name = &self.naming.network;
            quote! {
                #[cfg(rust_analyzer)]
                mod skeleton {
                    #uses
                    #definitions
                    #network
                    impl #network_name {
                        /// The network with weights of its own.
                        pub fn new(_weights: impl __p::Into<__p::Weights>) -> __p::Result<Self, __p::Error> { ::core::unreachable!() }
                        /// The network with weights drawn as the spec says.
                        pub fn init(_seed: u64) -> __p::Result<Self, __p::Error> { ::core::unreachable!() }
                        /// Runs the network.
                        pub fn forward(&self, _inputs: Inputs<'_>) -> __p::Result<Outputs, __p::Error> {
                            ::core::unreachable!()
                        }
                    }
                }
                #[cfg(rust_analyzer)]
                pub use skeleton::*;
            }
        });
        let attributes = quote! {
            #[doc = " The spec has errors."]
            #[allow(unexpected_cfgs, reason = "rust-analyzer sets it")]
        };
        self.naming.wrap(attributes, quote!(#errors #files #items))
    }

    /// Errors for names that clash in Rust.
    fn names(&self, graph: &Graph, maps: &Maps, layers: &[LayerField]) -> Result<(), Vec<Diagnostic>> {
        let mut found = maps.collisions();
        let fields = layers.iter().map(|layer| (layer.node.name.clone(), layer.field.to_string(), layer.node.span));
        found.extend(collisions(fields.collect()));
        let symbols = symbols(graph);
        found.extend(collisions(symbols.iter().map(|(name, rust)| (name.clone(), rust.to_string(), None)).collect()));
        let network = self.naming.network.to_string();
        if TAKEN.contains(&network.as_str()) || maps.structs().any(|taken| taken == network) {
            let message = format!("every module has a `{network}` of its own, so the network cannot be called so");
            found.push(
                Diagnostic::error(Code::Duplicate, None, message).hint("give it another name, as in `as my_net`"),
            );
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    fn uses(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote! {
            use #runtime::{__private as __p, LegalSizes, handles};
            use #runtime::typed::{D, Free, Port, Tensor, View};
        }
    }

    fn layers<'g>(&self, graph: &'g Graph) -> Vec<LayerField<'g>> {
        let field = |node: &'g LayerNode| LayerField {
            node,
            field: ident(&snake(&node.name), (self.at)(node.span)),
            doc: format!(
                " `{}`: {} parameters{}",
                node.text,
                docs::grouped(graph.parameters(&node.path)),
                docs::place(self.sources, node.span)
            ),
        };
        graph.layers.iter().map(field).collect()
    }

    fn network(&self, layers: &[LayerField]) -> TokenStream {
        let Naming { network, .. } = self.naming;
        let fields = layers.iter().map(|layer| {
            let (doc, field, handle) = (&layer.doc, &layer.field, handle(layer.node));
            quote!(#[doc = #doc] pub #field: handles::#handle,)
        });
        quote! {
            /// The network: a handle for each of its layers, and the model that runs them. Cloning shares the weights.
            #[derive(::core::clone::Clone)]
            pub struct #network { __model: __p::Model, #(#fields)* }
        }
    }

    fn behaviour(&self, maps: &Maps, layers: &[LayerField]) -> TokenStream {
        let Naming { network, .. } = self.naming;
        let name = network.to_string();
        let handles = layers.iter().enumerate().map(|(i, layer)| {
            let (field, index) = (&layer.field, Literal::usize_unsuffixed(i));
            quote!(#field: __p::Handle::of(program, #index),)
        });
        let program = if layers.is_empty() { quote!() } else { quote!(let program = NETWORK.program();) };
        let (given, taken) = (maps.given(), maps.taken());
        quote! {
            impl #network {
                /// The network with weights of its own program, on the CPU. Weights that are given away are freed as they are
                /// packed, those that are lent stay.
                ///
                /// # Errors
                /// When the weights are of another program.
                pub fn new(weights: impl __p::Into<__p::Weights>) -> __p::Result<Self, __p::Error> {
                    Self::with_options(weights, __p::Default::default())
                }

                /// The network with weights of its own program, given away or lent as to [`Self::new`].
                ///
                /// # Errors
                /// When the weights are of another program, or the device is not there.
                pub fn with_options(
                    weights: impl __p::Into<__p::Weights>,
                    options: __p::Options,
                ) -> __p::Result<Self, __p::Error> {
                    let __model = NETWORK.model(weights, options)?;
                    #program
                    __p::Ok(Self { __model, #(#handles)* })
                }

                /// The network with weights drawn as the spec says; a seed always gives the same.
                ///
                /// # Errors
                /// As [`Self::new`].
                pub fn init(seed: u64) -> __p::Result<Self, __p::Error> {
                    Self::new(__p::Weights::init(Self::program(), seed))
                }

                /// The network with the weights of a safetensors file. [`Self::load_with`] also says what was unusual there.
                ///
                /// # Errors
                /// When the file cannot be read, or lacks a weight, or holds one of another shape or one that is not used.
                pub fn load(path: impl __p::AsRef<__p::Path>) -> __p::Result<Self, __p::Error> {
                    let (network, _) = Self::load_with(path, &__p::Default::default())?;
                    __p::Ok(network)
                }

                /// The network with the weights of a safetensors file that may go by other names or hold more tensors, and what
                /// came of it: types that were converted, tensors that were left, values that are not finite.
                ///
                /// # Errors
                /// As [`Self::load`], but for what the options allow.
                pub fn load_with(
                    path: impl __p::AsRef<__p::Path>,
                    options: &__p::LoadOptions,
                ) -> __p::Result<(Self, __p::LoadReport), __p::Error> {
                    let (weights, report) = __p::Weights::load(Self::program(), path, options)?;
                    __p::Ok((Self::new(weights)?, report))
                }

                /// Runs the network. All sizes are checked once, here.
                ///
                /// # Errors
                /// When sizes are not legal or do not agree with each other.
                pub fn forward(&self, inputs: Inputs<'_>) -> __p::Result<Outputs, __p::Error> {
                    let mut outputs = self.__model.run(&[#given])?;
                    __p::Ok(#taken)
                }

                /// What runs it: sessions that allocate nothing, single outputs, every row's map.
                pub fn model(&self) -> &__p::Model {
                    &self.__model
                }

                /// The portable program.
                pub fn program() -> &'static __p::Program {
                    NETWORK.program()
                }
            }

            impl ::core::fmt::Debug for #network {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    NETWORK.fmt(#name, f)
                }
            }
        }
    }

    fn program(&self, checked: &Checked) -> TokenStream {
        let bytes = Literal::byte_string(&lower(checked, Lowering::default()).to_bytes());
        let (version, format) = (env!("CARGO_PKG_VERSION"), Literal::u32_unsuffixed(FORMAT));
        quote! {
            static NETWORK: __p::Embedded = __p::Embedded::new(PROGRAM);
            const _: () = __p::assert_version(#version, #format);
            /// The portable program, as `Program::from_bytes` reads it.
            pub const PROGRAM: &[u8] = #bytes;
        }
    }
}

/// A layer of the network itself with its field.
struct LayerField<'a> {
    node: &'a LayerNode,
    field: Ident,
    doc: String,
}

/// The handle that suits a layer.
fn handle(layer: &LayerNode) -> Ident {
    let is = |kinds: &[&str]| kinds.iter().any(|kind| layer.text.starts_with(kind));
    format_ident!(
        "{}",
        match () {
            () if !layer.children.is_empty() => "Block",
            () if is(&["Conv"]) => "Conv",
            () if is(&["BatchNorm", "GroupNorm", "LayerNorm", "InstanceNorm"]) => "Norm",
            () if is(&["Linear("]) => "Linear",
            () => "Layer",
        }
    )
}

/// The free sizes, the batch first, and their identifiers.
fn symbols(graph: &Graph) -> Vec<(String, Ident)> {
    let batches = graph.inputs.iter().filter_map(|input| graph.node(input.node).shape.first()?.as_symbol());
    let mut names: Vec<&str> = Vec::new();
    for name in batches.chain(graph.symbols.iter().map(|(symbol, _)| symbol)).map(|symbol| symbol.as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| (name.to_owned(), formula::symbol(name))).collect()
}

/// Costs and legal sizes.
fn constants(checked: &Checked, macs: &Size) -> TokenStream {
    let graph = checked.graph();
    let parameters = Literal::u64_unsuffixed(graph.parameters(""));
    let legal = legal_words(checked.legal());
    let all = symbols(graph);
    let (names, idents): (Vec<&String>, Vec<&Ident>) = all.iter().map(|(name, ident)| (name, ident)).unzip();
    let free: Vec<&Ident> =
        idents.iter().zip(&names).filter(|(_, name)| is_free(graph, name)).map(|(i, _)| *i).collect();
    let macs = formula::expression(macs).map(|macs| {
        quote! {
            /// Multiply-accumulates of convolutions and linear layers for a batch and a size; one is two FLOPs.
            #[allow(unused_variables, reason = "a size that costs nothing")]
            pub const fn macs(#(#idents: usize),*) -> u64 {
                #(let #idents = #idents as i128;)*
                (#macs) as u64
            }
        }
    });
    let sets = legal_sets(checked);
    let is_legal = (!free.is_empty()).then(|| {
        // What joins sizes is decided by the program; where nothing does, the constants say all.
        let (constness, test) = match &sets {
            Some(sets) if checked.legal().is_separate() => {
                let tests = sets.iter().map(|(symbol, constant, _)| {
                    let size = formula::symbol(symbol.as_str());
                    quote!(#constant.contains(#size))
                });
                (quote!(const), quote!(#(#tests)&&*))
            }
            _ => {
                let pair =
                    |name, ident| if is_free(graph, name) { quote!((#name, #ident)) } else { quote!((#name, 1)) };
                let pairs = all.iter().map(|(name, ident)| pair(name, ident));
                (quote!(), quote!(NETWORK.is_legal(&[#(#pairs),*])))
            }
        };
        quote! {
            /// Whether a size is legal; [`LEGAL`] says which are.
            pub #constness fn is_legal(#(#free: usize),*) -> bool { #test }
        }
    });
    let sets = sets.into_iter().flatten().map(|(symbol, constant, set)| {
        let doc = format!(" The legal `{symbol}`: {}.", set.describe(symbol.as_str()));
        let (start, modulus) = (Literal::i64_unsuffixed(set.start()), Literal::i64_unsuffixed(set.modulus()));
        let runs = |runs: &[(i64, i64)]| {
            let runs = runs.iter().map(|(first, last)| {
                let (first, last) = (Literal::i64_unsuffixed(*first), Literal::i64_unsuffixed(*last));
                quote!((#first, #last))
            });
            quote!(&[#(#runs),*])
        };
        let (prefix, residues) = (runs(set.members().prefix()), runs(set.members().residues()));
        quote! {
            #[doc = #doc]
            pub const #constant: LegalSizes = LegalSizes::new(#start, #modulus, #prefix, #residues);
        }
    });
    quote! {
        /// Learnable parameters.
        pub const PARAMS: u64 = #parameters;
        /// The legal sizes.
        pub const LEGAL: &str = #legal;
        #(#sets)*
        #macs
        #is_legal
    }
}

/// The free sizes with their constants and what is legal; none where a size is restricted that is not free, or a set is too
/// long to be read.
fn legal_sets(checked: &Checked) -> Option<Vec<(&Symbol, Ident, &SizeSet)>> {
    const RUNS: usize = 64;
    let sets = checked.legal().sets.iter().map(|(symbol, set)| {
        let constant = format_ident!("LEGAL_{}", snake(symbol.as_str()).to_uppercase());
        let runs = set.members().prefix().len() + set.members().residues().len();
        (runs <= RUNS && is_free(checked.graph(), symbol.as_str())).then_some((symbol, constant, set))
    });
    sets.collect()
}

/// Whether a symbol is a free size other than the batch.
fn is_free(graph: &Graph, name: &str) -> bool {
    graph.symbols.iter().any(|(symbol, _)| symbol.as_str() == name)
}

fn legal_words(legal: &Legal) -> String {
    legal.describe().join("; ")
}

/// By which cargo knows to build again when a file that was read changes. The zoo and inline bodies are no files.
fn files_read(sources: &Sources) -> TokenStream {
    sources.iter().filter_map(|(_, source)| source.path.as_deref()).map(watched).collect()
}

/// By which cargo knows to build again when a file changes. The constant is one of a function, which is never compiled: the
/// crate's metadata would hold the bytes of any other.
pub fn watched(path: &Path) -> TokenStream {
    let path = env::current_dir().unwrap_or_default().join(path).to_string_lossy().into_owned();
    quote!(
        const _: () = {
            fn _watched() {
                let _ = ::core::include_bytes!(#path);
            }
        };
    )
}

/// No token: for a module that comes from no macro.
pub fn no_token(_: Option<Place>) -> Span {
    Span::call_site()
}
