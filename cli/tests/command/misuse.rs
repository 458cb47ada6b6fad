//! Everything that can be handed over wrongly: a clear message, the right exit code, never a panic, and no file left.

use crate::common::Folder;
use safetensors::tensor::{Dtype, TensorView};

const WEIGHTS: [f32; 54] = [0.5; 54];

/// Runs cases of arguments, an exit code and parts of the message.
fn refuse(folder: &Folder, cases: &[(&[&str], i32, &[&str])]) {
    let before = folder.names();
    let mut wrong = Vec::new();
    for (arguments, code, parts) in cases {
        let said = folder.neckar(arguments);
        let missing: Vec<&&str> = parts.iter().filter(|part| !said.err.contains(**part)).collect();
        if said.code != *code || !missing.is_empty() {
            wrong.push(format!("{arguments:?}\n  exit {} for {code}, without {missing:?}\n{}", said.code, said.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(folder.names(), before, "a file was left");
}

#[test]
fn specs() {
    let folder = Folder::new();
    folder.write("latin1.arch", b"// caf\xe9\n");
    folder.write("a.arch", format!("use \"b.arch\"\n{}", crate::common::LINE));
    folder.write("b.arch", "use \"a.arch\"\n");
    folder.write("orphan.arch", format!("use \"gone.arch\"\n{}", crate::common::LINE));
    folder.write("empty.arch", "");
    folder.write("two.arch", format!("{}\n{}", crate::common::LINE, crate::common::TINY));
    folder.make_folder("folder.arch");
    for command in ["check", "run", "draw", "expand"] {
        refuse(
            &folder,
            &[
                (&[command, "gone.arch"], 3, &["cannot read `gone.arch`", "No such file"]),
                (&[command, "latin1.arch"], 3, &["not UTF-8", "byte 6", "save it as UTF-8"]),
                (&[command, "a.arch"], 1, &["NK0004", "imports form a cycle", "b.arch"]),
                (&[command, "orphan.arch"], 1, &["NK0003", "gone.arch", "No such file"]),
                (&[command, "empty.arch"], 1, &["NK0005", "holds no `arch`"]),
                (&[command, "./two.arch::Tinny"], 2, &["NK0005", "did you mean `Tiny`?"]),
                (&[command, "pafnp"], 2, &["the zoo has no spec `pafnp`", "did you mean `pafpn`?"]),
                (&[command, "qqq"], 2, &["the zoo has no spec `qqq`", "`neckar zoo` lists them"]),
                (&[command], 2, &["SPEC"]),
            ],
        );
    }
    refuse(
        &folder,
        &[
            (&["run", "folder.arch"], 3, &["cannot read `folder.arch`", "directory"]),
            (&["expand", "folder.arch"], 3, &["cannot read `folder.arch`", "directory"]),
            (&["run", "./two.arch"], 2, &["several architectures", "choose one with `::Name`"]),
            (&["check", "pafpn", "gone.arch"], 3, &["cannot read `gone.arch`"]),
            (&["zoo", "lite_fnp"], 2, &["did you mean `lite_fpn`?"]),
            (&["ops", "convv"], 2, &["there is no operator `convv`", "did you mean `conv`?"]),
            (&["frobnicate"], 2, &["frobnicate"]),
        ],
    );
}

#[test]
fn settings() {
    let folder = Folder::new();
    folder.write("open.arch", crate::common::TINY.replace("c = 2", "c"));
    let inner = "arch Outer { input x: [B, 3, H, W]  Tiny t  output y = t(x) }";
    folder.write("inner.arch", format!("use \"open.arch\"\n{inner}"));
    refuse(
        &folder,
        &[
            (&["check", "./tiny.arch", "--set", "d=3"], 2, &["NK0104", "has no parameter `d`"]),
            (&["run", "./tiny.arch", "--set", "d=3"], 2, &["NK0104", "has no parameter `d`"]),
            (&["expand", "./tiny.arch", "--set", "d=3"], 2, &["NK0104", "has no parameter `d`"]),
            (&["expand", "./tiny.arch", "--as", "no name"], 2, &["expected a Rust identifier"]),
            (&["check", "./tiny.arch", "--set", "c=[1, 2]"], 2, &["parameter `c` is `[1, 2]`", "a whole number"]),
            (&["check", "./tiny.arch", "--set", "c=)"], 2, &["--set c"]),
            (&["check", "lite_fpn", "--set", "fuse=wieghted"], 2, &["did you mean `weighted`?"]),
            (&["check", "./open.arch"], 2, &["arch `Tiny` needs `c`", "help: give it a value: `--set c=…`"]),
            (&["run", "./open.arch"], 2, &["help: give it a value: `--set c=…`"]),
            (&["expand", "./open.arch"], 2, &["help: give it a value: `--set c=…`"]),
            (&["check", "./inner.arch"], 1, &["needs `c`", "write `(c = …)`"]),
            (&["check", "./tiny.arch", "--set", "c"], 2, &["expected NAME=VALUE"]),
            (&["check", "./tiny.arch", "--set", "c=1", "--set", "c=2"], 2, &["`--set c` is given twice"]),
        ],
    );
}

#[test]
fn weights() {
    let folder = Folder::new();
    let tiny = ["run", "./tiny.arch", "--weights"];
    folder.write_tensors("good.safetensors", &[("c1.weight", &[2, 3, 3, 3], &WEIGHTS), ("c1.bias", &[2], &[0.0; 2])]);
    let whole = std::fs::read(folder.path("good.safetensors")).expect("it was written");
    folder.write("cut.safetensors", &whole[..whole.len() - 5]);
    folder.write("head.safetensors", &whole[..4]);
    folder.write("text.safetensors", "These are no weights at all, and the file is long enough.");
    folder.write_tensors("missing.safetensors", &[("c1.weight", &[2, 3, 3, 3], &WEIGHTS)]);
    let extra: &[f32] = &[1.0];
    folder.write_tensors(
        "extra.safetensors",
        &[("c1.weight", &[2, 3, 3, 3], &WEIGHTS), ("c1.bias", &[2], &[0.0; 2]), ("c2.bias", &[1], extra)],
    );
    folder.write_tensors("shape.safetensors", &[("c1.weight", &[2, 27], &WEIGHTS), ("c1.bias", &[2], &[0.0; 2])]);
    let integers = TensorView::new(Dtype::I64, vec![2], &[0; 16]).expect("two integers");
    let floats: Vec<u8> = WEIGHTS.iter().flat_map(|x| x.to_le_bytes()).collect();
    let weight = TensorView::new(Dtype::F32, vec![2, 3, 3, 3], &floats).expect("54 floats");
    let bytes = safetensors::serialize([("c1.weight", weight), ("c1.bias", integers)], None).expect("it serialises");
    folder.write("type.safetensors", bytes);
    folder.write_tensors(
        "nan.safetensors",
        &[("c1.weight", &[2, 3, 3, 3], &WEIGHTS), ("c1.bias", &[2], &[0.0, f32::NAN])],
    );

    let case = |file: &'static str| [tiny[0], tiny[1], tiny[2], file];
    refuse(
        &folder,
        &[
            (&case("gone.safetensors"), 3, &["gone.safetensors", "No such file"]),
            (&case("cut.safetensors"), 3, &["cut.safetensors", "cut short"]),
            (&case("head.safetensors"), 3, &["head.safetensors", "4 bytes hold no header"]),
            (&case("text.safetensors"), 3, &["text.safetensors", "not a safetensors file"]),
            (&case("missing.safetensors"), 3, &["`c1.bias` [2] is missing"]),
            (&case("extra.safetensors"), 3, &["`c2.bias` [1] is not used"]),
            (&case("shape.safetensors"), 3, &["`c1.weight` has the shape [2, 27], expected [2, 3, 3, 3]"]),
            (&case("type.safetensors"), 3, &["`c1.bias` is of type I64, expected F32"]),
            (&["run", "./tiny.arch", "--allow-unused"], 2, &["--weights"]),
        ],
    );
    let said = folder.succeed(&case("nan.safetensors"));
    assert!(
        said.err.contains("warning: nan.safetensors: `c1.bias` holds NaN or infinity in 1 of 2 elements"),
        "{}",
        said.err
    );
    assert!(said.err.contains("warning: output `y` holds NaN"), "{}", said.err);
    let said = folder.succeed(&["run", "./tiny.arch", "--weights", "extra.safetensors", "--allow-unused"]);
    assert!(said.err.contains("1 tensors are not used: c2.bias"), "{}", said.err);
}

#[test]
fn inputs() {
    let folder = Folder::new();
    let floats = |n: usize| vec![0.0_f32; n];
    folder.write_tensors("odd.safetensors", &[("x", &[1, 3, 7, 8], &floats(168))]);
    folder.write_tensors("channels.safetensors", &[("x", &[1, 4, 8, 8], &floats(256))]);
    folder.write_tensors("rank.safetensors", &[("x", &[3, 8, 8], &floats(192))]);
    folder.write_tensors("other.safetensors", &[("picture", &[1, 3, 8, 8], &floats(192))]);
    folder.write_tensors("extra.safetensors", &[("x", &[1, 3, 8, 8], &floats(192)), ("z", &[1], &[0.0])]);
    folder.write_tensors("none.safetensors", &[]);
    let whole = std::fs::read(folder.path("extra.safetensors")).expect("it was written");
    folder.write("cut.safetensors", &whole[..whole.len() - 5]);
    let integers = TensorView::new(Dtype::U8, vec![1, 3, 8, 8], &[0; 192]).expect("192 bytes");
    folder.write("type.safetensors", safetensors::serialize([("x", integers)], None).expect("it serialises"));
    ndarray_npy::write_npy(folder.path("type.npy"), &ndarray::Array4::<i32>::zeros((1, 3, 8, 8)))
        .expect("it is written");
    ndarray_npy::write_npy(folder.path("good.npy"), &ndarray::Array4::<f32>::zeros((1, 3, 8, 8)))
        .expect("it is written");
    let whole = std::fs::read(folder.path("good.npy")).expect("it was written");
    folder.write("cut.npy", &whole[..whole.len() - 5]);
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 900000, 800000), }\n";
    let length = u16::try_from(header.len()).expect("a short header").to_le_bytes();
    folder.write("boast.npy", [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat());
    let file = std::fs::File::create(folder.path("whole.npz")).expect("it can be made");
    let mut npz = ndarray_npy::NpzWriter::new(file);
    npz.add_array("x", &ndarray::Array4::<f32>::zeros((1, 3, 8, 8))).expect("it is written");
    npz.finish().expect("it is written");
    let whole = std::fs::read(folder.path("whole.npz")).expect("it was written");
    folder.write("cut.npz", &whole[..whole.len() - 5]);
    folder.write("text.npy", "no array");
    folder.write("text.npz", "no archive");
    folder.write("x.csv", "1, 2");
    folder
        .write("sum.arch", "arch Sum at H = 2, W = 2 { input a: [B, 1, H, W] input b: [B, 1, H, W] output y = a + b }");
    folder.write("free.arch", "arch Free { input a: [B, 1, H, W] output y = relu(a) }");
    folder.write("huge.arch", "arch Huge at H = 900000, W = 900000 { input a: [B, 1, H, W] output y = relu(a) }");

    let case = |file: &'static str| ["run", "./tiny.arch", "--input", file];
    refuse(
        &folder,
        &[
            (&case("gone.npy"), 3, &["cannot read `gone.npy`", "No such file"]),
            (&case("odd.safetensors"), 3, &["H = 7 is not legal", "the nearest legal sizes are 6 and 8"]),
            (&case("channels.safetensors"), 3, &["axis 1 of input `x` is 4, expected 3"]),
            (&case("rank.safetensors"), 3, &["input `x` has 3 axes", "expected 4"]),
            (&case("other.safetensors"), 3, &["there is no input `picture`", "the inputs are x"]),
            (&case("extra.safetensors"), 3, &["there is no input `z`"]),
            (&case("none.safetensors"), 3, &["input `x` is missing"]),
            (&case("cut.safetensors"), 3, &["cannot read `cut.safetensors`", "not a whole one"]),
            (&case("type.safetensors"), 3, &["`x` is of type U8, expected 32-bit or 64-bit floats"]),
            (&case("type.npy"), 3, &["<i4", "expected 32-bit or 64-bit floats"]),
            (&case("cut.npy"), 3, &["cannot read `cut.npy`", "not a whole npy file"]),
            (&case("boast.npy"), 3, &["cannot read `boast.npy`", "claims to hold an array [1, 3, 900000, 800000]"]),
            (&case("cut.npz"), 3, &["cannot read `cut.npz`", "not a whole npz file"]),
            (&case("text.npy"), 3, &["cannot read `text.npy`"]),
            (&case("text.npz"), 3, &["cannot read `text.npz`", "not a whole npz file"]),
            (&case("x.csv"), 2, &["neither .safetensors nor .npz nor .npy"]),
            (&["run", "./sum.arch", "--input", "good.npy"], 3, &["one array without a name", "a, b"]),
            (&["run", "./free.arch"], 3, &["no value of H, W", "at H = 224, W = 224"]),
            (&["run", "./huge.arch"], 3, &["[1, 1, 900000, 900000], too large"]),
        ],
    );
}

#[test]
fn pictures() {
    let folder = Folder::new();
    folder.write("text.png", "no picture");
    image::RgbImage::new(3, 3).save(folder.path("whole.png")).expect("it can be written");
    let whole = std::fs::read(folder.path("whole.png")).expect("it was written");
    folder.write("cut.png", &whole[..whole.len() / 2]);
    folder.write("free.arch", crate::common::TINY.replace("at H = 8, W = 8 ", ""));
    refuse(
        &folder,
        &[
            (&["run", "./tiny.arch", "--image", "gone.png"], 3, &["cannot read `gone.png`", "No such file"]),
            (&["run", "./tiny.arch", "--image", "text.png"], 3, &["cannot read `text.png`", "no whole PNG or JPEG"]),
            (&["run", "./tiny.arch", "--image", "cut.png"], 3, &["cannot read `cut.png`", "no whole PNG or JPEG"]),
            (&["run", "./line.arch", "--image", "whole.png"], 3, &["no input of `Line` takes a picture", "image("]),
            (&["run", "./free.arch", "--image", "whole.png"], 3, &["no value of H, W"]),
            (&["run", "./tiny.arch", "--input", "whole.png"], 2, &["use --image"]),
            (&["run", "./tiny.arch", "--input", "x.npy", "--image", "whole.png"], 2, &["cannot be used with"]),
        ],
    );
}

#[test]
fn targets() {
    let folder = Folder::new();
    folder.make_folder("taken.safetensors");
    folder.make_folder("taken.png");
    folder.write("file", "");
    folder.write("list.arch", "arch List at H = 2, W = 2 { input a: [B, 1, H, W] output y = relu(a), z = silu(a) }");
    refuse(
        &folder,
        &[
            (
                &["run", "./line.arch", "-o", "gone/y.npz"],
                3,
                &["cannot write `gone/y.npz`", "there is no folder `gone`"],
            ),
            (&["run", "./line.arch", "-o", "file/y.npz"], 3, &["cannot write `file/y.npz`", "ot a directory"]),
            (&["run", "./line.arch", "-o", "taken.safetensors"], 3, &["cannot write `taken.safetensors`", "directory"]),
            (&["run", "./line.arch", "-o", "taken.png"], 3, &["cannot write `taken.png`", "directory"]),
            (&["run", "./line.arch", "--rows", "gone/r.npz"], 3, &["cannot write `gone/r.npz`"]),
            (
                &["draw", "./line.arch", "-o", "gone/y.svg"],
                3,
                &["cannot write `gone/y.svg`", "there is no folder `gone`"],
            ),
            (&["draw", "./line.arch", "-o", "taken.png"], 3, &["cannot write `taken.png`", "directory"]),
            (&["draw", "./line.arch", "-o", "y.pdf"], 2, &["the extension of `y.pdf` gives no format", "--format"]),
            (&["draw", "./line.arch", "--format", "png"], 2, &["name its file with `-o`"]),
            (&["draw", "./line.arch", "--format", "jpeg"], 2, &["svg, png, mermaid, dot, text"]),
            (&["draw", "./line.arch", "-o", "y.svg", "--ascii"], 2, &["`--ascii` is for text"]),
            (&["run", "./line.arch", "-o", "y.txt"], 2, &["the extension gives the format"]),
            (&["run", "./line.arch", "--rows", "r.png"], 2, &["the extension gives the format"]),
            (&["run", "./list.arch", "-o", "y.npy"], 2, &["holds one tensor and there are 2 outputs"]),
            (&["run", "./list.arch", "--outputs", "x"], 2, &["there is no output `x`", "the outputs are y, z"]),
        ],
    );
    // A file that was there stays as it was when the new one cannot be made.
    folder.write("y.safetensors", "old");
    folder.write("broken.safetensors", "no weights");
    let run = ["run", "./line.arch", "--weights", "broken.safetensors", "-o", "y.safetensors"];
    assert_eq!(folder.neckar(&run).code, 3);
    assert_eq!(std::fs::read(folder.path("y.safetensors")).expect("it is there"), b"old");
}

#[test]
fn devices() {
    let folder = Folder::new();
    refuse(
        &folder,
        &[
            (&["run", "./line.arch", "--device", "cuda"], 3, &["no CUDA backend", "cuda:0"]),
            (&["run", "./line.arch", "--device", "cuda:1"], 3, &["no CUDA backend", "cuda:1"]),
            (&["run", "./line.arch", "--device", "tpu"], 2, &["expected `cpu`, `cuda` or `cuda:N`"]),
            (&["run", "./line.arch", "--threads", "0"], 2, &["--threads"]),
            (&["run", "./line.arch", "--numerics", "loose"], 2, &["fast", "exact"]),
        ],
    );
}

#[test]
fn benches() {
    let folder = Folder::new();
    folder.write("free.arch", crate::common::TINY.replace(" at H = 8, W = 8", ""));
    folder.write("fixed.arch", "arch Fixed { input x: [1, 1, 2, 2]  output y = relu(x) }");
    folder.write_tensors("wrong.safetensors", &[("c1.weight", &[2, 3, 3, 3], &WEIGHTS)]);
    folder.write_tensors("x.safetensors", &[("x", &[1, 3, 7, 8], &[0.0; 168])]);
    refuse(
        &folder,
        &[
            (&["bench"], 2, &["SPEC"]),
            (&["bench", "./tiny.arch", "--runs", "0"], 2, &["--runs"]),
            (&["bench", "./tiny.arch", "--seconds", "soon"], 2, &["`soon` is not a number of seconds"]),
            (&["bench", "./tiny.arch", "--seconds=-1"], 2, &["`-1` is not a number of seconds"]),
            (&["bench", "./tiny.arch", "--batch", "0"], 2, &["--batch"]),
            (&["bench", "./tiny.arch", "--threads", "0"], 2, &["--threads"]),
            (&["bench", "./tiny.arch", "--format", "yaml"], 2, &["yaml", "json"]),
            (&["bench", "./tiny.arch", "--at", "D=8"], 2, &["`Tiny` has no free size `D`", "H, W, B"]),
            (&["bench", "./tiny.arch", "--at", "B=2", "--batch", "2"], 2, &["`B` is given twice"]),
            (&["bench", "./fixed.arch", "--batch", "2"], 2, &["`Fixed` has a fixed batch"]),
            (&["bench", "./tiny.arch", "--at", "H=8", "--input", "x.safetensors"], 2, &["--at", "--input"]),
            (&["bench", "./tiny.arch", "--at", "H=7"], 3, &["`Tiny`", "H"]),
            (&["bench", "./tiny.arch", "--input", "x.safetensors"], 3, &["axis 2 of input `x`"]),
            (&["bench", "./free.arch"], 3, &["bench needs sizes", "--at H=224,W=224"]),
            (&["bench", "./tiny.arch", "--weights", "wrong.safetensors"], 3, &["wrong.safetensors", "c1.bias"]),
            (&["bench", "./tiny.arch", "--weights", "gone.safetensors"], 3, &["gone.safetensors"]),
            (&["bench", "./tiny.arch", "--device", "cuda"], 3, &["no CUDA backend"]),
        ],
    );
}
