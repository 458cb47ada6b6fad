//! One mistake, one error; everything around it is read.

use std::time::{Duration, Instant};

use super::*;

/// The errors of a text: code, message, text underlined, hints.
fn errors(text: &str) -> Vec<(String, String, String, String)> {
    let (sources, _, diagnostics) = read(text);
    diagnostics
        .iter()
        .map(|diagnostic| {
            (
                diagnostic.code.to_string(),
                diagnostic.message.clone(),
                diagnostic.span.map_or("", |span| sources.snippet(span)).to_owned(),
                diagnostic.hints.join("; "),
            )
        })
        .collect()
}

#[track_caller]
fn assert_error(text: &str, code: &str, message: &str, underlined: &str, hint: &str) {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    let (found_code, found_message, found_underlined, found_hint) = &errors[0];
    assert_eq!(found_code, code, "{text}");
    assert_eq!(found_message, message, "{text}");
    assert_eq!(found_underlined, underlined, "{text}");
    assert!(found_hint.contains(hint) && hint.is_empty() == found_hint.is_empty(), "{text}: {found_hint}");
}

#[test]
fn a_bad_row_costs_one_error_between_good_ones() {
    let cases = [
        ("P6 = L5 (B2 + )", "expected an expression, found `)`", ")", "something has to follow `+`"),
        ("y = a +", "expected an expression after `+`", "+", ""),
        ("y = a +\n      + b", "expected an expression, found `+`", "+", "something has to follow `+`"),
        ("y = a\n      + + b", "expected an expression, found `+`", "+", "something has to follow `+`"),
        ("foo", "expected `=`, `[` or a name after `foo`", "foo", ""),
        ("conv c -> 3", "expected `(`, `,`, `:`, `[`, `as`, `x` or the next row, found `->`", "->", "follow a `:`"),
        ("lateral L: 128", "expected `->` or an operator after `128`", "128", ""),
        ("conv c: -> 3x3", "expected an expression, found `3x3`", "3x3", "a number has"),
        ("B a, b x 3", "expected `(`, `,`, `:`, `[`, `as` or the next row, found `x`", "x", "single name"),
        ("P5 = L5(B4) L6(x)", "expected `->`, an operator or the next row, found `L6`", "L6", ""),
        ("output P5,\n    expect params(self) == 3", "expected a name after `,`", ",", ""),
        ("output P5 -> [B]", "expected `,`, `:`, `=`, `[` or the next row, found `->`", "->", "output P3 = x ->"),
        ("input in: [B]", "expected a name, found `in`", "in", "`in` is a word of the language"),
        ("let for = 3", "expected a name, found `for`", "for", "choose another name"),
        ("true = 3", "expected a row, found `true`", "true", "choose another name"),
        ("for i to 5 { a = b }", "expected `in`, found `to`", "to", ""),
        ("if a = b { c = d }", "expected `{` or an operator, found `=`", "=", "a comparison is written `==`"),
        ("if a {\n      b = c\n    } else d {\n      e = f\n    }", "expected `if` or `{`, found `d`", "d", ""),
        ("y = f(a b)", "expected `)`, `,`, `=` or an operator, found `b`", "b", "put a `,`"),
        ("y = [1\n      2]", "expected `,`, `..`, `]` or an operator, found `2`", "2", "put a `,`"),
        ("y = a; z = b", "expected `->`, an operator or the next row, found `;`", ";", "rows need nothing"),
        ("y = a && b", "expected `->`, an operator or the next row, found `&&`", "&&", "write `and`"),
        ("expect params(self) = 3", "expected a comparison or an operator, found `=`", "=", "written `==`"),
        ("y = \"{a +}\"", "expected an expression after `+`", "+", ""),
        ("y = \"{a\"", "`{` without its partner in a string", "{", "`{{`"),
        ("y = \"a{ }\"", "expected an expression between `{` and `}`", "{ }", ""),
        ("y = \"\\n\"", "unknown escape in a string", "\\", "are the escapes"),
    ];
    for (bad, message, underlined, hint) in cases {
        let text = format!("arch A {{\n    input x: [B, 3, H, W]\n    {bad}\n    z = x // last\n    output z\n}}\n");
        let code = match hint {
            "`{{`" | "are the escapes" => "NK0008",
            "`in` is a word of the language" | "choose another name" => "NK0007",
            _ if message.contains("between `{`") => "NK0008",
            _ => "NK0001",
        };
        assert_error(&text, code, message, underlined, hint);
        let (_, file, _) = read(&text);
        let rows = &file.networks[0].rows;
        assert!(matches!(&rows[0].kind, RowKind::Input { .. }), "{bad}");
        let [.., map, output] = &rows[..] else { panic!("{bad}: rows after it") };
        assert!(matches!(&map.kind, RowKind::Map { name, .. } if name.base.node == "z"), "{bad}");
        assert!(matches!(&output.kind, RowKind::Output(_)), "{bad}");
    }
}

