//! Items and rows.

use super::*;
use crate::diagnostics::Code;

fn layer(text: &str) -> String {
    let RowKind::Layer(layer) = row(text) else { panic!("{text}: a layer row") };
    let names: Vec<_> = layer.names.iter().map(name).collect();
    let figure = |sign: &str, expr: &Option<Expr>| {
        expr.as_ref().map_or(String::new(), |expr| format!(" {sign} {}", shown(expr)))
    };
    format!(
        "{} {}{}{}{} ({}){}",
        layer.kind.node,
        names.join(" "),
        figure("x", &layer.repeat),
        figure("from", &layer.input),
        figure("to", &layer.out),
        arguments(&layer.arguments).join(" "),
        layer.checkpoint.as_ref().map_or(String::new(), |name| format!(" as {}", template(name))),
    )
}

#[test]
fn layers() {
    let cases = [
        ("lateral L5, L4: -> 128", "lateral L5 L4 to 128 ()"),
        ("smooth S4: -> 128 (gamma = 0.9)", "smooth S4 to 128 (gamma=0.9)"),
        ("conv stem: 3 -> 64 (kernel = 7)", "conv stem from 3 to 64 (kernel=7)"),
        ("conv c: -> ceil(w / 2) (kernel = 1)", "conv c to (ceil (Divide w 2)) (kernel=1)"),
        ("conv c: -> w[0] ()", "conv c to (at w 0) ()"),
        ("conv c: a - 1 → b", "conv c from (Subtract a 1) to b ()"),
        ("fuse F4, F3 (mode = fuse)", "fuse F4 F3 (mode=fuse)"),
        ("down D4, x: -> 128", "down D4 x to 128 ()"),
        ("batch_norm bn1", "batch_norm bn1 ()"),
        ("B l x 3: -> 64 (s = 2)", "B l x 3 to 64 (s=2)"),
        ("B l * n + 1", "B l x (Add n 1) ()"),
        ("B l × n[0] (w = 64) as \"l.{index}\"", "B l x (at n 0) (w=64) as l.<index>"),
        ("conv x x 3", "conv x x 3 ()"),
        ("p inner[i]: -> c as \"b.{i - lo}.0\"", "p inner[i] to c () as b.<(Subtract i lo)>.0"),
    ];
    for (text, tree) in cases {
        assert_eq!(layer(text), tree, "{text}");
    }
}

#[test]
fn a_map_named_x_after_a_layer_is_no_repeat() {
    for text in ["batch_norm bn1 x = bn1(y)", "batch_norm bn1 x[i] = bn1(y)", "conv c: -> 3 x = c(y)"] {
        let rows = rows(text);
        assert!(matches!(rows[0].kind, RowKind::Layer(LayerRow { repeat: None, .. })), "{text}");
        assert!(matches!(&rows[1].kind, RowKind::Map { name, .. } if name.base.node == "x"), "{text}");
    }
}

#[test]
fn inputs_maps_and_outputs() {
    let RowKind::Input { name: n, shape: s, image } = row("input C[i]: [B, c, H / 2^i, W] image(mean = 1)") else {
        panic!("an input")
    };
    assert_eq!(name(&n), "C[i]");
    assert_eq!(s.map(|s| shape(&s)).as_deref(), Some("B, c, (Divide H (Power 2 i)), W"));
    assert_eq!(image.map(|image| arguments(&image.node)), Some(vec!["mean=1".to_owned()]));
    assert!(matches!(row("input x"), RowKind::Input { shape: None, image: None, .. }));

    let RowKind::Map { name: n, value, shape: s } = row("P[4] = S4(F4(U5, P4)) → [B,128,16,32,]") else {
        panic!("a map")
    };
    assert_eq!((name(&n), shown(&value)), ("P[4]".to_owned(), "(S4 (F4 U5 P4))".to_owned()));
    assert_eq!(s.map(|s| shape(&s)).as_deref(), Some("B, 128, 16, 32"));

    let RowKind::Output(outputs) = row("output Hf, P3 = x.P3 -> [B], fpn: [P2, P3 = y[1]]") else {
        panic!("an output")
    };
    assert!(matches!(outputs[0].value, OutputValue::Same));
    assert!(matches!(&outputs[1].value, OutputValue::Map(map, Some(s)) if shown(map) == "x.P3" && shape(s) == "B"));
    let OutputValue::List(list) = &outputs[2].value else { panic!("a list") };
    assert_eq!(outputs[2].name.base.node, "fpn");
    assert!(matches!(list[0].value, OutputValue::Same));
    assert!(matches!(&list[1].value, OutputValue::Map(map, None) if shown(map) == "(at y 1)"));
}

