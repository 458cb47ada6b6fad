//! Symbolic sizes as Rust expressions.

use std::str::FromStr;

use neckar_spec::size::Size;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::names;

/// The identifier of a symbol: `H` is `h`.
pub fn symbol(name: &str) -> Ident {
    names::ident(&names::snake(name), Span::call_site())
}

/// An expression over the symbols' identifiers, each an `i128`: its text is Rust but for `floor(a/n)` and `ceil(a/n)`. None
/// for a size that cannot be written out.
pub fn expression(size: &Size) -> Option<TokenStream> {
    if size.is_too_large() {
        return None;
    }
    Some(translate(TokenStream::from_str(&size.to_string()).ok()?))
}

fn translate(tokens: TokenStream) -> TokenStream {
    let mut result = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match (tree, trees.peek()) {
            (TokenTree::Ident(function), Some(TokenTree::Group(group)))
                if function == "floor" || function == "ceil" =>
            {
                let division = translate(group.stream());
                let ceil = function == "ceil";
                trees.next();
                result.extend([divide(division, ceil)]);
            }
            (TokenTree::Ident(name), _) => result.extend([TokenTree::from(symbol(&name.to_string()))]),
            (TokenTree::Group(group), _) => {
                result.extend([TokenTree::from(Group::new(group.delimiter(), translate(group.stream())))]);
            }
            (tree, _) => result.extend([tree]),
        }
    }
    result
}

/// `a / n`, whose `a` is not negative for a legal size, so that Rust's division rounds as the spec's.
fn divide(division: TokenStream, ceil: bool) -> TokenTree {
    let mut numerator: Vec<TokenTree> = division.into_iter().collect();
    let divisor = numerator.pop();
    numerator.pop();
    let numerator: TokenStream = numerator.into_iter().collect();
    let quotient = if ceil { quote!((#numerator + #divisor - 1) / #divisor) } else { quote!(#numerator / #divisor) };
    Group::new(Delimiter::Parenthesis, quotient).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_become_expressions() {
        let h = Size::symbol("H");
        let text = |size: &Size| expression(size).expect("a small size").to_string().replace(' ', "");
        assert_eq!(text(&h.scale(3).add(&Size::constant(-1))), "3*h-1");
        assert_eq!(text(&h.floor_div(8).multiply(&Size::symbol("W"))), "w*(h/8)");
        assert_eq!(text(&h.ceil_div(4).scale(2)), "2*((h+4-1)/4)");
        assert_eq!(text(&h.add(&Size::constant(1)).floor_div(3)), "((h+1)/3)");
    }
}
