//! What expansions hold, and that they are Rust.

use std::str::FromStr;

use neckar_codegen::{expand, expand_spec};
use neckar_spec::{Library, Lowering, Origin, compile, lower, zoo};
use proc_macro2::TokenStream;

fn expanded(call: &str) -> String {
    shown(expand(TokenStream::from_str(call).expect("tokens")))
}

fn shown(tokens: TokenStream) -> String {
    let file: syn::File = syn::parse2(tokens).expect("an expansion is Rust");
    prettyplease::unparse(&file)
}

fn of_the_zoo(name: &str) -> String {
    let library = Library::load(Origin::Zoo(name.into())).expect("a spec of the zoo");
    shown(expand_spec(library, None, &[], None).expect("a spec without errors"))
}

fn asserts(module: &str, parts: &[&str]) {
    for part in parts {
        assert!(module.contains(part), "no `{part}` in\n{module}");
    }
}

#[test]
fn a_module_says_what_the_network_is() {
    let module = of_the_zoo("lite_fpn");
    asserts(
        &module,
        &[
            "pub mod lite_fpn {",
            "pub use lite_fpn::LiteFpn;",
            "pub b2: View<'a, (Free, D<64>, Free, Free)>,",
            "pub p3_td: Tensor<(Free, D<128>, Free, Free)>,",
            "/// `lateral`: 33_024 parameters, `zoo::lite_fpn:47`\n        pub l5: handles::Block,",
            "pub const PARAMS: u64 = 653312;",
            "pub const LEGAL: &str = \"H mod 8 in {0}; W mod 8 in {0}\";",
            "/// | **`P4_td`** | `S4(F4(U5, P4))` | `[B, 128, H/4, W/4]` | `[1, 128, 16, 32]` |",
            "pub const fn macs(b: usize, h: usize, w: usize) -> u64 {",
            "/// The legal `H`: H mod 8 in {0}.",
            "pub const LEGAL_W: LegalSizes = LegalSizes::new(1, 8, &[], &[(0, 0)]);",
            "pub const fn is_legal(h: usize, w: usize) -> bool {\n        LEGAL_H.contains(h) && LEGAL_W.contains(w)",
        ],
    );
}

#[test]
fn sizes_that_are_joined_are_left_to_the_program() {
    let module = expanded("neckar arch Square { input x: [B, 4, H, W] y = relu(x) -> [B, 4, W, W] output y }");
    asserts(
        &module,
        &["pub fn is_legal(h: usize, w: usize) -> bool {\n        NETWORK.is_legal(&[(\"B\", 1), (\"H\", h)"],
    );
}

#[test]
fn every_spec_of_the_zoo_becomes_a_small_module() {
    for name in zoo::names() {
        let module = of_the_zoo(name);
        assert!(module.lines().count() < 1500, "{name} has {} lines", module.lines().count());
    }
}