#[test]
fn a_bad_item_costs_one_error() {
    let items = "`arch`, `block`, `kind`, `use` or `numerics`";
    let cases = [
        ("use \"a.arch\" -> b", "expected the next item, found `->`", "->", "an import ends"),
        ("use other::bar", "expected `zoo`, found `other`", "other", "zoo::NAME"),
        ("use bar", "expected `::` after `bar`", "bar", ""),
        ("kind = conv", "expected a name, found `=`", "=", ""),
        ("kind a(out) conv -> out", "expected `=`, found `conv`", "conv", ""),
        ("arch A(x: ) {\n    a = b\n}", "expected a type, found `)`", ")", ""),
        ("numerics { eps }", "expected `=`, found `}`", "}", ""),
        ("lateral L: -> 3", &format!("expected {items}, found `lateral`"), "lateral", ""),
    ];
    for (bad, message, underlined, hint) in cases {
        let text = format!("kind k = conv\n{bad}\nblock Last {{}}\n");
        assert_error(&text, "NK0001", message, underlined, hint);
        let (_, file, _) = read(&text);
        assert_eq!(file.networks.last().map(|network| network.name.node.as_str()), Some("Last"), "{bad}");
        assert_eq!(file.kinds.first().map(|kind| kind.name.node.as_str()), Some("k"), "{bad}");
    }
}

#[test]
fn independent_mistakes_are_all_reported() {
    let text = "use zoo resnet\narch A {\n    input x: [B, 3, H, W]\n    conv c 3 -> 4\n    for i in 1 to 2 {\n        \
                y[i] = c(x\n            z)\n        w[i] = c(x)\n    }\n    output w\n}\nblock C {\n    input x\n    \
                output = x\n}\n";
    let places: Vec<_> = errors(text).into_iter().map(|error| error.2).collect();
    assert_eq!(places, ["resnet", "3", "z", "="]);
    // A header that cannot be read hides nothing in its body, nor does a bracket in another row.
    let text = "arch A(c: ) {\n    input x: [B, 3, H, W\n    for i to 2 {\n        y = (x\n        z = \n    }\n    if a = 1 \
                {\n        w = x x\n    } else {\n        w = x +\n    }\n    v = x)\n    output \"v\n}\nblock B {\n    \
                input x\n    output = x\n\nkind k() = conv ->\n";
    let places: Vec<_> = errors(text).into_iter().map(|error| error.2).collect();
    assert_eq!(places, [")", "[", "to", "(", "=", "=", "x", "+", ")", "\"v", "{", "=", "->"]);
    let text = "use zoo resnet\narch A {\n    input x: [B, 3, H, W]\n    conv c 3 -> 4\n    for i in 1 to 2 {\n        \
                y[i] = c(x\n            z)\n        w[i] = c(x)\n    }\n    output w\n}\nblock C {\n    input x\n    \
                output = x\n}\n";
    let (_, file, _) = read(text);
    let rows = &file.networks[0].rows;
    let RowKind::For { rows: inner, .. } = &rows[2].kind else { panic!("{rows:?}") };
    assert!(matches!(&inner[1].kind, RowKind::Map { name, .. } if name.base.node == "w"));
    assert!(matches!(rows[3].kind, RowKind::Output(_)));
    assert_eq!(file.networks[1].rows.len(), 1);
}

#[test]
fn text_without_newlines_gives_one_error_a_body() {
    let text = "arch A { input x: [B] conv c + 3 output y } block C { y = x output y }";
    assert_error(text, "NK0001", "expected `(`, `,`, `:`, `[`, `as`, `x` or the next row, found `+`", "+", "");
    let (_, file, _) = read(text);
    assert_eq!(file.networks[1].rows.len(), 2);
}

