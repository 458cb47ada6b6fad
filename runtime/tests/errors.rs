//! What is said where inputs, sizes or weights do not suit.

mod common;

use std::fs;
use std::sync::Arc;

use common::{BodyMaker, ConvShape, random, random_weights, shape};
use ndarray::ArrayD;
use neckar::{Device, Error, LoadOptions, Model, Options, Program, Weights, naive};
use neckar_spec::program::*;
use neckar_spec::size::{Relation, Size};
use safetensors::tensor::{Dtype, TensorView};

fn size(symbol: &str) -> Size {
    Size::symbol(symbol)
}

/// Two inputs, the second at half the size of the first; H is a multiple of 4.
fn halves() -> Program {
    let mut net = BodyMaker::new("Halves", 2);
    let conv = net.conv("conv", [3, 4], ConvShape::square(3, 1, 1), true);
    let y = net.run("y", conv, &[0], vec![]);
    let inputs = vec![
        ("fine", shape(3, &[size("H"), size("W")])),
        ("coarse", shape(5, &[size("H").floor_div(2), size("W").floor_div(2)])),
    ];
    net.program(vec![], inputs, &[("y", y), ("list.coarse", 1)], &[Relation::Multiple(size("H"), 4)])
}

fn model(program: Program) -> Model {
    let weights = Weights::init(&program, 0);
    Model::new(Arc::new(program), &weights, Options::default()).expect("the program can be run")
}

#[test]
fn inputs() {
    let model = model(halves());
    let fine: (&'static str, &'static [usize]) = ("fine", &[1, 3, 8, 10]);
    let coarse: (&'static str, &'static [usize]) = ("coarse", &[1, 5, 4, 5]);
    type Shapes = [(&'static str, &'static [usize])];
    let cases: &[(&Shapes, &str)] = &[
        (&[], "input `fine` is missing: give an array [B, 3, H, W]"),
        (&[coarse], "input `fine` is missing: give an array [B, 3, H, W]"),
        (&[fine, coarse, ("fine", &[1])], "input `fine` is given twice"),
        (&[fine, ("coarsee", &[1])], "there is no input `coarsee`; did you mean `coarse`?"),
        (&[fine, ("xyz", &[1])], "there is no input `xyz`; the inputs are fine, coarse"),
        (&[("fine", &[3, 8, 10]), coarse], "input `fine` has 3 axes [3, 8, 10], expected 4 [B, 3, H, W]"),
        (&[("fine", &[1, 4, 8, 10]), coarse], "axis 1 of input `fine` is 4, expected 3 as in [B, 3, H, W]"),
        (&[("fine", &[0, 3, 8, 10]), ("coarse", &[0, 5, 4, 5])], "the batch of input `fine` is empty"),
        (&[("fine", &[1, 3, 8, 0]), coarse], "axis 3 of input `fine` is 0, expected at least 1"),
        (
            &[("fine", &[1, 3, 1 << 31, 1 << 31]), coarse],
            "a map of shape [1, 3, 2147483648, 2147483648] has more than 2^48 elements; give smaller inputs",
        ),
        (&[("fine", &[2, 3, 8, 10]), coarse], "axis 0 of input `coarse` is 1, expected 2: it is B with B = 2"),
        (
            &[("fine", &[1, 3, 12, 10]), coarse],
            "axis 2 of input `coarse` is 4, expected 6: it is floor(H/2) with H = 12",
        ),
        (
            &[("fine", &[1, 3, 10, 10]), ("coarse", &[1, 5, 5, 5])],
            "axis 2 of input `fine`: H = 10 is not legal: the nearest legal sizes are 8 and 12; pad by 2 (1 before, 1 after) or crop by 2 (H mod 4 in {0})",
        ),
    ];
    for (inputs, expected) in cases {
        let error = model.session(inputs, None).expect_err(expected);
        assert_eq!(error.to_string(), *expected);
        if inputs.iter().any(|(_, shape)| shape.contains(&(1 << 31))) {
            continue; // no array is that large
        }
        let arrays: Vec<(&str, ArrayD<f32>)> =
            inputs.iter().map(|(name, shape)| (*name, ArrayD::zeros(*shape))).collect();
        let views: Vec<_> = arrays.iter().map(|(name, array)| (*name, array.view())).collect();
        assert_eq!(model.run(&views).expect_err(expected).to_string(), *expected);
        let named: Vec<_> = arrays.iter().map(|(name, array)| ((*name).to_owned(), array.clone())).collect();
        let weights = Weights::init(model.program(), 0);
        assert_eq!(naive::run(model.program(), &weights, &named).expect_err(expected).to_string(), *expected);
    }
    let outputs = |names: &[&str]| model.session(&[fine, coarse], Some(names)).map(|session| session.outputs().len());
    let message = |names: &[&str]| outputs(names).expect_err("no output has the name").to_string();
    assert_eq!(outputs(&["list", "y"]).expect("both exist"), 2);
    assert_eq!(message(&["z"]), "there is no output `z`; the outputs are y, list.coarse");
    assert_eq!(message(&["list.coars"]), "there is no output `list.coars`; did you mean `list.coarse`?");
}

