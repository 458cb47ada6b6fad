//! `neckar draw`.

use std::fs;

use crate::common::Folder;

#[test]
fn the_extension_or_the_option_gives_the_format() {
    let folder = Folder::new();
    let cases: &[(&[&str], &str, &[u8])] = &[
        (&["-o", "a.svg"], "a.svg", b"<svg xmlns="),
        (&["-o", "a.PNG"], "a.PNG", b"\x89PNG"),
        (&["-o", "a.mmd"], "a.mmd", b"---\ntitle: \"Tiny: c = 2, at H = 8, W = 8\"\n---\nflowchart LR\n"),
        (&["-o", "a.dot"], "a.dot", b"digraph \"Tiny\" {\n"),
        (&["-o", "a.txt"], "a.txt", b"Tiny: c = 2, at H = 8, W = 8\n"),
        (&["--format", "svg", "-o", "picture"], "picture", b"<svg xmlns="),
    ];
    for (arguments, name, start) in cases {
        let said = folder.succeed(&[&["draw", "tiny.arch"], *arguments].concat());
        assert!(said.out.is_empty() && said.err.contains(&format!("`{name}` shows `Tiny`")), "{}", said.err);
        let bytes = fs::read(folder.path(name)).expect("it was written");
        assert!(bytes.starts_with(start), "{name}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
    }
}

#[test]
fn without_a_file_it_is_text_in_the_terminal() {
    let folder = Folder::new();
    let said = folder.succeed(&["draw", "tiny.arch", "--set", "c=4"]);
    // The map m beside the picture, and the output of half its size above it.
    assert!(said.out.starts_with("Tiny: c = 4, at H = 8, W = 8\n"), "{}", said.out);
    assert!(said.out.contains("│m 3×3│") && said.out.contains("┃   4×4×4    ┃"), "{}", said.out);
    let ascii = folder.succeed(&["draw", "tiny.arch", "--ascii"]).out;
    assert!(ascii.is_ascii() && ascii.contains("|m 3x3|"), "{ascii}");
    assert!(folder.succeed(&["draw", "tiny.arch", "--format", "mermaid"]).out.contains("\nflowchart LR\n"));
}
