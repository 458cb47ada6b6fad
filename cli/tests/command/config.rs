//! `neckar.toml`: levels of findings, and gates.

use serde_json::Value;

use crate::common::{Folder, TINY};

const UNUSED: &str = "arch Unused at H = 2, W = 2 {
    input x: [B, 1, H, W]
    conv c: -> 1 (kernel = 1)
    output y = relu(x)
}
";

/// 56 parameters; 54 multiply-accumulates a cell.
const GATE: &str = "[[gate]]
spec = \"necks/*.arch::Tiny\"
at = { H = 16, W = 4 }
max-macs = \"3.456k\"
max-params = 56
assert-shape = { y = \"[B, 2, H/2, W/2]\", m = \"[1, 2, 16, 4]\" }
";

fn project(config: &str) -> Folder {
    let folder = Folder::new();
    folder.make_folder("necks/deep");
    folder.write("necks/tiny.arch", TINY);
    folder.write("necks/deep/unused.arch", UNUSED);
    folder.write("neckar.toml", config);
    folder
}

#[test]
fn levels_of_findings() {
    for (config, code, said_as) in [
        ("", 0, "warning[NK0401]"),
        ("[lints]\nunused_layer = \"warn\"\n", 0, "warning[NK0401]"),
        ("[lints]\nunused_layer = \"deny\"\n", 1, "error[NK0401]"),
        ("[lints]\nunused_layer = { level = \"deny\" }\n", 1, "error[NK0401]"),
        ("[lints]\nunused_layer = { level = \"allow\", reason = \"its weights are kept\" }\n", 0, ""),
        ("fail-on = \"warning\"\n", 1, "warning[NK0401]"),
        ("fail-on = \"never\"\n[lints]\nunused_layer = \"deny\"\n", 0, "error[NK0401]"),
    ] {
        let folder = project(config);
        for command in ["check", "audit"] {
            let said = folder.neckar(&[command, "necks/deep"]);
            assert_eq!(said.code, code, "{command} with {config}: {}", said.err);
            assert!(
                said.err.starts_with(said_as) && said.err.is_empty() == said_as.is_empty(),
                "{config}: {}",
                said.err
            );
        }
    }
}

#[test]
fn the_nearest_file_holds_and_the_command_line_before_it() {
    let folder = project("fail-on = \"warning\"\n");
    assert_eq!(folder.neckar(&["check", "necks/deep/unused.arch"]).code, 1);
    assert_eq!(folder.neckar_in("necks/deep", &["check", "unused.arch"]).code, 1, "above the current folder");
    assert_eq!(folder.neckar_in("necks/deep", &["check", "../deep/unused.arch"]).code, 1);
    assert_eq!(folder.neckar(&["check", "necks/deep/unused.arch", "--fail-on", "error"]).code, 0);
    folder.write("necks/deep/neckar.toml", "fail-on = \"error\"\n");
    assert_eq!(folder.neckar(&["check", "necks/deep/unused.arch"]).code, 0, "one file holds, not both");
}

#[test]
fn mistakes_in_the_file() {
    let cases = [
        ("fail-onn = \"error\"\n", "neckar.toml:1:1: unknown field `fail-onn`", "did you mean `fail-on`?"),
        ("\nfail-on = \"errors\"\n", "neckar.toml:2:11: unknown variant `errors`", "did you mean `error`?"),
        ("[lint]\n", "neckar.toml:1:2: unknown field `lint`", "did you mean `lints`?"),
        (
            "[lints]\nunused_layers = \"deny\"\n",
            "neckar.toml:2:1: there is no lint `unused_layers`",
            "did you mean `unused_layer`?",
        ),
        ("[lints]\nxyz = \"deny\"\n", "neckar.toml:2:1: there is no lint `xyz`", "the lints are"),
        ("[lints]\nunused_layer = \"denny\"\n", "neckar.toml:2:16: unknown variant `denny`", "did you mean `deny`?"),
        ("[lints]\nunused_layer = \"allow\"\n", "neckar.toml:2:16: a lint is allowed for a reason", "reason = \"…\""),
        ("[lints]\nunused_layer = { level = \"allow\", reason = \" \" }\n", "neckar.toml:2:16:", "for a reason"),
        (
            "[lints]\nunused_layer = { level = \"deny\", why = \"x\" }\n",
            "neckar.toml:2:34: unknown field `why`",
            "reason",
        ),
        ("[lints]\nunused_layer = 1\n", "neckar.toml:2:16: invalid type: integer `1`", "\"deny\""),
        ("[[gate]]\nmax-params = 1\n", "neckar.toml:1:1: missing field `spec`", ""),
        (
            "[[gate]]\nspec = \"necks/tiny.arch\"\nmax-mac = 1\n",
            "neckar.toml:3:1: unknown field `max-mac`",
            "did you mean `max-macs`?",
        ),
        (
            "[[gate]]\nspec = \"necks/tiny.arch\"\nmax-macs = \"many\"\n",
            "neckar.toml:3:12: expected a number such as",
            "",
        ),
        ("[[gate]]\nspec = \"necks/tiny.arch\"\nmax-macs = -1\n", "neckar.toml:3:12: `-1` is below 0", ""),
        (
            "[[gate]]\nspec = \"necks/tiny.arch\"\nat = { H = 0 }\n",
            "neckar.toml:3:12: `H` is 0, expected a size above 0",
            "",
        ),
        (
            "[[gate]]\nspec = \"necks/tiny.arch\"\nset = { c = { d = 1 } }\n",
            "neckar.toml:2:8: `c` of the gate's `set`",
            "",
        ),
        ("[[gate]]\nspec = \"pafnp\"\n", "neckar.toml:2:8: the zoo has no spec `pafnp`", "did you mean `pafpn`?"),
        ("fail-on = \n", "neckar.toml:1:", ""),
    ];
    for (config, message, hint) in cases {
        let folder = project(config);
        for command in ["check", "audit"] {
            let said = folder.neckar(&[command, "necks"]);
            assert_eq!(said.code, 2, "{config}: {}", said.err);
            assert!(
                said.err.starts_with(&format!("error: {message}")) && said.err.contains(hint),
                "{config}: {}",
                said.err
            );
            assert_eq!(said.err.matches("neckar.toml:").count(), 1, "it is said once: {}", said.err);
        }
    }
}

#[test]
fn gates_without_a_spec() {
    let folder = project(GATE);
    let said = folder.succeed(&["audit"]);
    assert!(said.out.starts_with("necks/tiny.arch: Tiny (c = 2) at B = 1, H = 16, W = 4\n"), "{}", said.out);
    assert_eq!(said.out.matches("necks/").count(), 1, "only what a gate is about: {}", said.out);
    let said = folder.neckar_in("necks/deep", &["audit"]);
    assert_eq!(said.code, 0, "from a folder below: {}", said.err);

    folder.write("neckar.toml", GATE.replace("= 56", "= 55"));
    let said = folder.neckar(&["audit", "--format", "github"]);
    assert_eq!(said.code, 1);
    let message = "Tiny has 56 parameters, above 55";
    assert_eq!(said.err, format!("error: neckar.toml:2:8: necks/tiny.arch: {message}\n"));
    assert_eq!(said.out, format!("::error file=neckar.toml,line=2,endLine=2,col=8,title=max-params::{message}\n"));
    assert_eq!(folder.neckar(&["audit", "--fail-on", "never"]).code, 0);

    for (from, to, message) in [
        ("3.456k", "3455", "necks/tiny.arch: Tiny takes 3_456 MACs at B = 1, H = 16, W = 4, above 3_455"),
        (
            "H/2, W/2]",
            "H/2, W]",
            "necks/tiny.arch: `y` is [B, 2, H/2, W/2], here [1, 2, 8, 2], expected [B, 2, H/2, W]",
        ),
    ] {
        folder.write("neckar.toml", GATE.replace(from, to));
        let said = folder.neckar(&["audit"]);
        assert_eq!((said.code, said.err), (1, format!("error: neckar.toml:2:8: {message}\n")));
    }
}

#[test]
fn gates_of_a_spec() {
    let other = "\n[[gate]]\nspec = \"necks/tiny.arch\"\nset = { c = 4 }\nmax-params = 100\n";
    let folder = project(&format!("{GATE}{other}"));
    // 112 parameters with four channels; the report itself is of what the command line says.
    for spec in ["necks/tiny.arch", "./necks/deep/../tiny.arch::Tiny", "necks"] {
        let said = folder.neckar(&["audit", spec, "--at", "H=2,W=2"]);
        assert_eq!(said.code, 1, "{spec}: {}", said.err);
        assert!(said.err.contains("Tiny has 112 parameters, above 100, with c = 4"), "{}", said.err);
        assert!(said.out.contains("Tiny (c = 2) at B = 1, H = 2, W = 2"), "{}", said.out);
    }
    folder.succeed(&["audit", "tiny.arch"]);
    let said = folder.neckar(&["audit", "necks/tiny.arch", "--format", "json"]);
    let document: Value = serde_json::from_str(&said.out).expect("it is JSON");
    let finding = &document["reports"][0]["findings"][0];
    assert_eq!((&finding["place"]["file"], &finding["place"]["line"]), (&"neckar.toml".into(), &9.into()), "{finding}");
    folder.succeed(&["check", "necks/tiny.arch"]);
}

#[test]
fn gates_that_cannot_be_held() {
    let gate = |rest: &str| format!("[[gate]]\nspec = \"necks/tiny.arch\"\n{rest}\n");
    for (config, code, message) in [
        (GATE.replace("necks/*", "neck/*"), 3, "neckar.toml:2:8: no `.arch` file matches `neck/*.arch`"),
        (GATE.replace("::Tiny", "::Tinny"), 3, "neckar.toml:2:8: no `.arch` file of `necks/*.arch` holds `arch Tinny`"),
        (gate("").replace("tiny", "gone"), 3, "neckar.toml:2:8: cannot read `necks/gone.arch`"),
        (gate("at = { V = 1 }"), 2, "neckar.toml:2:8: `Tiny` has no free size `V` for `at`"),
        (gate("at = { H = 7 }"), 3, "neckar.toml:2:8: `Tiny`: H = 7 is not legal"),
        (gate("assert-shape = { yy = \"[B]\" }"), 2, "neckar.toml:2:8: `Tiny` has no map `yy` for assert-shape"),
        (gate("assert-shape = { y = \"B\" }"), 2, "neckar.toml:2:8: `B` of assert-shape is not a shape"),
        (gate("set = { d = 3 }"), 2, "neckar.toml:2:8: `necks/tiny.arch` does not take the gate's parameters"),
        (String::new(), 2, "give a SPEC: `neckar.toml` has no `[[gate]]`"),
    ] {
        let said = project(&config).neckar(&["audit"]);
        assert!(said.code == code && said.err.contains(message), "{config}: {} {}", said.code, said.err);
    }
    let said = project(&gate("set = { d = 3 }")).neckar(&["audit", "necks/tiny.arch"]);
    assert!(
        said.code == 2 && said.err.contains("with the gate's parameters: arch `Tiny` has no parameter `d`"),
        "{}",
        said.err
    );
    let folder = Folder::new();
    let said = folder.neckar(&["audit"]);
    assert!(said.code == 2 && said.err.contains("give a SPEC: there is no neckar.toml"), "{}", said.err);
    let said = project(GATE).neckar(&["audit", "--max-params", "3"]);
    assert!(said.code == 2 && said.err.contains("are of a SPEC"), "{}", said.err);
}

#[test]
fn parameters_of_every_kind() {
    let folder = Folder::new();
    folder.write(
        "p.arch",
        "arch P(widths = [1], join: add | concat = add, gain = 1.5, wide = false) at H = 2, W = 2 {
    input x: [B, 1, H, W]
    conv c: -> widths[1] (kernel = 1)
    output y = c(x)
    expect params(self) == 8 when join == concat and gain == 2.0 and wide
}
",
    );
    let set = "widths = [2, 4], join = \"concat\", gain = 2.0, wide = true";
    folder.write("neckar.toml", format!("[[gate]]\nspec = \"p.arch\"\nset = {{ {set} }}\nmax-params = 8\n"));
    let said = folder.succeed(&["audit"]);
    assert!(said.out.contains("(gain = 2, join = concat, wide = true, widths = [2, 4])"), "{}", said.out);
    assert!(said.out.contains("holds, found 8"), "{}", said.out);
}

#[test]
fn the_files_in_the_documentation_are_read() {
    let folder = Folder::new();
    let mut count = 0;
    for page in ["ci.md", "audit.md"] {
        let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("it is in the repository");
        for fence in text.split("```toml\n").skip(1) {
            let config = fence.split("```").next().expect("a split gives one part at least");
            folder.write("neckar.toml", config);
            assert_eq!(folder.succeed(&["check", "tiny.arch"]).err, "", "{page}: {config}");
            count += 1;
        }
    }
    assert!(count >= 3, "{count} fences");
}