#[test]
fn every_keyword_is_refused_as_a_name() {
    for keyword in super::super::grammar::KEYWORDS {
        let hint = "is a word of the language";
        let message = format!("expected a name, found `{keyword}`");
        assert_error(&format!("arch A {{ let {keyword} = 3 }}"), "NK0007", &message, keyword, hint);
        read_well(&format!("arch A {{ let {keyword}_ = 3 {keyword}2 = {keyword}2 }}"));
    }
}

#[test]
fn brackets_strings_and_comments_are_looked_at_first() {
    let cases = [
        ("arch A {\n  a = b\n", "NK0002", "`{` is never closed", "{", "close it with `}`"),
        ("arch A {\n  a = f(b\n}", "NK0002", "`(` is never closed", "(", "close it with `)`"),
        ("arch A {\n  a = f((b\n}", "NK0002", "`(` is never closed", "(", "close it with `)`"),
        ("arch A {\n  a = f(b // c)\n}", "NK0002", "`(` is never closed", "(", "close it with `)`"),
        ("arch A {\n  a = f([b)\n}", "NK0002", "`[` is never closed", "[", "close it with `]`"),
        ("arch A {\n  a = f(b]\n}", "NK0002", "expected `)`, found `]`", "]", "close it with `)`"),
        ("arch A {\n  a = f(b}\n}", "NK0002", "expected `)`, found `}`", "}", "close it with `)`"),
        ("arch A {\n  a = b\n)", "NK0002", "expected `}`, found `)`", ")", "close it with `}`"),
        ("arch A {\n  a = b)\n}", "NK0002", "`)` closes nothing", ")", "take it out"),
        ("arch A {}\n}", "NK0002", "`}` closes nothing", "}", "take it out"),
        ("arch A {\n  a = b\n  }\n  c = d\n}", "NK0002", "`}` closes nothing", "}", "take it out"),
        ("arch A\n  a = b\n}", "NK0002", "expected `{` at the end of this line", "arch A", "write `{`"),
        (
            "arch A {\n  for i in 1 to 2 // two\n    a = b\n  }\n}",
            "NK0002",
            "expected `{` at the end of this line",
            "for i in 1 to 2",
            "write `{`",
        ),
        (
            "arch A {\n  if a {\n    b = c\n  else {\n    b = d\n  }\n}",
            "NK0002",
            "`{` is never closed",
            "{",
            "close it",
        ),
        ("arch A(\n  c = 1\n) {\n  a = f(b\n}", "NK0002", "`(` is never closed", "(", "close it"),
        ("arch A { /* } ", "NK0008", "the comment is never closed", "/*", "`*/`"),
        ("arch A as \"fpn\n{ }", "NK0008", "the string is not closed on its line", "\"fpn", "close it"),
        (
            "arch A {\n  ignore \"of (the\n  old head\"\n  a = b\n}",
            "NK0008",
            "the string is not closed on its line",
            "\"of (the",
            "close it",
        ),
        ("arch A {\n  a = f(b, \"c)\n}", "NK0008", "the string is not closed on its line", "\"c)", "close it"),
    ];
    for (text, code, message, underlined, hint) in cases {
        assert_error(text, code, message, underlined, hint);
    }
    read_well("arch A { ignore \")(\", \"\\\"(\", \"{{[\" /* ( // [ */ // {\n }");
}

#[test]
fn an_unclosed_bracket_names_the_closer_at_another_indentation() {
    let (_, file, diagnostics) = read("arch A {\n    for i in 1 to 2 {\n        a = b\n    output a\n}\n");
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].message, "`{` is never closed");
    // The loop's bracket, and the one at the start of the last line, which is the network's.
    assert_eq!(diagnostics[0].span.map(|span| span.start), Some(29));
    let places: Vec<_> = diagnostics[0].related.iter().map(|(span, _)| span.start).collect();
    assert_eq!(places, [58]);
    assert_eq!(file.networks.len(), 1);
}

/// What an expression of these pieces repeated gives: the codes of its errors, in little time and stack.
fn codes(head: &str, piece: &str, times: usize, tail: &str) -> Vec<String> {
    let text = format!("arch A {{ {head}{}{tail} }}", piece.repeat(times));
    let start = Instant::now();
    let codes = errors(&text).into_iter().map(|error| error.0).collect();
    assert!(start.elapsed() < Duration::from_secs(10), "{head}{piece}: {:?}", start.elapsed());
    codes
}

