use std::fs;
use std::path::{Path, PathBuf};

use super::lexer::{self, Kind};
use super::{FormatError, format, layout};
use crate::source::Sources;
use crate::{Library, Lowering, Origin, Program, compile, lower, zoo};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file with this extension below a folder of the repository.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Every spec of the repository, be it wrong or right, and every one in the documentation: where it stands, its text.
fn corpus() -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a text of the repository");
        (path, text)
    };
    let folders = ["spec", "examples", "tests"];
    let specs = folders.iter().flat_map(|folder| files(folder, "arch"));
    let mut texts: Vec<_> = specs.map(read).collect();
    for (page, text) in files("docs", "md").into_iter().chain([root().join("README.md")]).map(read) {
        for fence in text.split("\n```arch").skip(1) {
            let (_, fence) = fence.split_once('\n').expect("a fence has a first line");
            let (spec, _) = fence.split_once("\n```").expect("a fence ends");
            texts.push((page.clone(), format!("{spec}\n")));
        }
    }
    texts
}

fn parses(text: &str) -> bool {
    let mut sources = Sources::default();
    let file = sources.add("text", None, text);
    !matches!(format(&sources, file), Err(FormatError::Syntax(_)))
}

/// The programs of a text without the texts of their rows, which are as written, and what was found in each.
fn programs(path: &Path, text: &str) -> Vec<(Option<Program>, Vec<String>)> {
    let load = || {
        let folder = path.parent().map(Path::to_owned);
        Library::load(Origin::Text { name: "text".into(), text: text.into(), folder }).expect("a text at hand")
    };
    let names: Vec<String> = load().archs().map(|arch| arch.name.node.clone()).collect();
    let program = |name: &String| {
        let compilation = compile(load(), Some(name), &[]);
        let mut program = compilation.checked.map(|checked| lower(&checked, Lowering::default()));
        program.iter_mut().flat_map(|program| &mut program.rows).for_each(|row| row.text.clear());
        // Messages quote what is written.
        let blankless = |text: &str| text.split_whitespace().collect::<String>();
        let found = compilation.diagnostics.iter().map(|found| format!("{} {}", found.code, blankless(&found.message)));
        (program, found.collect())
    };
    names.iter().map(program).collect()
}

#[test]
fn the_zoo_is_formatted() {
    for path in files("spec/zoo", "arch").into_iter().chain(files("examples", "arch")) {
        let text = fs::read_to_string(&path).expect("a text of the repository");
        assert_eq!(layout(&text).as_deref(), Ok(text.as_str()), "{}", path.display());
    }
}

#[test]
fn every_spec_settles_and_stays_the_same_network() {
    let corpus = corpus();
    assert!(corpus.len() > 100, "only {} specs were found", corpus.len());
    let mut compared = 0;
    for (path, text) in &corpus {
        let formatted = layout(text).unwrap_or_else(|fault| panic!("{}: {fault}\n{text}", path.display()));
        assert_eq!(parses(text), parses(&formatted), "{}:\n{formatted}", path.display());
        // Its network of 200 000 operators takes its time.
        // A syntax error is followed by what is next to it, and its text is not formatted.
        if parses(text) && !path.ends_with("too_many_operators.arch") {
            let before = programs(path, text);
            compared += before.iter().filter(|(program, _)| program.is_some()).count();
            assert!(before == programs(path, &formatted), "{}:\n{formatted}", path.display());
        }
    }
    assert!(compared > 30, "only {compared} programs were compared");
}

/// A linear congruential generator (Knuth, MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// What may stand between two tokens.
const GAPS: &[&str] = &[
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n\n",
    " \r\n",
    "      ",
    " /* a */ ",
    "/* b\n   c  \n*/",
    " // d  \n",
    "\n// → e\n",
    " ",
];

/// The tokens of a text with other blanks and comments between them; every `rare`th gap is one.
fn respaced(random: &mut Random, text: &str, rare: usize) -> String {
    let mut respaced = String::new();
    for token in lexer::tokens(text) {
        if random.below(rare) == 0 {
            respaced.push_str(GAPS[random.below(GAPS.len())]);
        } else {
            respaced.push_str(if token.newlines > 0 { "\n" } else { " " });
        }
        respaced.push_str(token.text);
        if token.kind == Kind::LineComment {
            respaced.push('\n');
        }
    }
    respaced
}

