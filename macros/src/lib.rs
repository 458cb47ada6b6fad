//! The procedural macro behind `neckar::arch!`, which documents it.

use proc_macro::TokenStream;

/// Expands `$crate` and what `arch!` was given.
#[doc(hidden)]
#[proc_macro]
pub fn arch_from(tokens: TokenStream) -> TokenStream {
    neckar_codegen::expand(tokens.into()).into()
}
