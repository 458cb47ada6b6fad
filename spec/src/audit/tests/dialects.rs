//! The figures of other tools against what the tools printed.

use super::*;

const TOOLS: [&str; 4] = ["fvcore", "thop", "Ultralytics", "tract"];

/// What `tests/scripts/dialects.py` printed on 2026-11-21 with fvcore 0.1.5.post20221221, thop 0.1.1.post2209072238,
/// Ultralytics 8.4.190 on ultralytics-thop 2.2.3, and tract 0.23.9, all on PyTorch 2.0.1 and torchvision 0.15.2. ONNX has no
/// adaptive pool, so that tract cannot take `operators`.
const PRINTED: [(&str, [Option<u64>; 4]); 5] = [
    ("resnet18", [Some(1_819_065_856), Some(1_824_033_792), Some(3_648_067_584), Some(1_814_098_944)]),
    ("resnet50", [Some(4_111_512_576), Some(4_133_742_592), Some(8_267_485_184), Some(4_089_286_656)]),
    ("fpn", [Some(2_843_022_336), Some(2_841_968_640), Some(5_683_937_280), Some(2_841_968_640)]),
    ("operators", [Some(60_864), Some(156_939), Some(299_598), None]),
    ("activations", [Some(3_596), Some(7_824), Some(9_504), Some(6_544)]),
];

/// torchvision's pyramid up-samples to the finer map's size, by a function.
const FPN: &str = "arch Fpn at H = 56, W = 56 {
    let channels = [256, 512, 1024, 2048]
    for i in 2 to 5 {
        input C[i]: [B, channels[i - 2], H / 2^(i - 2), W / 2^(i - 2)]
        plain_lateral inner[i]: -> 256
        plain_smooth  layer[i]: -> 256
    }
    M5 = inner5(C5)
    for i in 4 down to 2 { M[i] = inner[i](C[i]) + UpTo(M[i + 1], C[i], mode = nearest) }
    for i in 2 to 5 { output P[i] = layer[i](M[i]) }
}";

const OPERATORS: &str = "arch Operators at H = 8, W = 8 {
    input x: [B, 2, H, W]
    Up2 t: -> 3 (mode = transposed)
    batch_norm n
    a = t(x)
    b = n(Up2(a, mode = nearest))
    c = Up2(b, mode = bilinear)
    d = UpTo(c, x, mode = bilinear)
    output e = avg_pool(d, kernel = 3, stride = 2, padding = 1), f = adaptive_avg_pool(d, size = 3)
}";

const ACTIVATIONS: &str = "arch Activations at H = 8, W = 8 {
    input x: [B, 2, H, W]
    conv c: -> 4 (kernel = 3, stride = 2, padding = 1)
    Up2 t: -> 4 (mode = transposed)
    batch_norm n, nt, ns
    fuse F (mode = weighted)
    linear fc: -> 3
    a = nt(t(silu(n(c(x)))))
    b = ns(sigmoid(a))
    output y = fc(flatten(global_avg_pool(l2_normalize(F(a, b)))))
}";

fn network(name: &str) -> Checked {
    match name {
        "resnet18" => shipped("resnet", &[("depth", "18")]),
        "resnet50" => shipped("resnet", &[("depth", "50")]),
        "fpn" => text(FPN),
        "operators" => text(OPERATORS),
        "activations" => text(ACTIVATIONS),
        _ => panic!("no network is called {name}"),
    }
}

#[test]
fn what_the_tools_print() {
    for (name, printed) in PRINTED {
        let checked = network(name);
        let found = dialects(checked.graph(), &checked.at().expect("sizes are given")).expect("in range");
        for (tool, printed) in TOOLS.into_iter().zip(printed) {
            let found = found.iter().find(|dialect| dialect.tool == tool).expect("all four are there").count;
            assert!(printed.is_none_or(|printed| printed == found), "{name}: {tool} prints {printed:?}, not {found}");
        }
    }
}

/// The convolution before a norm takes it in only where nothing else reads what it gives.
#[test]
fn norms_that_tract_folds() {
    // tract 0.23.9 printed 256, 384 and 384.
    for (output, printed) in [("n(a)", 256), ("a + n(a)", 384), ("n(relu(a))", 384)] {
        let checked = text(&format!(
            "arch A at H = 8, W = 8 {{ input x: [B, 2, H, W]  conv c: -> 2 (kernel = 1)  batch_norm n
             a = c(x)
             output y = {output} }}"
        ));
        let found = dialects(checked.graph(), &checked.at().expect("sizes are given")).expect("in range");
        assert_eq!(found[3].count, printed, "{output}");
    }
}
