//! What `neckar run` gives.

use crate::common::Folder;
use ndarray::{ArrayD, arr2};
use ndarray_npy::{NpzReader, NpzWriter, read_npy, write_npy};

/// 2·x + 1 of 0, 1, 2, 3.
const DOUBLED: [f32; 4] = [1.0, 3.0, 5.0, 7.0];

fn values(tensors: &[(String, ArrayD<f32>)], name: &str) -> Vec<f32> {
    let (_, array) = tensors.iter().find(|(own, _)| own == name).expect("the tensor is there");
    array.iter().copied().collect()
}

#[test]
fn reads_and_writes_every_format() {
    let folder = Folder::new();
    folder.write_line();
    folder.write_tensors("x.safetensors", &[("x", &[1, 1, 2, 2], &[0.0, 1.0, 2.0, 3.0])]);
    let doubles = arr2(&[[0.0_f64, 1.0], [2.0, 3.0]]).into_shape_with_order((1, 1, 2, 2)).expect("four elements");
    write_npy(folder.path("x.npy"), &doubles).expect("it can be written");
    let mut npz = NpzWriter::new(std::fs::File::create(folder.path("x.npz")).expect("it can be made"));
    npz.add_array("x", &doubles.mapv(|x| x as f32)).expect("it can be written");
    npz.finish().expect("it can be written");
    for input in ["x.safetensors", "x.npy", "x.npz"] {
        let run = ["run", "./line.arch", "--weights", "line.safetensors", "--input", input];
        let said = folder.succeed(&[&run[..], &["-o", "y.safetensors", "-o", "y.npz", "-o", "y.npy"]].concat());
        assert!(!said.err.contains("without"), "{}", said.err);
        let tensors = folder.read_tensors("y.safetensors");
        assert_eq!(tensors.len(), 1);
        assert_eq!(tensors[0].1.shape(), [1, 1, 2, 2]);
        assert_eq!(values(&tensors, "y"), DOUBLED, "{input}");
        let array: ArrayD<f32> = read_npy(folder.path("y.npy")).expect("an npy file");
        assert_eq!(array, tensors[0].1);
        let file = std::fs::File::open(folder.path("y.npz")).expect("it was written");
        let array: ArrayD<f32> = NpzReader::new(file).and_then(|mut npz| npz.by_name("y")).expect("an npz file");
        assert_eq!(array, tensors[0].1);
    }
}

#[test]
fn says_what_it_draws_and_draws_it_again() {
    let folder = Folder::new();
    let run = |seed: &str, threads: &str, out: &str| {
        let said = folder.succeed(&["run", "./tiny.arch", "--seed", seed, "--threads", threads, "-o", out]);
        assert!(
            said.err.contains(&format!("without --input this is drawn (seed {seed}): `x` [1, 3, 8, 8]")),
            "{}",
            said.err
        );
        assert!(said.err.contains("without --weights they are initialised as the spec says"), "{}", said.err);
        folder.read_tensors(out)
    };
    let first = run("0", "1", "a.safetensors");
    assert_eq!(first[0].1.shape(), [1, 2, 4, 4]);
    assert_eq!(first, run("0", "2", "b.safetensors"));
    assert_ne!(first, run("1", "1", "c.safetensors"));
}

#[test]
fn settings_outputs_and_rows() {
    let folder = Folder::new();
    folder.write(
        "levels.arch",
        "arch Levels(c = 1) at H = 4, W = 4 {
            input x: [B, 1, H, W]
            conv a: -> c (kernel = 1)
            A = a(x)
            R = relu(A)
            P = max_pool(R, kernel = 2, stride = 2)
            output fpn: [R, P], last = P
        }",
    );
    folder.write_tensors("x.safetensors", &[("x", &[2, 1, 4, 4], &[1.0; 32])]);
    let run = ["run", "./levels.arch", "--set", "c=3", "--input", "x.safetensors"];
    folder.succeed(&[&run[..], &["-o", "y.safetensors"]].concat());
    let shapes = |file: &str| -> Vec<(String, Vec<usize>)> {
        folder.read_tensors(file).into_iter().map(|(name, array)| (name, array.shape().to_vec())).collect()
    };
    let (fine, coarse) = (vec![2, 3, 4, 4], vec![2, 3, 2, 2]);
    let all =
        [("fpn.P", &coarse), ("fpn.R", &fine), ("last", &coarse)].map(|(name, shape)| (name.to_owned(), shape.clone()));
    assert_eq!(shapes("y.safetensors"), all);

    let said = folder.succeed(&[&run[..], &["--outputs", "last", "-o", "y.safetensors"]].concat());
    assert_eq!(shapes("y.safetensors"), all[2..]);
    assert!(said.out.contains("in R"), "the row `A` is fused into the row `R`: {}", said.out);
    folder.succeed(&[&run[..], &["--outputs", "fpn", "-o", "y.safetensors"]].concat());
    assert_eq!(shapes("y.safetensors"), all[..2]);

    folder.succeed(&[&run[..], &["--rows", "rows.safetensors"]].concat());
    let rows = [("A", &fine), ("P", &coarse), ("R", &fine)].map(|(name, shape)| (name.to_owned(), shape.clone()));
    assert_eq!(shapes("rows.safetensors"), rows);
    let tensors = folder.read_tensors("rows.safetensors");
    let clamped: Vec<f32> = values(&tensors, "A").into_iter().map(|x| x.max(0.0)).collect();
    assert_eq!(values(&tensors, "R"), clamped);
}