#[test]
fn a_size_that_only_an_expression_shows() {
    let program = |size: Size, relations: &[Relation]| {
        let mut net = BodyMaker::new("net", 2);
        let y = net.run("y", Instr::Elementwise, &[0], vec![]);
        let inputs = vec![("x", shape(1, &[size])), ("z", shape(1, &[Size::symbol("H").scale(3)]))];
        model(net.program(vec![], inputs, &[("y", y)], relations))
    };
    let eighth = size("H").floor_div(8);
    let multiple = [Relation::Multiple(size("H"), 8)];
    let message = |model: &Model, x: usize, z: usize| {
        let shapes: [(&str, &[usize]); 2] = [("x", &[1, 1, x]), ("z", &[1, 1, z])];
        model.session(&shapes, None).map(|_| ()).map_err(|error| error.to_string())
    };
    let free = program(eighth.clone(), &[]);
    assert_eq!(message(&free, 5, 3 * 40), Ok(()));
    assert_eq!(message(&free, 5, 3 * 47), Ok(()));
    let rounded = program(eighth, &multiple);
    assert_eq!(message(&rounded, 5, 3 * 40), Ok(()));
    let found = "axis 2 of input `x` (floor(H/8)) is 5: H = 47 is not legal: the nearest legal sizes are 40 and 48; \
                 pad by 1 or crop by 7 (H mod 8 in {0})";
    assert_eq!(message(&rounded, 5, 3 * 47), Err(found.to_owned()));
    let found = "axis 2 of input `z` is 121, expected 120: it is 3*H with H = 40";
    assert_eq!(message(&rounded, 5, 121), Err(found.to_owned()));
    let odd = program(size("H").scale(2), &[]);
    let found = "axis 2 of input `x` is 7, which 2*H never is; the nearest that it is are 6 and 8";
    assert_eq!(message(&odd, 7, 9), Err(found.to_owned()));
}

#[test]
fn devices_and_weights_of_another_program() {
    let program = Arc::new(halves());
    let weights = Weights::init(&program, 0);
    let options = Options { device: Device::Cuda(1), ..Options::default() };
    let error = Model::new(program.clone(), &weights, options).expect_err("there is no CUDA backend");
    assert!(matches!(error, Error::Device(_)), "{error:?}");
    let mut other = halves();
    other.weights[0].shape[1] += 1;
    let error = Model::new(Arc::new(other), &weights, Options::default()).expect_err("a shape differs");
    assert!(error.to_string().starts_with("the weights are not those of `Halves`"), "{error}");
    let mut broken = halves();
    broken.weights[0].shape[0] += 1;
    let error = Model::new(Arc::new(broken), &weights, Options::default()).expect_err("the convolution has 4 channels");
    assert!(error.to_string().starts_with("`Halves` cannot be run: weight `conv.weight`"), "{error}");
}

/// Writes a safetensors file of named bytes.
fn write(path: &std::path::Path, tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)]) {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, TensorView::new(*dtype, shape.clone(), bytes).expect("the bytes suit the shape"))
    });
    safetensors::serialize_to_file(views, None, path).expect("the folder can be written");
}

