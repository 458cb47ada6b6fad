//! Texts that want too much: each is refused, or handled, without a crash, in bounded time and on the stack of a thread.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use neckar_spec::bounds;
use neckar_spec::diagnostics::{Diagnostic, render};
use neckar_spec::{Compilation, Library, Lowering, Origin, compile, lower};

/// A guard against work that multiplies, far above what any of it takes; a slow machine is not to fail it.
const LONGEST: Duration = Duration::from_secs(20);

/// What threads have by default, and less than what the compiler gives to macros.
const STACK: usize = 2 << 20;

fn text(text: impl Into<String>) -> Origin {
    Origin::Text { name: "large.arch".into(), text: text.into(), folder: None }
}

/// A network with some rows.
fn network(rows: impl AsRef<str>) -> Origin {
    text(format!("arch A {{\n    input x: [B, 3, H, W]\n    {}\n    output y = relu(x)\n}}\n", rows.as_ref()))
}

/// A chain of something, each written with its number.
fn chain(numbers: std::ops::RangeInclusive<usize>, row: impl Fn(usize) -> String) -> String {
    numbers.map(row).collect::<Vec<_>>().join("\n")
}

/// What an ordinary thread makes of the result of a compilation, within the time.
fn within<T: Send + 'static>(origin: Origin, result: impl FnOnce(Compilation) -> T + Send + 'static) -> T {
    let start = Instant::now();
    let compiled = move || {
        let library = Library::load(origin).expect("the text can be read");
        let compilation = compile(library, None, &[]);
        render(&compilation.sources, &compilation.diagnostics[..compilation.diagnostics.len().min(100)]);
        result(compilation)
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(compiled).expect("a thread");
    let result = thread.join().expect("no panic and no overflow");
    assert!(start.elapsed() < LONGEST, "it took {:?}", start.elapsed());
    result
}

fn findings(origin: Origin) -> Vec<(&'static str, String)> {
    let shown = |diagnostic: &Diagnostic| (diagnostic.code.as_str(), diagnostic.message.clone());
    within(origin, move |compilation| compilation.diagnostics.iter().map(shown).collect())
}

/// Asserts that something is refused for one reason.
fn refused(name: &str, origin: Origin, code: &str) {
    let found = findings(origin);
    assert!(found.iter().any(|(found, _)| *found == code), "{name}: expected {code}, found {:?}", found.first());
}

#[test]
fn what_nests_deeply() {
    let deep = |open: &str, inner: &str, close: &str| {
        let n = 50_000;
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    let cases = [
        ("groups", format!("let a = {}", deep("(", "1", ")"))),
        ("lists", format!("let a = {}", deep("[", "1", "]"))),
        ("calls", format!("z = {}", deep("relu(", "x", ")"))),
        ("sums", format!("z = x{}", " + x".repeat(100_000))),
        ("pipes", format!("z = x{}", " |> relu".repeat(100_000))),
        ("powers", format!("let a = 2{}", "^2".repeat(100_000))),
        ("signs", format!("let a = {}1", "-".repeat(100_000))),
        ("negations", format!("let a = {}true", "not ".repeat(100_000))),
        ("members", format!("z = x{}", ".y".repeat(100_000))),
        ("choices", format!("let a = {}", deep("if true { ", "1", " } else { 2 }"))),
        ("bodies", deep("if true { ", "", "}")),
        ("loops", deep("for i in 0 to 0 { ", "", "}")),
        ("outputs", format!("output {}", deep("a: [", "x", "]"))),
        ("alternatives", format!("if true {{ }}{}", " else if true { }".repeat(50_000))),
    ];
    for (name, rows) in cases {
        refused(name, network(rows), "NK0002");
    }
}

#[test]
fn what_nests_as_deeply_as_it_may() {
    let group = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
    let rows = [
        format!("a = {}", group(100)),
        format!("b = x{}", " + x".repeat(100)),
        format!("{}c = relu(x){}", "if true { ".repeat(100), "}".repeat(100)),
        "output a, b, c".to_owned(),
    ];
    assert_eq!(findings(network(rows.join("\n    "))), []);
    // Every block inside another one, each applied deep in its rows.
    let (open, close) = ("if true { ".repeat(40), "}".repeat(40));
    let block =
        |n: usize| format!("block B{n} {{ input x  B{} b  {open}output y = {} |> b{close} }}", n - 1, group(40));
    let blocks = chain(1..=60, block);
    let nested = format!(
        "block B0 {{ input x  output y = relu(x) }}\n{blocks}\narch A {{ input x: [B, 3, H, W]  B60 b  output y = b(x) }}"
    );
    assert_eq!(findings(text(nested)), []);
}

#[test]
fn what_multiplies() {
    let blocks = |body: &str| {
        let block = |n: usize| format!("block B{n} {{ input x  B{0} a  B{0} b  output y = {body} }}", n - 1);
        format!(
            "block B0 {{ input x  output y = relu(x) }}\n{}\narch A {{ input x: [B, 3, H, W]  B40 f  output y = f(x) }}",
            chain(1..=40, block)
        )
    };
    let cases = [
        ("loops", network("for i in 0 to 9999 { for j in 0 to 9999 { for k in 0 to 9999 { } } }"), "NK0114"),
        ("values in loops", network("for i in 0 to 9999 { for j in 0 to 9999 { let a = min(i, j) + 1 } }"), "NK0114"),
        ("blocks", text(blocks("b(a(x))")), "NK0114"),
        ("blocks beside", text(blocks("a(x) + b(x)")), "NK0114"),
        (
            "a block in itself",
            text(
                "block F { input x  F f  F g  output y = f(x) + g(x) }\narch A { input x: [B, 3, H, W]  F f  output y = f(x) }",
            ),
            "NK0112",
        ),
        ("a repeat", network("conv c x 1000000000: -> 3 (kernel = 1)"), "NK0107"),
        (
            "repeats of repeats",
            text(
                "block T { input x  conv c x 10000: -> 3 (kernel = 1)  output y = c(x) }\narch A { input x: [B, 3, H, W]  T t x 10000  output y = t(x) }",
            ),
            "NK0114",
        ),
        ("a range", network("let a = [0..9_223_372_036_854_775_807]"), "NK0107"),
        (
            "lists",
            network(format!("let a0 = [0..99]\n{}", chain(1..=40, |n| format!("let a{n} = [a{0}, a{0}]", n - 1)))),
            "NK0107",
        ),
        ("copies of lists", network("let a = [0..9999]\n    for i in 0 to 9999 { let b = a }"), "NK0114"),
        (
            "strings",
            network(format!(
                "let a0 = \"abcd\"\n{}",
                chain(1..=40, |n| format!("let a{n} = \"{{a{0}}}{{a{0}}}\"", n - 1))
            )),
            "NK0107",
        ),
        (
            "sizes",
            network(format!(
                "let a0 = H + W\n{}\n    input z: [B, 3, a40, W]",
                chain(1..=40, |n| format!("let a{n} = a{0} * a{0}", n - 1))
            )),
            "NK0111",
        ),
        (
            "halves of sizes",
            network(format!(
                "let a0 = H + W\n{}\n    input z: [B, 3, a60, W]",
                chain(1..=60, |n| format!("let a{n} = floor((a{0} + H)/2) + floor((a{0} + W)/3)", n - 1))
            )),
            "NK0111",
        ),
        ("arguments", network(format!("conv c: -> 3 ({})", chain(1..=100_000, |n| format!("a{n} = 1,")))), "NK0114"),
    ];
    for (name, origin, code) in cases {
        refused(name, origin, code);
    }
}

#[test]
fn large_texts() {
    let limit = bounds::TEXT;
    let unread = |origin: Origin| Library::load(origin).expect_err("too much to read").to_string();
    let message = "it holds more than 2 MiB; split it into files that import one another";
    assert_eq!(unread(text("\n".repeat(limit + 1))), format!("cannot read `large.arch`: {message}"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.arch");
    fs::write(&path, "    y = relu(x)\n".repeat(1_000_000)).expect("a file");
    assert!(unread(Origin::Path(path)).ends_with(message));

    let fills = |piece: &str| piece.repeat((limit - 200) / piece.len());
    assert_eq!(findings(network(fills("// a comment\n    "))), []);
    assert_eq!(findings(network(fills(" "))), []);
    for (name, origin, code) in [
        ("blank lines before junk", text(format!("arch A {{ }}{};", "\n".repeat(limit - 20))), "NK0001"),
        ("rows in one line", network(fills("y = relu((x)) ")), "NK0102"),
        ("junk in one line", network(fills("= = ")), "NK0001"),
        ("closers in one line", network(fills("y = x) ")), "NK0002"),
        ("openers in one line", network(fills("y = (x ")), "NK0002"),
        ("openers in rows", network(fills("y = (x\n")), "NK0002"),
        ("an opener before long rows", network(format!("y = (x\n{}", &fills("y = relu((x)) ")[1400..])), "NK0002"),
        (
            "headers in one another",
            network(format!("{}{}{}", "for i to 2 { ".repeat(120), &fills("= = ")[4096..], "}".repeat(120))),
            "NK0001",
        ),
        ("a long name", network(format!("{} = relu(x)", fills("a"))), "NK0107"),
        ("open braces of a string", network(format!("ignore \"{}\"", fills("{a"))), "NK0008"),
        ("escapes", network(format!("ignore \"{}\"", fills("\\a"))), "NK0114"),
        ("blocks in one line", text(fills("block A { input x output y = relu(x) } ")), "NK0005"),
        ("NUL", text("arch A {\0}"), "NK0001"),
    ] {
        refused(name, origin, code);
    }
    let bom = "\u{feff}arch A { input x: [B, 3, H, W] output y = relu(x) }";
    assert_eq!(findings(text(bom)), []);
}

#[test]
fn many_mistakes() {
    let most = bounds::ERRORS;
    for (name, row) in [
        ("names", "y{n} = relu(z{n})"),
        ("shapes", "y{n} = relu(x) -> [B, 4, H, W]"),
        ("rows", "y{n} = = relu(x)"),
        ("kinds", "unknown y{n}: -> 4"),
    ] {
        let found = findings(network(chain(1..=10_000, |n| row.replace("{n}", &n.to_string()))));
        let last = ("NK0114", format!("{most} errors were found; what may lie beyond them was not looked at"));
        assert_eq!(found.len(), most + 1, "{name}");
        assert!(found.contains(&last), "{name}");
    }
}

#[test]
fn ten_thousand_rows() {
    let level = |n: usize| {
        format!(
            "smooth a{n}, b{n}: -> 16  down d{n}: -> 32  lateral l{n}: -> 16\n\
             s{n} = a{n}(x{n})            -> [B, 16, H, W]\n\
             t{n} = d{n}(s{n})            -> [B, 32, H/2, W/2]\n\
             u{n} = Up2(l{n}(t{n}))       -> [B, 16, H, W]\n\
             x{} = b{n}(u{n} + s{n})      -> [B, 16, 64, 64]",
            n + 1
        )
    };
    let rows = chain(1..=1430, level);
    let large = format!(
        "arch A at H = 64, W = 64 {{\nnumerics {{ resize = nearest }}\ninput x1: [B, 16, H, W]\n{rows}\noutput x1431\n}}"
    );
    let (steps, instructions) = within(text(large), |compilation| {
        let checked = compilation.checked.expect("a network without errors");
        let program = lower(&checked, Lowering::default());
        (checked.graph().steps, program.entry().steps.len())
    });
    // Each row is read once: 7 of a level hold some 200 expressions, sizes and operators.
    assert!(steps < 1430 * 300, "{steps}");
    // The four convolutions of a level with their norms and activations, and the sum, which samples the coarse map itself:
    // `s` is read twice.
    assert_eq!(instructions, 1430 * 5);
}

#[test]
fn imports() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        Origin::Path(path)
    };
    let last = 2 * bounds::IMPORTS;
    for n in 0..last {
        file(&format!("{n}.arch"), &format!("use \"{}.arch\"", n + 1));
    }
    let found = findings(file("chain.arch", "use \"0.arch\"\narch A { input x: [B, 3, H, W]  output y = relu(x) }"));
    assert!(found.iter().any(|(code, message)| *code == "NK0003" && message.contains("imports nest deeper than 64")));
    let many = "use \"missing.arch\"\n".repeat(5_000);
    assert_eq!(findings(file("many.arch", &many))[0].0, "NK0003");
}

#[cfg(unix)]
#[test]
fn imports_through_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.arch");
    // Each link makes more paths to the one file, without end.
    let itself = "use \"a.arch\"\nuse \"b.arch\"\nuse \"here/a.arch\"\nuse \"there/b.arch\"\n";
    fs::write(&path, format!("{itself}arch A {{ input x: [B, 3, H, W]  output y = relu(x) }}")).expect("a file");
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).expect("a link");
    link(&path, "b.arch");
    link(folder.path(), "here");
    link(folder.path(), "there");
    let found = findings(Origin::Path(path));
    assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["NK0004"; 4]);
    // A file without an end.
    let endless = folder.path().join("endless.arch");
    fs::write(&endless, "use \"/dev/zero\"\narch A { input x: [B, 3, H, W]  output y = relu(x) }").expect("a file");
    assert!(findings(Origin::Path(endless))[0].1.contains("more than 2 MiB"));
}