#[test]
fn other_blanks_and_comments() {
    let texts: Vec<&str> = zoo::names().filter_map(zoo::text).chain(zoo::text("prelude")).collect();
    let mut random = Random(1);
    for round in 0..1500 {
        let text = respaced(&mut random, texts[round % texts.len()], 1 + rarity(round));
        let formatted = layout(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        assert!(
            formatted.ends_with('\n') && !formatted.contains("\n\n\n") && !formatted.contains(" \n"),
            "{formatted}"
        );
        assert_eq!(comments(&text), comments(&formatted));
        if round < 60 {
            let same = programs(Path::new("."), &text) == programs(Path::new("."), &formatted);
            assert!(same, "{text}\n{formatted}");
        }
    }
}

/// From a gap everywhere to one in sixteen.
fn rarity(round: usize) -> usize {
    [0, 1, 3, 15][round / 9 % 4]
}

/// The comments of a text without the blanks at the ends of their lines, found without the formatter's lexer: no string
/// of the zoo holds a `/`.
fn comments(text: &str) -> Vec<String> {
    let (mut comments, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find("//").into_iter().chain(rest.find("/*")).min() {
        rest = &rest[at..];
        let end = match rest.starts_with("//") {
            true => rest.find('\n').unwrap_or(rest.len()),
            false => rest.find("*/").map_or(rest.len(), |at| at + 2),
        };
        comments.push(rest[..end].lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
        rest = &rest[end..];
    }
    comments
}

#[test]
fn damaged_specs_and_soups() {
    let texts: Vec<&str> = zoo::names().filter_map(zoo::text).chain(zoo::text("prelude")).collect();
    let words: Vec<&str> = texts.iter().flat_map(|text| lexer::tokens(text)).map(|token| token.text).collect();
    let more = ["-", ">", "=", "|", "\"", "/*", "*/", "/", "!", "é", "x", "\u{301}", "..", "{", "}", ")", "1e", "+3"];
    let mut random = Random(2);
    for round in 0..5000 {
        let mut text = String::new();
        if round % 2 == 0 {
            for _ in 0..random.below(120) {
                let word = if random.below(8) == 0 {
                    more[random.below(more.len())]
                } else {
                    words[random.below(words.len())]
                };
                text.push_str(word);
                text.push_str(if random.below(4) == 0 { GAPS[random.below(GAPS.len())] } else { " " });
            }
        } else {
            let whole = texts[round % texts.len()];
            let ends: Vec<usize> = whole.char_indices().map(|(at, _)| at).collect();
            let (a, b) = (ends[random.below(ends.len())], ends[random.below(ends.len())]);
            // A stretch taken out, or written twice.
            text = format!("{}{}{}", &whole[..a], more[random.below(more.len())], &whole[b..]);
        }
        // That nothing but blanks changed, and that it settles, is what `layout` checks.
        if let Err(fault) = layout(&text) {
            panic!("round {round}: {fault}\n{text}");
        }
    }
}

#[test]
fn style() {
    let cases = [
        // Blanks, line ends and empty lines.
        (
            "\n\n\narch A{\r\n\r\n\tinput x:[B,3,H,W]   \r\n\n\n\n output   y=relu( x )}",
            "arch A {\n    input x: [B, 3, H, W]\n\n    output y = relu(x) }\n",
        ),
        ("", ""),
        (" // alone", "// alone\n"),
        // Operators and signs.
        ("let a=-b+(c-1)*2^(-d)/ - 3\n", "let a = -b + (c - 1) * 2^(-d) / -3\n"),
        ("x = [H / 2, 2*H , H/2^i, ceil( H/8 )]", "x = [H/2, 2 * H, H / 2^i, ceil(H/8)]\n"),
        ("y=a|>b|>max_pool( kernel=2 )⊕c", "y = a |> b |> max_pool(kernel = 2) ⊕ c\n"),
        ("use zoo :: fpn", "use zoo::fpn\n"),
        ("expect legal( H )==[0 , 25 .. 31]mod 32", "expect legal(H) == [0, 25..31] mod 32\n"),
        ("numerics{resize=nearest}", "numerics { resize = nearest }\n"),
        // Calls and arguments.
        ("conv c:->8(kernel=1)as\"d\"", "conv c: -> 8 (kernel = 1) as \"d\"\n"),
        ("conv c: -> max (a , 8)(kernel=1)", "conv c: -> max(a, 8) (kernel = 1)\n"),
        ("Bottleneck l[i]x n[i](width=2)", "Bottleneck l[i] x n[i] (width = 2)\n"),
        (
            "kind k (out)=conv->out(kernel=1)|>bn:batch_norm(eps=1e-3)",
            "kind k(out) = conv -> out (kernel = 1) |> bn: batch_norm (eps = 1e-3)\n",
        ),
        // Rows that share a line.
        (
            "block N(w){input x conv c:->w(kernel=1) output y=c(x)}",
            "block N(w) { input x  conv c: -> w (kernel = 1)  output y = c(x) }\n",
        ),
        ("if a{y=b}else{y=c}", "if a { y = b } else { y = c }\n"),
        // An `allow`, and layers of a kind of that name.
        ("allow unused_row:a,b\"c\"\nconv  d: -> 8", "allow unused_row: a, b \"c\"\nconv d: -> 8\n"),
        ("allow a:->8\nconv  d: -> 8", "allow a: -> 8\nconv  d: -> 8\n"),
        // Lines that go on.
        ("output a=b,\nc", "output a = b,\n       c\n"),
        ("y = a\n|> b\n|> c\nz = y", "y = a\n    |> b\n    |> c\nz = y\n"),
        ("conv c: -> 8 (kernel = 1,\nbias = true\n)", "conv c: -> 8 (kernel = 1,\n    bias = true\n)\n"),
        (
            "let b = if c {1}\nelse if d {2}\nelse {3}",
            "let b = if c { 1 }\n        else if d { 2 }\n        else { 3 }\n",
        ),
        (
            "for i in 4 down to 2 {\nif a {\ny = b\n}\nelse {\ny = c\n}\n}",
            "for i in 4 down to 2 {\n    if a {\n        y = b\n    }\n    else {\n        y = c\n    }\n}\n",
        ),
        // Columns.
        ("a = b -> [1]\nccc = ddd -> [1]\n\ne = f -> [1]", "a   = b    -> [1]\nccc = ddd  -> [1]\n\ne = f -> [1]\n"),
        ("conv a: -> 8\nbatch_norm b", "conv a: -> 8\nbatch_norm b\n"),
        ("conv  a: -> 8\nbatch_norm b", "conv       a: -> 8\nbatch_norm b\n"),
        ("a = b // c\nd // e\n  // f", "a = b  // c\nd      // e\n// f\n"),
        (
            "a = b → [B,128, 8]\nc = d → [B,128,16]\ne = f → [B, 8,16]",
            "a = b  → [B,128, 8]\nc = d  → [B,128,16]\ne = f  → [B,  8,16]\n",
        ),
        (
            "input a: [B,  3, H, W ]\ninput b: [B, 16, H/2, W/2]",
            "input a: [B,  3, H, W  ]\ninput b: [B, 16, H/2, W/2]\n",
        ),
        // Comments.
        ("arch A {\n// a\ninput x // b\n// c\n}\n// d", "arch A {\n    // a\n    input x  // b\n    // c\n}\n// d\n"),
        ("y = f( /* a */ b, // c\nd)", "y = f(/* a */ b,  // c\n    d)\n"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = layout(text);
        if found.as_deref() != Ok(expected) {
            wrong.push(format!(
                "of\n{text}\nexpected\n{expected}\nfound\n{}",
                found.unwrap_or_else(|fault| fault.to_string())
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn syntax_errors_are_left_alone() {
    let mut sources = Sources::default();
    let file = sources.add("text", None, "arch A { input x: [B, 3, H W] output x }");
    assert!(matches!(format(&sources, file), Err(FormatError::Syntax(found)) if found.len() == 1));
}