#[test]
fn a_picture_in_and_a_picture_out() {
    let folder = Folder::new();
    let photograph = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/images/coffee.jpg");
    let said = folder.succeed(&["run", "./tiny.arch", "--image", photograph]);
    assert!(said.err.contains("`neckar-tiny.png`"), "{}", said.err);
    let shown = image::open(folder.path("neckar-tiny.png")).expect("a picture").to_rgb8();
    // Two tiles side by side below a line of text.
    assert!(shown.width() > 2 * 336 && shown.height() > 336, "{:?}", shown.dimensions());

    // White is (1 − 0.5) / 0.5 = 1 in every channel, so a sum over channels and an identity give 3.
    folder.write(
        "sum.arch",
        "arch Sum at H = 2, W = 4 {
            input x: [B, 3, H, W] image(mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5])
            conv c: -> 1 (kernel = 1, bias = false)
            output y = c(x)
        }",
    );
    folder.write_tensors("ones.safetensors", &[("c.weight", &[1, 3, 1, 1], &[1.0; 3])]);
    image::RgbImage::from_pixel(7, 5, image::Rgb([255; 3])).save(folder.path("white.png")).expect("it can be written");
    let run = ["run", "./sum.arch", "--weights", "ones.safetensors", "--image", "white.png", "-o", "y.safetensors"];
    folder.succeed(&run);
    assert_eq!(values(&folder.read_tensors("y.safetensors"), "y"), [3.0; 8]);
    assert!(!folder.path("neckar-sum.png").exists(), "a file was named, so no other is made");

    // The outputs alone make a picture too.
    folder.succeed(&["run", "./line.arch", "-o", "line.png"]);
    let shown = image::open(folder.path("line.png")).expect("a picture").to_rgb8();
    assert!(shown.width() < 2 * 336, "{:?}", shown.dimensions());
}

#[test]
fn tables_show_rows_and_outputs() {
    let folder = Folder::new();
    folder.write_line();
    folder.write_tensors("x.safetensors", &[("x", &[1, 1, 2, 2], &[0.0, 1.0, 2.0, 3.0])]);
    let run = ["run", "./line.arch", "--weights", "line.safetensors", "--input", "x.safetensors"];
    let said = folder.succeed(&run);
    let line = |start: &str| {
        let line = said.out.lines().rfind(|line| line.trim_start().starts_with(start)).expect("the line is there");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(said.out.contains("c(x)"), "{}", said.out);
    assert_eq!(line("y"), "y [1, 1, 2, 2] 1.0000 4.0000 7.0000");
    let quiet = folder.succeed(&[&["-q"], &run[..]].concat());
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    let verbose = folder.succeed(&[&["-v"], &run[..]].concat());
    assert!(verbose.out.contains("conv 1x1"), "{}", verbose.out);
}

#[test]
fn a_spec_of_the_zoo() {
    let folder = Folder::new();
    let said = folder.succeed(&["run", "lite_fpn", "--outputs", "P5", "-o", "p5.safetensors"]);
    assert!(said.out.contains("S4(F4(U5, P4))"), "{}", said.out);
    let tensors = folder.read_tensors("p5.safetensors");
    assert_eq!((tensors[0].0.as_str(), tensors[0].1.shape()), ("P5", &[1, 128, 8, 16][..]));
}
