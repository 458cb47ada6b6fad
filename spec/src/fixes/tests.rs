use super::edited;
use crate::compile::{Compilation, compile};
use crate::diagnostics::{Fix, FixScope};
use crate::library::{Library, Origin};

fn compiled(text: &str) -> Compilation {
    let origin = Origin::Text { name: "neck.arch".into(), text: text.to_owned(), folder: None };
    compile(Library::load(origin).expect("it is at hand"), None, &[])
}

/// A text after all the fixes that its findings carry.
fn fixed(text: &str) -> String {
    let compilation = compiled(text);
    let fixes: Vec<&Fix> = compilation.diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()).collect();
    let texts = edited(&compilation.sources, &fixes).expect("the fixes change different places");
    texts.into_values().next().unwrap_or_else(|| text.to_owned())
}

/// Rows of a network with what they become; the first ones are the same before and after.
fn check(head: &str, wrong: &str, right: &str) {
    let whole = |rows: &str| format!("{head}{rows}\n}}\n");
    assert_eq!(fixed(&whole(wrong)), whole(right));
    let found = compiled(&whole(right));
    let unfixed = wrong == right;
    assert_eq!(found.failed(), unfixed, "{right}: {:?}", found.diagnostics);
}

const MAPS: &str = "arch A at H = 64, W = 64 {
    numerics { resize = nearest }
    input B3: [B, 128, H, W]
    input B4: [B, 256, H/2, W/2]
";

#[test]
fn names() {
    let cases = [
        ("    feature = relu(B3)  output y = relu(featrue)", "    feature = relu(B3)  output y = relu(feature)"),
        ("    latreal L: -> 8  output y = L(B3)", "    lateral L: -> 8  output y = L(B3)"),
        ("    conv L: -> 8 (kernal = 1)  output y = L(B3)", "    conv L: -> 8 (kernel = 1)  output y = L(B3)"),
        ("    output y = Up2(B3, mode = neerest)", "    output y = Up2(B3, mode = nearest)"),
        (
            "    numerics { resize = biliner }  output y = Up2(B3)",
            "    numerics { resize = bilinear }  output y = Up2(B3)",
        ),
        ("    output y = silu(b3)", "    output y = silu(B3)"),
        // Two names are as near, and both would do.
        (
            "    map1a = relu(B3)  map1b = relu(B3)  output y = relu(map1)",
            "    map1a = relu(B3)  map1b = relu(B3)  output y = relu(map1)",
        ),
        // Of two that are as near only a map can be meant.
        (
            "    conv mapp: -> 8 (kernel = 1)  mapq = mapp(B3)  output y = relu(mapr)",
            "    conv mapp: -> 8 (kernel = 1)  mapq = mapp(B3)  output y = relu(mapq)",
        ),
        // Another level is no slip.
        ("    output y = relu(B5)", "    output y = relu(B5)"),
        // `256` channels do not go through `c`.
        (
            "    conv c: 256 -> 8 (kernel = 1)  thing = relu(B3)  output y = c(thingg)",
            "    conv c: 256 -> 8 (kernel = 1)  thing = relu(B3)  output y = c(thingg)",
        ),
    ];
    for (wrong, right) in cases {
        check(MAPS, wrong, right);
    }
}

#[test]
fn missing_laterals() {
    let cases = [
        // The declared shape says which of the two is odd.
        (
            "    output y = Up2(B4) + B3 → [B, 128, 64, 64]",
            "    conv L4: -> 128 (kernel = 1)\n    output y = Up2(L4(B4)) + B3 → [B, 128, 64, 64]",
        ),
        // So does what the sum goes into.
        (
            "    plain_smooth s: 256 -> 8\n    y = Up2(B4) + B3\n    output z = s(y)",
            "    plain_smooth s: 256 -> 8\n    plain_lateral L3: -> 256\n    y = Up2(B4) + L3(B3)\n    output z = s(y)",
        ),
        // Of three, two agree.
        (
            "    lateral M: -> 128\n    fuse F (mode = add)\n    m = M(B3)\n    output y = F(m, B3, B4 |> Up2)",
            "    lateral M: -> 128\n    fuse F (mode = add)\n    m = M(B3)\n    lateral L4: -> 128\n    output y = F(m, B3, L4(B4) |> Up2)",
        ),
        // Nothing says which of the two is odd.
        ("    output y = Up2(B4) + B3", "    output y = Up2(B4) + B3"),
        // A loop would declare the layer again and again.
        (
            "    for i in 1 to 2 { y[i] = Up2(B4) + B3 → [B, 128, 64, 64] }\n    output y1",
            "    for i in 1 to 2 { y[i] = Up2(B4) + B3 → [B, 128, 64, 64] }\n    output y1",
        ),
        // The expectation would fail.
        (
            "    output y = Up2(B4) + B3 → [B, 128, 64, 64]\n    expect params(self) == 0",
            "    output y = Up2(B4) + B3 → [B, 128, 64, 64]\n    expect params(self) == 0",
        ),
    ];
    for (wrong, right) in cases {
        check(MAPS, wrong, right);
    }
}

#[test]
fn laterals_in_blocks_hold_for_every_instance() {
    let text = "block Add(c) {
    input x: [B, k, h, w]
    input y: [B, n, h, w]
    conv a: -> c (kernel = 1)
    s = a(x)
    output z = s + y → [B, n, h, w]
}
arch A {
    input x: [B, 4, H, W]
    Add one (c = 8)  Add two (c = 6)
    output z = one(x, x), u = two(x, x)
}
";
    let right = text.replace(
        "    output z = s + y",
        "    conv lateral_s: -> channels(y) (kernel = 1)\n    output z = lateral_s(s) + y",
    );
    assert_eq!(fixed(text), right);
    // Where one instance needs it as it is, nothing is certain.
    let text = text.replace("c = 6", "c = 4");
    assert!(!compiled(&fixed(&text)).failed());
}