#[test]
fn loops_and_branches() {
    let RowKind::For { variable, from, to, down, rows } = row("for i in lo to n - 1 { a = b c = d }") else {
        panic!("a loop")
    };
    assert_eq!((variable.node.as_str(), shown(&from).as_str(), down), ("i", "lo", false));
    assert_eq!((shown(&to).as_str(), rows.len()), ("(Subtract n 1)", 2));
    assert!(matches!(row("for i in 4 down to lo {}"), RowKind::For { down: true, .. }));

    let text = "if a { p = q } else if b == c { r = s t = u } else { v = w }";
    let RowKind::If { condition, then, otherwise } = row(text) else { panic!("a branch") };
    assert_eq!((shown(&condition).as_str(), then.len(), otherwise.len()), ("a", 1, 1));
    let RowKind::If { condition, then, otherwise } = &otherwise[0].kind else { panic!("a branch") };
    assert_eq!((shown(condition).as_str(), then.len(), otherwise.len()), ("(Equal b c)", 2, 1));
    assert!(matches!(row("if a { p = q }"), RowKind::If { otherwise, .. } if otherwise.is_empty()));
}

#[test]
fn expectations() {
    let expectation = |text: &str| match row(text) {
        RowKind::Expect(expectation) => expectation,
        other => panic!("{text}: {other:?}"),
    };
    let e = expectation("expect params(self) == 653_312 when fuse == add and a == b");
    assert_eq!(
        (shown(&e.left).as_str(), e.relation.node, shown(&e.right).as_str()),
        ("(params self)", Relation::Equal, "653312")
    );
    assert_eq!(e.when.as_ref().map(shown).as_deref(), Some("(And (Equal fuse add) (Equal a b))"));
    let e = expectation("expect macs(self) < 2G at H = 224, W = 224");
    assert_eq!(arguments(&e.at), ["H=224", "W=224"]);
    let e = expectation("expect params(body) ~= 25.5M within 0.02 at H = 1 when deep");
    assert_eq!((e.relation.node, e.within.as_ref().map(shown).as_deref()), (Relation::Close, Some("0.02")));
    let e = expectation("expect legal(H) == [0, 29..31] mod 32");
    assert_eq!(shown(&e.right), "(list 0 29..31)");
    assert_eq!(e.modulus.as_ref().map(shown).as_deref(), Some("32"));
}

#[test]
fn allows() {
    let text = "allow unused_row \"of all\" arch A { conv c if a { allow unused_layer: c, d \"later\" } x = c(x) }";
    let (_, file) = read_well(text);
    let covered = |allow: &Allow| &text[allow.body.start as usize..allow.body.end as usize];
    assert_eq!((file.allows[0].lint, covered(&file.allows[0])), (Code::UnusedRow, text));
    let RowKind::If { then, .. } = &file.networks[0].rows[1].kind else { panic!("{file:?}") };
    let RowKind::Allow(allow) = &then[0].kind else { panic!("{then:?}") };
    let names: Vec<_> = allow.names.iter().map(|name| name.node.as_str()).collect();
    assert_eq!((allow.lint, names, allow.reason.node.as_str()), (Code::UnusedLayer, vec!["c", "d"], "\"later\""));
    assert_eq!(covered(allow), "{ allow unused_layer: c, d \"later\" }");
}

#[test]
fn allow_is_free_as_a_name() {
    let maps = rows("allow = relu(x) y = allow |> f(allow) output allow");
    assert!(matches!(&maps[0].kind, RowKind::Map { name, .. } if name.base.node == "allow"));
    let layers =
        ["allow a: -> 8", "allow a: c -> 8", "allow a, b: -> 8", "allow a (c = 8)", "allow a x 3", "conv allow"];
    for layer in layers {
        assert!(matches!(row(layer), RowKind::Layer(_)), "{layer}");
    }
}

