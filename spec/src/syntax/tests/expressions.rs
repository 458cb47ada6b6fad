//! Precedence, numbers, templates, places.

use super::*;

/// The value of `let v = …`.
fn value(text: &str) -> Expr {
    match row(&format!("let v = {text}")) {
        RowKind::Let { value, .. } => value,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn precedence() {
    let cases = [
        ("a + b * c", "(Add a (Multiply b c))"),
        ("a - b - c", "(Subtract (Subtract a b) c)"),
        ("a / b mod c", "(Modulo (Divide a b) c)"),
        ("2 ^ 3 ^ 4", "(Power 2 (Power 3 4))"),
        ("-a ^ 2", "(Negate (Power a 2))"),
        ("2 ^ -1 + 3", "(Add (Power 2 (Negate 1)) 3)"),
        ("-a * b", "(Multiply (Negate a) b)"),
        ("(a + b) * c", "(Multiply (Add a b) c)"),
        ("a ⊕ b + c", "(Concat a (Add b c))"),
        ("a + b |> c |> d(k = 3)", "(|> (|> (Add a b) c) (d k=3))"),
        ("a ⊕ b |> c", "(|> (Concat a b) c)"),
        ("a == b |> c", "(Equal a (|> b c))"),
        ("not a == b and c", "(And (Not (Equal a b)) c)"),
        ("a and b or c and d", "(Or (And a b) (And c d))"),
        ("not not a", "(Not (Not a))"),
        ("a <= b", "(LessEqual a b)"),
    ];
    for (text, tree) in cases {
        assert_eq!(shown(&value(text)), tree, "{text}");
    }
}

#[test]
fn suffixes_and_values() {
    let cases = [
        ("L5(B4)", "(L5 B4)"),
        ("max_pool(x, kernel = 3,)", "(max_pool x kernel=3)"),
        ("f(a == b)", "(f (Equal a b))"),
        ("f()", "(f)"),
        ("X[i, j + 1]", "(at X i (Add j 1))"),
        ("body.C3", "body.C3"),
        ("inner[i](C[i]).out[0]", "(at ((at inner i) (at C i)).out 0)"),
        ("[]", "(list)"),
        ("[0, 29..31, a..b + 1,]", "(list 0 29..31 a..(Add b 1))"),
        ("if a { 1 } else if b { 2 } else { 3 }", "(if a 1 (if b 2 3))"),
        ("if a { 1 } else { 2 } + 1", "(Add (if a 1 2) 1)"),
        ("self", "self"),
        ("true", "true"),
        ("largeur_é3", "largeur_é3"),
        ("inputs + format", "(Add inputs format)"),
    ];
    for (text, tree) in cases {
        assert_eq!(shown(&value(text)), tree, "{text}");
    }
}

#[test]
fn numbers() {
    let cases = [
        ("653_312", "653312"),
        ("16k", "16000"),
        ("2G", "2000000000"),
        ("2.0G", "2000000000"),
        ("25.5M", "25500000"),
        // 25.557 · 10⁶ is no whole number in binary floating point.
        ("25.557032M", "25557032"),
        ("0.0005k", "0.5"),
        ("0.9", "0.9"),
        ("1.0", "1.0"),
        ("1e-5", "1e-5"),
        ("2E3", "2000.0"),
        ("9223372036854775807", "9223372036854775807"),
    ];
    for (text, number) in cases {
        assert_eq!(shown(&value(text)), number, "{text}");
    }
    for text in ["9223372036854775808", "9223372037G", "1e999", "1e99999999999"] {
        let (sources, _, diagnostics) = read(&format!("arch A {{ let v = {text} }}"));
        assert_eq!(diagnostics.len(), 1, "{text}");
        assert_eq!(diagnostics[0].code.as_str(), "NK0107");
        assert_eq!(diagnostics[0].span.map(|span| sources.snippet(span)), Some(text));
    }
}

#[test]
fn templates() {
    let cases = [
        (r#""fc.*""#, "\"fc.*\""),
        (r#""layer{i - lo}.{j}""#, "\"layer<(Subtract i lo)>.<j>\""),
        (r#""{{i}} \" \\ é""#, "\"{i} \" \\ é\""),
        (r#""""#, "\"\""),
    ];
    for (text, tree) in cases {
        assert_eq!(shown(&value(text)), tree, "{text}");
    }
    let (sources, file) = read_well("arch A { let v = \"é{ i - lo }\" }");
    let RowKind::Let { value, .. } = &file.networks[0].rows[0].kind else { panic!("a let") };
    let ExprKind::Text(template) = &value.kind else { panic!("a text") };
    let TemplatePiece::Value(inner) = &template.pieces[1] else { panic!("a value") };
    assert_eq!(sources.snippet(inner.span), "i - lo");
}

#[test]
fn places_end_at_the_last_character() {
    let text = "arch A {\n  P5 /* a */ = L5(B4) + /* b */ x // c\n\n  conv é : -> c * 2 // d\r\n\n}  // e\n";
    let (sources, file) = read_well(text);
    let network = &file.networks[0];
    assert_eq!(sources.snippet(network.span).lines().last(), Some("}"));
    let RowKind::Map { name, value, .. } = &network.rows[0].kind else { panic!("a map") };
    assert_eq!(sources.snippet(network.rows[0].span), "P5 /* a */ = L5(B4) + /* b */ x");
    assert_eq!(sources.snippet(name.span), "P5");
    assert_eq!(sources.snippet(value.span), "L5(B4) + /* b */ x");
    let RowKind::Layer(layer) = &network.rows[1].kind else { panic!("a layer") };
    assert_eq!(sources.snippet(network.rows[1].span), "conv é : -> c * 2");
    assert_eq!(layer.out.as_ref().map(|out| sources.snippet(out.span)), Some("c * 2"));
}
