//! The inputs and outputs of a network as typed Rust.

use neckar_spec::diagnostics::{Code, Diagnostic};
use neckar_spec::graph::{Graph, NodeId};
use neckar_spec::size::{Legal, Size, shape_text};
use neckar_spec::source::Span as Place;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::names::{camel, ident, snake};

/// Finds the token of a name by its place in the spec.
pub type NameSpan<'a> = &'a dyn Fn(Option<Place>) -> Span;

/// An input or an output.
pub struct Map<'a> {
    /// Its name, in its list where it is in one.
    name: &'a str,
    /// `name`, or `list.name`.
    full_name: String,
    shape: &'a [Size],
    place: Place,
    /// Its field.
    field: Ident,
}

impl<'a> Map<'a> {
    fn new(graph: &'a Graph, name: &'a str, full_name: String, node: NodeId, place: Place, at: NameSpan) -> Map<'a> {
        let field = ident(&snake(name), at(Some(place)));
        Map { name, full_name, shape: &graph.node(node).shape, place, field }
    }

    /// `(Free, D<32>, Free, Free)`
    fn type_of_shape(&self) -> TokenStream {
        let axes = self.shape.iter().map(|size| match size.as_constant().map(usize::try_from) {
            Some(Ok(size)) => {
                let size = Literal::usize_unsuffixed(size);
                quote!(D<#size>)
            }
            _ => quote!(Free),
        });
        quote!((#(#axes,)*))
    }

    fn doc(&self, legal: &Legal) -> String {
        format!(" `{}`: `{}`", self.full_name, shape_text(self.shape, legal))
    }

    fn port(&self, legal: &Legal) -> TokenStream {
        let name = &self.full_name;
        let axes = self.shape.iter().map(|size| size.shown(legal).to_string());
        quote!(Port { name: #name, axes: &[#(#axes),*] })
    }
}

/// Outputs that stand alone, or those of a list.
struct List<'a> {
    name: &'a str,
    /// The field, and the struct of its members.
    field: Ident,
    network: Ident,
    members: Vec<Map<'a>>,
}

/// The inputs and outputs of a network.
pub struct Maps<'a> {
    inputs: Vec<Map<'a>>,
    outputs: Vec<Map<'a>>,
    lists: Vec<List<'a>>,
    /// The constant of each output, in the program's order.
    output_ports: Vec<TokenStream>,
    legal: &'a Legal,
}

impl<'a> Maps<'a> {
    /// Of a graph.
    pub fn new(graph: &'a Graph, legal: &'a Legal, at: NameSpan) -> Maps<'a> {
        let inputs = graph.inputs.iter();
        let inputs = inputs.map(|input| Map::new(graph, &input.name, input.name.clone(), input.node, input.span, at));
        let mut maps =
            Maps { inputs: inputs.collect(), outputs: Vec::new(), lists: Vec::new(), output_ports: Vec::new(), legal };
        for output in &graph.outputs {
            let map = Map::new(graph, &output.name, output.full_name(), output.node, output.span, at);
            maps.output_ports.push(map.port(legal));
            match &output.list {
                None => maps.outputs.push(map),
                Some(list) => maps.list(list).members.push(map),
            }
        }
        maps
    }

    fn list(&mut self, name: &'a str) -> &mut List<'a> {
        let known = self.lists.iter().position(|list| list.name == name);
        let at = known.unwrap_or_else(|| {
            let field = ident(&snake(name), Span::call_site());
            let network = ident(&format!("{}Outputs", camel(name)), Span::call_site());
            self.lists.push(List { name, field, network, members: Vec::new() });
            self.lists.len() - 1
        });
        &mut self.lists[at]
    }

    /// The names of the structs besides the network's own.
    pub fn structs(&self) -> impl Iterator<Item = String> {
        self.lists.iter().map(|list| list.network.to_string())
    }

    /// Names that differ in the spec and not in Rust.
    pub fn collisions(&self) -> Vec<Diagnostic> {
        let named = |map: &Map| (map.name.to_owned(), map.field.to_string(), Some(map.place));
        let mut outputs: Vec<_> = self.outputs.iter().map(named).collect();
        outputs.extend(self.lists.iter().map(|list| {
            let place = list.members.first().map(|member| member.place);
            (list.name.to_owned(), list.field.to_string(), place)
        }));
        let mut found = collisions(self.inputs.iter().map(named).collect());
        found.extend(collisions(outputs));
        found.extend(self.lists.iter().flat_map(|list| collisions(list.members.iter().map(named).collect())));
        found
    }

    /// The structs `Inputs` and `Outputs`, and those of lists.
    pub fn definitions(&self) -> TokenStream {
        let fields = |maps: &[Map], container: TokenStream| {
            let fields = maps.iter().map(|map| {
                let (doc, field, shape) = (map.doc(self.legal), &map.field, map.type_of_shape());
                quote!(#[doc = #doc] pub #field: #container #shape>,)
            });
            fields.collect::<TokenStream>()
        };
        let inputs = fields(&self.inputs, quote!(View<'a,));
        let outputs = fields(&self.outputs, quote!(Tensor<));
        let list_fields = self.lists.iter().map(|list| {
            let (doc, field, network) = (format!(" The maps of `{}`.", list.name), &list.field, &list.network);
            quote!(#[doc = #doc] pub #field: #network,)
        });
        let lists = self.lists.iter().map(|list| {
            let (doc, network) = (format!(" The maps of `{}`.", list.name), &list.network);
            let members = fields(&list.members, quote!(Tensor<));
            quote!(#[doc = #doc] #[derive(::core::clone::Clone, ::core::fmt::Debug)] pub struct #network { #members })
        });
        quote! {
            /// What the network reads.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            pub struct Inputs<'a> { #inputs }

            /// What the network gives.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            pub struct Outputs { #outputs #(#list_fields)* }

            #(#lists)*
        }
    }

    /// The constants `INPUTS` and `OUTPUTS`.
    pub fn constants(&self) -> TokenStream {
        let inputs = self.inputs.iter().map(|map| map.port(self.legal));
        let outputs = &self.output_ports;
        quote! {
            /// The inputs by the spec's names, with their axes.
            pub const INPUTS: &[Port] = &[#(#inputs),*];
            /// The outputs by the spec's names, with their axes.
            pub const OUTPUTS: &[Port] = &[#(#outputs),*];
        }
    }

    /// The pairs of names and arrays of `inputs`.
    pub fn given(&self) -> TokenStream {
        let pairs = self.inputs.iter().map(|map| {
            let (name, field) = (&map.full_name, &map.field);
            quote!((#name, inputs.#field.into_dyn()),)
        });
        pairs.collect()
    }

    /// The `Outputs` taken out of `outputs`.
    pub fn taken(&self) -> TokenStream {
        let take = |maps: &[Map]| {
            let fields = maps.iter().map(|map| {
                let (name, field) = (&map.full_name, &map.field);
                quote!(#field: __p::take(&mut outputs, #name),)
            });
            fields.collect::<TokenStream>()
        };
        let outputs = take(&self.outputs);
        let lists = self.lists.iter().map(|list| {
            let (field, network, members) = (&list.field, &list.network, take(&list.members));
            quote!(#field: #network { #members },)
        });
        quote!(Outputs { #outputs #(#lists)* })
    }
}

/// For each name that becomes the Rust name of one before it, an error at both.
pub fn collisions(names: Vec<(String, String, Option<Place>)>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (i, (name, rust, place)) in names.iter().enumerate() {
        if let Some((first, _, first_place)) = names[..i].iter().find(|(_, other, _)| other == rust) {
            let message = format!("`{first}` and `{name}` are both `{rust}` in Rust");
            let mut diagnostic = Diagnostic::error(Code::Duplicate, *place, message).hint("rename one of them");
            if let Some(first_place) = first_place {
                diagnostic = diagnostic.related(*first_place, "the first");
            }
            found.push(diagnostic);
        }
    }
    found
}
