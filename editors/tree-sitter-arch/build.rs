//! Makes the parser from `src/grammar.json` and compiles it.

use std::path::PathBuf;

use tree_sitter_generate::{OptLevel, PARSER_HEADER, generate_parser_for_grammar};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src/grammar.json");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let grammar = std::fs::read_to_string("src/grammar.json")?;
    let (_, parser) = generate_parser_for_grammar(&grammar, None, OptLevel::default(), &mut Vec::new())?;
    std::fs::create_dir_all(out.join("tree_sitter"))?;
    std::fs::write(out.join("tree_sitter/parser.h"), PARSER_HEADER)?;
    std::fs::write(out.join("parser.c"), parser)?;
    cc::Build::new().std("c11").include(&out).file(out.join("parser.c")).warnings(false).compile("tree-sitter-arch");
    Ok(())
}
