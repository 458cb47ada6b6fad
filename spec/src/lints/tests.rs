//! What each lint finds and leaves alone, beyond the corpus; `allow` and the fix.

use crate::diagnostics::{Code, Diagnostic};
use crate::{Library, Origin, compile, zoo};

fn found(text: &str) -> (Library, Vec<Diagnostic>) {
    let load = || {
        let origin = Origin::Text { name: "case".into(), text: text.into(), folder: None };
        Library::load(origin).expect("a text at hand can be read")
    };
    let compilation = compile(load(), None, &[]);
    assert!(compilation.checked.is_some(), "{text}\n{:#?}", compilation.diagnostics);
    (load(), compilation.diagnostics)
}

/// The lints that find something.
fn lints(text: &str) -> Vec<&'static str> {
    found(text).1.iter().map(|finding| finding.code.lint().expect("what compiles has only warnings")).collect()
}

#[test]
fn the_zoo_is_clean() {
    for name in zoo::names() {
        let archs: Vec<String> = Library::load(Origin::Zoo(name.to_owned()))
            .map(|library| library.archs().map(|arch| arch.name.node.clone()).collect())
            .expect("the zoo can be read");
        for arch in archs {
            let library = Library::load(Origin::Zoo(name.to_owned())).expect("the zoo can be read");
            let compilation = compile(library, Some(&arch), &[]);
            assert_eq!(compilation.diagnostics.len(), 0, "{name}: {:#?}", compilation.diagnostics);
        }
    }
}

#[test]
fn only_the_root_file() {
    // Resnet's classifier is left out, so its row is read by none; the texts of `resnet` are not this one's.
    let text = "use zoo::resnet
        arch A { input x: [B, 3, H, W]  Resnet body (depth = 18)  f = body(x)  output y = relu(x) }";
    assert_eq!(lints(text), ["unused_row"]);
    let text = "use zoo::fpn
        arch A at H = 8, W = 8 {
            for i in 2 to 5 { input C[i]: [B, 8, 2^(5 - i) * H, 2^(5 - i) * W] }
            Fpn fpn (channels = [8, 8, 8, 8], c = 8)
            p = fpn(C2, C3, C4, C5)
            output P2 = p.P2
        }";
    assert_eq!(lints(text), [""; 0]);
}

#[test]
fn what_smooths() {
    let given = |row: &str| {
        format!(
            "arch A {{ numerics {{ resize = nearest }}
                input x: [B, 4, 2*H, 2*W]  input y: [B, 4, H, W]
                conv c: -> 4 (kernel = 3, padding = 1)  conv p: -> 4 (kernel = 1)  up2 t: -> 4 (mode = transposed)
                used = c(x)  with = t(y)  also = p(x)
                output o = {row}, used, with, also }}"
        )
    };
    let smooth = [
        "c(x + Up2(y))",
        "c(relu(x + Up2(y)))",
        "max_pool(x + Up2(y), kernel = 2)",
        "flatten(global_avg_pool(x + Up2(y)))",
        // Learned, not an addition, no finer map, to a coarser grid.
        "x + t(y)",
        "x ⊕ Up2(y)",
        "Up2(y) + Up2(y)",
        "y + UpTo(x, y)",
        // Smoothed before they are added.
        "x + c(Up2(y))",
    ];
    for row in smooth {
        assert_eq!(lints(&given(row)), [""; 0], "{row}");
    }
    let rough = ["x + Up2(y)", "p(x + Up2(y))", "relu(UpTo(y, x) + x)", "x + p(Up2(y))", "Up(x + Up2(y), factor = 2)"];
    for row in rough {
        assert_eq!(lints(&given(row)), ["missing_smooth"], "{row}");
    }
}

#[test]
fn where_a_bias_matters() {
    let with = |rows: &str| {
        let layers = "conv c: -> 4 (kernel = 1)  conv bare: -> 4 (kernel = 1, bias = false)  batch_norm n, m";
        format!("arch A {{ input x: [B, 4, H, W]  allow unused_layer \"a choice of them\"  {layers}  {rows} }}")
    };
    for rows in ["output y = n(relu(c(x)))", "r = c(x)  output y = n(r), r", "output y = n(bare(x)), z = m(c(x) + x)"] {
        let found: Vec<_> = lints(&with(rows)).into_iter().filter(|lint| *lint != "unused_allow").collect();
        assert_eq!(found, [""; 0], "{rows}");
    }
    for rows in ["output y = n(c(x))", "r = c(x)  output y = n(r), z = m(r)"] {
        let found: Vec<_> = lints(&with(rows)).into_iter().filter(|lint| *lint != "unused_allow").collect();
        assert_eq!(found, ["bias_before_norm"], "{rows}");
    }
    // A layer that is shared holds its bias for all that reads it.
    let shared = "output y = n(c(x)), z = m(c(relu(x))), w = c(sigmoid(x))";
    assert!(!lints(&with(shared)).contains(&"bias_before_norm"));
}

