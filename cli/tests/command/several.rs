//! Folders and patterns of specs, and which findings fail.

use crate::common::{Folder, LINE, TINY};

/// `necks/` with two specs, one of them deeper, a file of blocks, and specs where nobody looks for them.
fn necks() -> Folder {
    let folder = Folder::new();
    for below in ["necks/deep", "necks/target", "necks/.hidden", "empty"] {
        folder.make_folder(below);
    }
    folder.write("necks/tiny.arch", TINY);
    folder.write("necks/deep/line.arch", format!("use \"../blocks.arch\"\n{LINE}"));
    folder.write("necks/blocks.arch", "block Half { input x  output y = max_pool(x, kernel = 2, stride = 2) }");
    for below in ["necks/target/a.arch", "necks/.hidden/a.arch", "necks/notes.txt"] {
        folder.write(below, "no spec");
    }
    folder
}

const UNUSED: &str = "arch Unused at H = 2, W = 2 {
    input x: [B, 1, H, W]
    conv c: -> 1 (kernel = 1)
    output y = relu(x)
}
";

#[test]
fn what_stands_for_several() {
    let folder = necks();
    let tiny = "necks/tiny.arch: Tiny";
    let line = "necks/deep/line.arch: Line";
    let cases: &[(&str, &[&str])] = &[
        ("necks", &[line, tiny]),
        ("./necks/", &[line, tiny]),
        ("necks/*.arch", &[tiny]),
        ("necks/*", &[tiny]),
        ("necks/**/*.arch", &[line, tiny]),
        ("**/line.arch", &["line.arch: Line", line]),
        ("*.arch", &["line.arch: Line", "tiny.arch: Tiny"]),
        ("necks/t?ny.arch", &[tiny]),
        ("necks/[a-t]*/[!m]*.arch", &[line]),
        ("necks/**/*.arch::Tiny", &[tiny]),
        ("necks::Line", &[line]),
    ];
    for (argument, expected) in cases {
        let said = folder.succeed(&["check", argument]);
        let found: Vec<&str> = said.out.lines().map(|line| &line[..line.find(',').expect("a summary")]).collect();
        assert_eq!(found, *expected, "{argument}");
    }
    // A folder named like a spec of the zoo is written as a path.
    folder.make_folder("fpn");
    assert!(folder.succeed(&["check", "fpn"]).out.starts_with("fpn: Fpn"));
    let said = folder.succeed(&["audit", "necks/*.arch", "necks/deep"]);
    assert!(
        said.out.contains("necks/tiny.arch: Tiny") && said.out.contains(&format!("{line} at B = 1")),
        "{}",
        said.out
    );
    folder.write("necks/deep/line.arch", LINE.replace("    ", "  "));
    assert_eq!(folder.neckar(&["fmt", "--check", "necks/**/*.arch"]).out, "necks/blocks.arch\nnecks/deep/line.arch\n");
}

#[test]
fn what_stands_for_nothing() {
    let folder = necks();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["check", "necks/*.txt"], 3, "no `.arch` file matches `necks/*.txt`"),
        (&["check", "gone/**/*.arch"], 3, "no `.arch` file matches `gone/**/*.arch`"),
        (&["audit", "empty"], 3, "there is no `.arch` file below `empty`"),
        (&["fmt", "empty"], 3, "there is no `.arch` file below `empty`"),
        (&["check", "empty/"], 3, "there is no `.arch` file below `empty/`"),
        (&["check", "necks/*.arch::Gone"], 3, "no `.arch` file of `necks/*.arch` holds `arch Gone`"),
        (&["check", "necks/b*.arch"], 3, "no `.arch` file of `necks/b*.arch` holds an architecture"),
        (&["check", "necks/[.arch"], 2, "`necks/[.arch` is no pattern"),
        (&["run", "necks/*.arch"], 3, "cannot read `necks/*.arch`"),
    ];
    for (arguments, code, message) in cases {
        let said = folder.neckar(arguments);
        assert!(said.code == *code && said.err.contains(message), "{arguments:?}: {} {}", said.code, said.err);
    }
}

#[test]
fn one_that_fails_leaves_the_others() {
    let folder = necks();
    folder.write("necks/bad.arch", "arch Bad {");
    folder.write("necks/latin1.arch", b"// caf\xe9\n");
    let said = folder.neckar(&["check", "necks"]);
    assert_eq!((said.code, said.out.lines().count()), (3, 2), "{}", said.err);
    assert!(said.err.contains("error[NK0002]") && said.err.contains("not UTF-8"), "{}", said.err);
}

#[test]
fn the_level_that_fails() {
    let folder = Folder::new();
    folder.write("unused.arch", UNUSED);
    folder.write("wrong.arch", TINY.replace("H/2, W/2", "H/2, W"));
    for command in ["check", "audit"] {
        for (level, unused, wrong) in
            [(None, 0, 1), (Some("error"), 0, 1), (Some("warning"), 1, 1), (Some("never"), 0, 0)]
        {
            let level: Vec<&str> = level.iter().flat_map(|level| ["--fail-on", level]).collect();
            for (spec, code) in [("unused.arch", unused), ("wrong.arch", wrong), ("line.arch", 0)] {
                let said = folder.neckar(&[&[command, spec], level.as_slice()].concat());
                assert_eq!(said.code, code, "{command} {spec} {level:?}: {}", said.err);
                assert_eq!(said.err.is_empty(), spec == "line.arch", "what is found is said all the same");
            }
        }
        let said = folder.neckar(&[command, "tiny.arch", "--set", "d=3", "--fail-on", "never"]);
        assert_eq!(said.code, 2, "the command line is wrong whatever fails");
    }
}
