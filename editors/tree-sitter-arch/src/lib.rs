//! The tree-sitter grammar of `.arch` files, for editors and for whoever wants a tree that survives errors.
//!
//! `grammar.js` is the source; `src/grammar.json` is what it evaluates to, and the parser is made from that when the crate
//! is built. The checker has a grammar of its own (`spec/src/syntax/grammar.pest`); the tests hold the two together.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_arch() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
// SAFETY: the symbol is the generated parser's entry point, which build.rs links in.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_arch) };

/// Highlighting by the capture names that nvim, Helix, Zed and the `tree-sitter` command share.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../queries/highlights.scm");
/// Languages inside: comments.
pub const INJECTIONS_QUERY: &str = include_str!("../queries/injections.scm");
/// Which names a network, a loop and a kind define.
pub const LOCALS_QUERY: &str = include_str!("../queries/locals.scm");
/// What folds.
pub const FOLDS_QUERY: &str = include_str!("../queries/folds.scm");