#[test]
fn depth_is_bounded() {
    let closing = |times: usize| format!("a{}", ")".repeat(times));
    assert!(codes("y = ", "(", 100, &closing(100)).is_empty());
    assert_eq!(codes("y = ", "(", 100_000, &closing(100_000)), ["NK0002"]);
    assert_eq!(codes("y = ", "(", 100_000, ""), ["NK0002"]);
    assert!(codes("y = ", "f(", 60, &closing(60)).is_empty());
    assert!(codes("for i in 1 to 2 { ", "if a { ", 100, &format!("x = y {}", "}".repeat(101))).is_empty());
    assert!(codes("y = a", " + a", 60, "").is_empty());
    assert_eq!(codes("y = a", " + a", 100_000, ""), ["NK0002"]);
    assert_eq!(codes("y = a", " ^ a", 100_000, ""), ["NK0002"]);
    assert_eq!(codes("y = ", "not ", 100_000, "a"), ["NK0002"]);
    assert_eq!(codes("y = ", "-", 100_000, "a"), ["NK0002"]);
    assert_eq!(codes("y = a", ".b", 100_000, ""), ["NK0002"]);
    assert_eq!(codes("y = ", "if a { b } else ", 1000, "{ c }"), ["NK0002"]);
    let deep = "} else { c }".repeat(126);
    assert_eq!(codes("y = ", "if a { ", 126, &format!("b {deep}")), ["NK0002"]);
    assert_eq!(codes("if a { }", " else if a { x = y }", 1000, ""), ["NK0002"]);
    assert_eq!(codes("y = \"{", "(", 1000, &format!("{}}}\"", closing(1000))), ["NK0002"]);
}

#[test]
fn nested_mistakes_take_linear_time() {
    let deep = |opener: &str, closer: &str| {
        let text = format!("arch A {{\n{}x = + y\n{}}}", opener.repeat(100), closer.repeat(100));
        let start = Instant::now();
        assert_eq!(errors(&text).len(), 1, "{opener}");
        assert!(start.elapsed() < Duration::from_secs(10), "{opener}: {:?}", start.elapsed());
    };
    deep("for i in 1 to 2 {\n", "}\n");
    deep("if a {\n", "} else { b = c }\n");
    deep("P[Q[", "]]");
    deep("y = [a, f(", ")]");
}

#[test]
fn many_mistakes_take_linear_time() {
    let rows = [
        "    y = (x\n",
        "    y = x)\n",
        "    }\n",
        "    for i to 2 { y = + x }\n",
        "    a b { c = + d }\n",
        "    \"y\n",
    ];
    for row in rows {
        let body = row.repeat(20_000);
        for text in [format!("arch A {{\n{body}}}\n"), body] {
            let start = Instant::now();
            assert!(!errors(&text).is_empty());
            assert!(start.elapsed() < Duration::from_secs(10), "{row}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn a_long_text_is_read_in_one_go() {
    let text = format!("arch A {{\n{}}}\n", "    P5 = L5(B4) + M[i + 1] // row\n".repeat(5000));
    let (_, file) = read_well(&text);
    assert_eq!(file.networks[0].rows.len(), 5000);
}

/// Damaged texts are read without a panic, with places that lie in the text.
#[test]
fn damage_never_panics() {
    let pieces = ["", "}", "(", "\"", "x", "->", "→", " = ", "1e", "/*", "{", "for ", ",", "é", "\n"];
    let places: Vec<_> = EXAMPLE.char_indices().map(|(at, _)| at).collect();
    let mut state = 1_u64;
    let mut draw = |bound: usize| {
        // Knuth's MMIX generator; its high bits are the good ones.
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % bound
    };
    for _ in 0..300 {
        let from = draw(places.len() - 8);
        let to = from + draw(8);
        let piece = pieces[draw(pieces.len())];
        let text = format!("{}{piece}{}", &EXAMPLE[..places[from]], &EXAMPLE[places[to]..]);
        let (sources, _, diagnostics) = read(&text);
        for diagnostic in &diagnostics {
            let span = diagnostic.span.expect("a syntax error has a place");
            assert!(!sources.snippet(span).is_empty(), "{diagnostic:?}");
        }
        assert!(diagnostics.is_empty() || !render(&sources, &diagnostics).is_empty());
        assert!(diagnostics.len() <= 3, "{}", render(&sources, &diagnostics));
    }
}