#[test]
fn the_embedded_program_is_that_of_the_spec() {
    let library = Library::load(Origin::Zoo("fpn".into())).expect("a spec of the zoo");
    let checked = compile(library, None, &[]).checked.expect("a spec without errors");
    let module = expanded("neckar zoo::fpn");
    let file: syn::File = syn::parse_str(&module).expect("an expansion is Rust");
    let items = file.items.iter().find_map(|item| if let syn::Item::Mod(module) = item { Some(module) } else { None });
    let (_, items) = items.and_then(|module| module.content.as_ref()).expect("the module");
    let bytes = items.iter().find_map(|item| match item {
        syn::Item::Const(item) if item.ident == "PROGRAM" => match &*item.expr {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::ByteStr(bytes), .. }) => Some(bytes.value()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(bytes, Some(lower(&checked, Lowering::default()).to_bytes()));
}

#[test]
fn macro_and_command_give_the_same() {
    // The runtime's path is the only difference, and the first token of the macro is all that names it.
    let module = of_the_zoo("fpn");
    assert!(module.contains("use ::neckar::typed::"));
    assert_eq!(expanded("somewhere zoo::fpn"), module.replace("::neckar", "somewhere"));
}

#[test]
fn parameters_and_names_are_the_users() {
    let module = expanded("neckar zoo::lite_fpn as lite_add, fuse = weighted, aggregate = concat,");
    asserts(
        &module,
        &[
            "pub mod lite_add {",
            "pub struct LiteAdd {",
            "with `fuse = weighted, aggregate = concat, gate = none, bottom_up = none, aux = true`",
            "pub use lite_add::LiteAdd;",
        ],
    );
}

#[test]
fn bodies_come_as_tokens_and_as_strings() {
    let body = "arch Tiny { input type: [1, 3, 8, 8] output self = relu(type), l: [a = silu(type), type] }";
    let (tokens, string) = (expanded(&format!("neckar {body}")), expanded(&format!("neckar r#\"{body}\"#")));
    asserts(
        &tokens,
        &[
            "pub r#type: View<'a, (D<1>, D<3>, D<8>, D<8>)>,",
            "pub self_: Tensor<(D<1>, D<3>, D<8>, D<8>)>,",
            "pub struct LOutputs {",
            "pub l: LOutputs,",
        ],
    );
    assert!(!tokens.contains("fn is_legal"), "there is no free size");
    assert_eq!(tokens.split("pub mod").nth(1), string.split("pub mod").nth(1));
}

#[test]
fn errors_stand_in_the_module_they_are_about() {
    let module = expanded("neckar arch Tiny { input x: [B, 3, H, W] output y = relu(z), v = silu(w) }");
    assert_eq!(module.matches("::core::compile_error!").count(), 2);
    asserts(&module, &["pub mod tiny {", "[NK0101] `z` is not defined", "pub use tiny::Tiny;"]);
    // An editor completes the names of a network whose rows were read.
    let module = expanded("neckar arch Tiny { input x: [B, 3, H, W] output y = relu(x) expect params(self) == 1 }");
    asserts(&module, &["#[cfg(rust_analyzer)]", "pub struct Tiny {", "pub x: View<'a, (Free, D<3>, Free, Free)>,"]);
}

#[test]
fn a_checkpoint_is_watched_and_not_held_in_the_crate() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("none.safetensors");
    // An empty header and no values: the weights of a network without any.
    std::fs::write(&path, [&2_u64.to_le_bytes()[..], b"{}"].concat()).expect("a file");
    let spec = "arch Tiny { input x: [B, 3, H, W]  output y = relu(x) }";
    let module = expanded(&format!("neckar {spec:?}, weights = {path:?}"));
    // A constant would come into the metadata with all of its bytes, the body of a function that is no `const` does not.
    let watched =
        format!("const _: () = {{\n        fn _watched() {{\n            let _ = ::core::include_bytes!({path:?});");
    asserts(&module, &[&format!("pub const WEIGHTS: &str = {path:?};"), &watched]);
    let missing = expanded(&format!("neckar {spec:?}, weights = \"no/such.safetensors\""));
    asserts(&missing, &["compile_error!", "there is no file `", "pub mod tiny {"]);
}

#[test]
fn any_tokens_give_rust() {
    let calls = [
        "neckar",
        "neckar 5",
        "neckar zoo::",
        "neckar zoo::nothing as",
        "neckar zoo::fpn as x, c",
        "neckar zoo::fpn as x, c =",
        "neckar zoo::fpn, c = [",
        "neckar \"no/such.arch\"::A",
        "neckar \"\"",
        "neckar arch",
        "neckar arch { }",
        "neckar arch fn { input x: [B, 3, H, W] }",
        "neckar # [doc = 5] arch A { }",
        "neckar arch A { input x: [B, 3, H, W] output y = x(((((x } ",
        "neckar zoo::fpn, c = 99999999999999999999",
        "neckar arch Self { input x: [B, 3, H, W] output y = relu(x) }",
    ];
    for call in calls {
        // Unbalanced tokens never come to a macro.
        if let Ok(tokens) = TokenStream::from_str(call) {
            shown(expand(tokens));
        }
    }
}