fn floats(array: &ArrayD<f32>) -> Vec<u8> {
    array.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn weights_out_of_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("w.safetensors");
    let mut program = halves();
    program.ignored = vec!["fc.*".to_owned()];
    let (weight, bias) = (random(&[4, 3, 3, 3], 1), random(&[4], 2));
    let good = ("conv.weight", Dtype::F32, vec![4, 3, 3, 3], floats(&weight));
    let good_bias = ("conv.bias", Dtype::F32, vec![4], floats(&bias));
    let counter = ("bn.num_batches_tracked", Dtype::I64, vec![], vec![0; 8]);
    let fc = ("fc.weight", Dtype::F32, vec![1], vec![0; 4]);
    let load = |options: &LoadOptions| Weights::load(&program, &path, options);
    let strict = LoadOptions::default();

    write(&path, &[good.clone(), good_bias.clone(), counter, fc]);
    let (weights, report) = load(&strict).expect("all names and shapes suit");
    assert_eq!(report.applied, ["conv.weight", "conv.bias"]);
    assert_eq!(report.ignored, ["bn.num_batches_tracked", "fc.weight"]);
    assert_eq!(weights.iter().map(|(_, tensor)| tensor.to_owned()).collect::<Vec<_>>(), [weight.clone(), bias.clone()]);

    let copy = folder.path().join("copy.safetensors");
    weights.save(&copy).expect("the folder can be written");
    assert_eq!(Weights::load(&program, &copy, &strict).expect("it was just written").0, weights);

    // 1, −2, 0.5 and infinity in each type.
    let f16 = [0x3c00_u16, 0xc000, 0x3800, 0x7c00].iter().flat_map(|x| x.to_le_bytes()).collect();
    let bf16 = [0x3f80_u16, 0xc000, 0x3f00, 0x7f80].iter().flat_map(|x| x.to_le_bytes()).collect();
    let f64 = [1.0_f64, -2.0, 0.5, f64::INFINITY].iter().flat_map(|x| x.to_le_bytes()).collect();
    for (dtype, bytes) in [(Dtype::F16, f16), (Dtype::BF16, bf16), (Dtype::F64, f64)] {
        write(&path, &[good.clone(), ("conv.bias", dtype, vec![4], bytes)]);
        let (weights, report) = load(&strict).expect("the type is read");
        let bias: Vec<f32> = weights.iter().nth(1).expect("there is a bias").1.iter().copied().collect();
        assert_eq!(bias, [1.0, -2.0, 0.5, f32::INFINITY], "{dtype:?}");
        assert_eq!(report.warnings, ["`conv.bias` holds NaN or infinity in 1 of 4 elements"]);
    }

    let message = |options: &LoadOptions| load(options).expect_err("it does not suit").to_string();
    let head = format!("{}: the weights do not suit `Halves`", path.display());
    write(&path, &[("conv.weights", good.1, good.2.clone(), good.3.clone()), good_bias.clone()]);
    assert_eq!(
        message(&strict),
        format!(
            "{head}\n  `conv.weight` [4, 3, 3, 3] is missing; the checkpoint has `conv.weights`\
             \n  `conv.weights` [4, 3, 3, 3] is not used; the network has `conv.weight`\
             \na layer's name in checkpoints is what `as \"…\"` in the spec gives it"
        )
    );
    let more = ("extra", Dtype::F32, vec![1], vec![0; 4]);
    write(&path, &[good.clone(), good_bias.clone(), more]);
    let ignore = |name: &str| format!("\nwhat a checkpoint may hold besides, the spec says: `ignore \"{name}\"`");
    assert_eq!(message(&strict), format!("{head}\n  `extra` [1] is not used{}", ignore("extra")));
    let (_, report) =
        load(&LoadOptions { allow_unused: true, ..LoadOptions::default() }).expect("unused ones are allowed");
    assert_eq!(report.unused[0].name, "extra");
    write(
        &path,
        &[("conv.weight", Dtype::F32, vec![3, 4, 3, 3], good.3), ("conv.bias", Dtype::I32, vec![4], vec![0; 16])],
    );
    assert_eq!(
        message(&strict),
        format!(
            "{head}\n  `conv.weight` has the shape [3, 4, 3, 3], expected [4, 3, 3, 3]\
             \n  `conv.bias` is of type I32, expected F32, F64, F16 or BF16\
             \n`conv.weight` looks transposed: its axes are in another order than PyTorch's [out, in, rows, columns]; \
             permute them as you save"
        )
    );
    let many: Vec<(String, ArrayD<f32>)> = (0..20).map(|i| (format!("q{i}"), ArrayD::zeros(vec![1]))).collect();
    let tensors = random_weights(&program).into_iter().chain(many);
    let error = Weights::from_tensors(&program, tensors).expect_err("twenty are not used").to_string();
    assert!(error.starts_with("the weights do not suit `Halves`\n  `q0` [1] is not used\n"), "{error}");
    assert!(error.ends_with(&format!("\n  and 10 more{}", ignore("q0"))), "{error}");
}

#[test]
fn files_that_are_no_checkpoints() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let program = halves();
    let message = |path: &std::path::Path| {
        Weights::load(&program, path, &LoadOptions::default()).expect_err("it cannot be read").to_string()
    };
    let absent = folder.path().join("absent.safetensors");
    assert!(message(&absent).starts_with(&format!("{}: ", absent.display())), "{}", message(&absent));

    let path = folder.path().join("whole.safetensors");
    Weights::init(&program, 0).save(&path).expect("the folder can be written");
    let whole = fs::read(&path).expect("it was just written");
    let cut = folder.path().join("cut.safetensors");
    for (bytes, part) in [
        (&whole[..whole.len() - 5], "the file is cut short: its header speaks of"),
        (&[&whole[..], b"more"].concat(), "the file has bytes too many: its header speaks of"),
        (&whole[..20], "the file is cut short: its header speaks of"),
        (&whole[..3], "not a safetensors file: 3 bytes hold no header"),
        (&b""[..], "not a safetensors file: 0 bytes hold no header"),
        (&b"PK\x03\x04 this is a zip file, as torch.save writes"[..], "not a safetensors file"),
    ] {
        fs::write(&cut, bytes).expect("the folder can be written");
        let message = message(&cut);
        assert!(message.starts_with(&format!("{}: ", cut.display())), "{message}");
        assert!(message.contains(part), "{message}");
    }
}