#[test]
fn other_sizes_than_doubled() {
    let head = "arch A at H = 30, W = 32 {
    numerics { resize = nearest }
    input x: [B, 8, H, W]
    down D1, D2: -> 8
    conv c: -> 8 (kernel = 2)
    half = D1(x)
";
    let cases = [
        ("    output y = Up2(D2(half)) + half", "    output y = UpTo(D2(half), half) + half"),
        (
            "    output y = half + Up2(D2(half), mode = bilinear)",
            "    output y = half + UpTo(D2(half), half, mode = bilinear)",
        ),
        ("    output y = half + (half |> D2 |> Up2)", "    output y = half + (half |> D2 |> UpTo(half))"),
        (
            "    output y = half + (half |> D2 |> up2(mode = bilinear))",
            "    output y = half + (half |> D2 |> up_to(half, mode = bilinear))",
        ),
        // In the row before, to what stands before it.
        ("    U = Up2(D2(half))\n    output y = U + half", "    U = UpTo(D2(half), half)\n    output y = U + half"),
        (
            "    U = Up2(D2(half))\n    l = relu(half)\n    output y = U + l",
            "    U = Up2(D2(half))\n    l = relu(half)\n    output y = U + l",
        ),
        // `m` and `relu(m)` are of one size, so one can stand for the other.
        (
            "    m = c(half)\n    output y = Up2(D2(m)) + relu(m)",
            "    m = c(half)\n    output y = UpTo(D2(m), m) + relu(m)",
        ),
        // A transposed convolution cannot reach every size.
        (
            "    up2 u: -> 8 (mode = transposed)\n    output y = u(D2(half)) + half",
            "    up2 u: -> 8 (mode = transposed)\n    output y = u(D2(half)) + half",
        ),
    ];
    for (wrong, right) in cases {
        check(head, wrong, right);
    }
}

#[test]
fn no_size_is_left() {
    let head = "arch A {
    numerics { resize = nearest }
    input x: [B, 8, H, W]
    down D: -> 8
    conv c: -> 8 (kernel = 2)
    m = c(x)
";
    check(
        head,
        "    even = Up2(D(x)) + x\n    odd = Up2(D(m)) + m\n    output even, odd",
        "    even = Up2(D(x)) + x\n    odd = UpTo(D(m), m) + m\n    output even, odd",
    );
}

#[test]
fn declared_shapes_are_changed_only_when_asked() {
    let text = format!("{MAPS}    lateral L: -> 16\n    a = L(B4) → [B, 8, 32, 64]\n    output a\n}}\n");
    let compilation = compiled(&text);
    let scopes: Vec<FixScope> =
        compilation.diagnostics.iter().filter_map(|found| found.fix.as_ref().map(|fix| fix.scope)).collect();
    assert_eq!(scopes, [FixScope::Shapes]);
    assert_eq!(fixed(&text), text.replace("[B, 8, 32, 64]", "[B, 16, 32, 32]"));
    let text = format!("{MAPS}    a = Up2(B4) → [B, 256, H, 2 * W]\n    output a\n}}\n");
    assert_eq!(fixed(&text), text.replace("2 * W", "W"));
    let text = format!("{MAPS}    a = Up2(B4) → [B, 256, H]\n    output a\n}}\n");
    assert_eq!(fixed(&text), text.replace("[B, 256, H]", "[B, 256, 64, 64]"));
}

#[test]
fn line_endings_and_shared_lines() {
    let text = "arch A {\r\n  input a: [B, 4, H, W]  input b: [B, 8, H, W]\r\n  y = a + b → [B, 8, H, W]\r\n  output y\r\n}\r\n";
    assert_eq!(fixed(text), text.replace("  y = a", "  conv lateral_a: -> 8 (kernel = 1)\r\n  y = lateral_a(a)"));
    let text = "arch A { input a: [B, 4, H, W]  input b: [B, 8, H, W]  output y = a + b → [B, 8, H, W] }";
    let right = text.replace("output y = a", "conv lateral_a: -> 8 (kernel = 1)  output y = lateral_a(a)");
    assert_eq!(fixed(text), right);
}

#[test]
fn what_other_architectures_need_is_kept() {
    let text = "block Both {
    input x
    input y
    output z = x + y
}
arch A { input x: [B, 4, H, W]  input y: [B, 8, H, W]  Both b  output z = b(x, y) → [B, 8, H, W] }
arch Other { input x: [B, 4, H, W]  Both b  output z = b(x, x)  expect params(self) == 0 }
";
    let origin = Origin::Text { name: "neck.arch".into(), text: text.to_owned(), folder: None };
    let compilation = compile(Library::load(origin).expect("it is at hand"), Some("A"), &[]);
    assert!(compilation.failed() && compilation.diagnostics.iter().all(|found| found.fix.is_none()));
}

#[test]
fn three_at_once() {
    check(
        MAPS,
        "    latral L: -> 128\n    a = rellu(B3)\n    conv k: -> 8 (kernal = 1)\n    output a, k = k(B4)",
        "    lateral L: -> 128\n    a = relu(B3)\n    conv k: -> 8 (kernel = 1)\n    output a, k = k(B4)",
    );
}

#[test]
fn texts_of_others_are_left_alone() {
    let text = "use zoo::resnet\narch A { input x: [B, 3, H, W]  Resnet r (depth = 18, classes = 0, widht = 1)  f = r(x)  output f.C5 }";
    assert_eq!(fixed(text), text);
}