#[test]
fn a_declared_shape_is_certain() {
    // Each hole, and what the row is to say.
    let cases = [
        ("conv c: -> 8 (kernel = 3, stride = 2, padding = 1)  y = c(x)", "→ [B, 8, ceil(H/2), ceil(W/2)]"),
        ("conv c: -> 8 (kernel = 3, stride = 4)  y = c(x)", "→ [B, 8, floor((H + 1)/4), floor((W + 1)/4)]"),
        ("y = Up(x, factor = 3, mode = nearest)", "→ [B, 4, 3*H, 3*W]"),
        ("y = flatten(global_avg_pool(x))", "→ [B, 4]"),
    ];
    for (hole, declared) in cases {
        let text = format!(
            "arch A {{ input x: [B, 4, H, W]
             a = relu(x) → [B, 4, H, W]  b = relu(a) → [B, 4, H, W]  z = relu(b) → [B, 4, H, W]
             {hole}
             output z, y }}"
        );
        let (library, found) = found(&text);
        let [finding] = found.as_slice() else { panic!("{hole}: {found:#?}") };
        assert_eq!(finding.code, Code::UndeclaredShape);
        let fix = finding.fix.as_ref().expect("no parameter changes the shape");
        let (place, insertion) = &fix.edits[0];
        assert_eq!((fix.edits.len(), insertion.trim(), library.sources.snippet(*place)), (1, declared, ""));
        let mut mended = text.clone();
        mended.insert_str(place.start as usize, insertion);
        assert_eq!(lints(&mended), [""; 0], "{mended}");
    }
}

#[test]
fn no_fix_where_a_shape_may_change() {
    let rows = "a = relu(x) → [B, 4, H, W]  b = relu(a) → [B, 4, H, W]  z = relu(b) → [B, 4, H, W]";
    let cases = [
        format!("arch A(c = 4) {{ input x: [B, 4, H, W]  {rows}  conv k: -> c (kernel = 1)  y = k(z)  output y }}"),
        // `W` is a number in there.
        format!("arch A {{ input x: [B, 4, H, W]  {rows}  for W in 2 to 2 {{ y = relu(z) }}  output y }}"),
        format!("arch A {{ input x: [B, 4, H, W]  {rows}  for i in 0 to 1 {{ y[i] = relu(z) }}  output y0, y1 }}"),
    ];
    for text in cases {
        let (_, found) = found(&text);
        assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::UndeclaredShape], "{text}");
        assert_eq!(found[0].fix, None, "{text}");
    }
}

#[test]
fn allowed() {
    let with = |file: &str, rows: &str| {
        format!(
            "{file} block Half {{ input x  spare = sigmoid(x)  output z = relu(x) }}
             arch A {{ input x: [B, 4, H, W]  Half first, second  {rows}
                P3 = sigmoid(x)  P4 = relu(x)  output y = second(first(x)) }}"
        )
    };
    let three = ["unused_row"; 3];
    let cases: &[(&str, &str, &[&str])] = &[
        ("", "", &three),
        ("allow unused_row \"kept\"", "", &[]),
        ("", "allow unused_row \"kept\"", &three[..1]),
        ("", "allow unused_row: P3 \"kept\"", &three[..2]),
        ("", "allow unused_row: P \"kept\"", &three[..1]),
        ("allow unused_row: spare, P \"kept\"", "", &[]),
        ("", "allow unused_row: P3, P5 \"kept\"", &["unused_row", "unused_allow", "unused_row"]),
        ("", "allow unused_layer \"kept\"", &["unused_row", "unused_allow", "unused_row", "unused_row"]),
        ("allow unused_allow \"for some parameters\"", "allow unused_layer \"kept\"", &three),
        ("allow unused_allow \"nothing is\"", "", &["unused_allow", "unused_row", "unused_row", "unused_row"]),
        // With a second architecture, for which it may be.
        ("arch B { input x: [B, 4, H, W]  output x }  allow unused_layer \"kept\"", "", &three),
    ];
    for (file, rows, expected) in cases {
        let text = with(file, rows);
        let library = Library::load(Origin::Text { name: "case".into(), text: text.clone(), folder: None });
        let compilation = compile(library.expect("a text at hand can be read"), Some("A"), &[]);
        let found: Vec<_> = compilation.diagnostics.iter().filter_map(|finding| finding.code.lint()).collect();
        assert_eq!(found, *expected, "{text}");
    }
}