#[test]
fn items() {
    let (_, file) = read_well(EXAMPLE);
    let imports: Vec<_> = file.imports.iter().map(|import| import.target.clone()).collect();
    assert_eq!(imports, [ImportTarget::Path("backbone.arch".into()), ImportTarget::Zoo("resnet".into())]);
    assert_eq!(arguments(&file.numerics), ["resize=nearest", "bn_eps=1e-5"]);

    let lateral = &file.kinds[0];
    assert_eq!(lateral.parameters.len(), 2);
    assert_eq!(lateral.parameters[1].default.as_ref().map(shown).as_deref(), Some("1.0"));
    let parts: Vec<_> = lateral
        .parts
        .iter()
        .map(|part| (part.name.as_ref().map(|name| name.node.as_str()), part.kind.node.as_str()))
        .collect();
    assert_eq!(parts, [(Some("conv"), "conv"), (Some("bn"), "batch_norm")]);
    assert_eq!(lateral.parts[0].out.as_ref().map(shown).as_deref(), Some("out"));
    assert_eq!(arguments(&lateral.parts[0].arguments), ["kernel=1", "bias=false"]);
    assert!(file.kinds[1].parts[0].name.is_none());

    let [block, arch] = &file.networks[..] else { panic!("two networks") };
    assert!(!block.is_arch && arch.is_arch);
    assert_eq!((block.name.node.as_str(), block.rows.len()), ("Bottleneck", 5));
    assert_eq!(arch.prefix.as_ref().map(template).as_deref(), Some("fpn"));
    assert_eq!(arguments(&arch.at), ["H=64", "W=128"]);
    assert_eq!(arch.rows.len(), 24);
    let types: Vec<_> = arch
        .parameters
        .iter()
        .map(|parameter| {
            parameter.ty.as_ref().map(|ty| {
                let alternatives: Vec<_> = ty.alternatives.iter().map(|one| one.node.clone()).collect();
                (ty.list, alternatives)
            })
        })
        .collect();
    let word = |word: &str| Alternative::Word(word.to_owned());
    assert_eq!(
        types,
        [
            Some((false, vec![word("Fuse")])),
            Some((false, vec![word("add"), word("concat")])),
            Some((true, vec![word("int")])),
            Some((false, [18.0, 34.0, 50.0].map(Alternative::Number).to_vec())),
            None,
        ]
    );
}

#[test]
fn doc_lines_directly_before_a_network() {
    let text = "// no\n/// lost\n\n/// One.\n///   Two.\narch A {}\nblock B {}\r\n/// Three.\r\nblock C {} block D {}";
    let (_, file) = read_well(text);
    let docs: Vec<_> = file.networks.iter().map(|network| network.doc.as_str()).collect();
    assert_eq!(docs, ["One.\n  Two.", "", "Three.", ""]);
}

#[test]
fn layout_does_not_matter() {
    let (_, file) = read_well(EXAMPLE);
    let one_line = EXAMPLE.replace('\n', " ");
    let crlf = EXAMPLE.replace('\n', "\r\n");
    let tabs = EXAMPLE.replace("    ", "\t");
    let signs = EXAMPLE.replace("->", "→").replace(" x layers", " × layers");
    let commented = EXAMPLE.replace('\n', " /* // */ // é\n");
    let marked = format!("\u{feff}{EXAMPLE}");
    for text in [one_line, crlf, tabs, signs, commented, marked, spaced(EXAMPLE)] {
        let (_, other) = read_well(&text);
        assert_eq!(bare(&file), bare(&other), "{text}");
    }
}

/// As rebuilt from Rust tokens: a blank between any two, all on one line.
fn spaced(text: &str) -> String {
    let mut spaced = String::new();
    let mut in_string = false;
    let mut previous = ' ';
    for character in text.chars() {
        let joint = ["->", "==", "|>", "~=", "..", "::"].contains(&format!("{previous}{character}").as_str());
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let decimal = previous.is_ascii_digit() && character == '.'
            || previous == '.' && character.is_ascii_digit() && !spaced.ends_with("..")
            || spaced.ends_with("1e") && character == '-'
            || spaced.ends_with("1e-");
        if !(in_string || joint || decimal || word(previous) && word(character)) {
            spaced.push(' ');
        }
        in_string ^= character == '"';
        spaced.push(if character == '\n' { ' ' } else { character });
        previous = character;
    }
    spaced.replace("29. .", "29 ..").replace("29..", "29 ..")
}
