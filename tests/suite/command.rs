//! The `neckar` command as a user runs it: built once, then started as a process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use neckar::Numerics;
use neckar::ndarray::{ArrayD, IxDyn};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::generated::outputs;
use crate::oracles::{Named, Oracle, assert_same, weights};

#[test]
fn runs_lite_fpn_weighted() {
    run_oracle("lite_fpn_weighted", outputs::lite_fpn_weighted);
}

#[test]
fn runs_fpn_transposed() {
    run_oracle("fpn_transposed", outputs::fpn_transposed);
}

#[test]
fn runs_msfe_fpn() {
    run_oracle("msfe_fpn", outputs::msfe_fpn);
}

/// The outputs are those of the reference, and to the bit those of the interpreter and of the generated module.
fn run_oracle(name: &str, generated: fn(Numerics) -> Named) {
    let oracle = Oracle::named(name);
    for (numerics, tolerance) in [(Numerics::Exact, 1e-5), (Numerics::Fast, 1e-4)] {
        let found = run(oracle, numerics);
        oracle.compare(&found, tolerance);
        for mut expected in [oracle.run(oracle.program(), numerics), generated(numerics)] {
            // A file has an order of its own.
            expected.sort_by_key(|(name, _)| found.iter().position(|(found, _)| found == name));
            assert_same(&found, &expected);
        }
    }
}

/// Weights and inputs as files, outputs as a file.
fn run(oracle: &Oracle, numerics: Numerics) -> Named {
    let case = oracle.case();
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let [weights_file, inputs, outputs] =
        ["weights.safetensors", "inputs.safetensors", "outputs.safetensors"].map(|file| folder.path().join(file));
    weights(&oracle.program()).save(&weights_file).expect("the folder is writable");
    save(&oracle.arrays(), &inputs);
    let numerics = match numerics {
        Numerics::Exact => "exact",
        Numerics::Fast => "fast",
    };
    let mut command = Command::new(neckar());
    command.args(["run", case.spec, "--numerics", numerics]);
    for (name, value) in case.settings {
        command.arg("--set").arg(format!("{name}={value}"));
    }
    command.arg("--weights").arg(&weights_file).arg("--input").arg(&inputs).arg("-o").arg(&outputs);
    let done = command.output().expect("the command starts");
    assert_eq!(done.status.code(), Some(0), "{}", messages(&done));
    load(&outputs)
}

#[test]
fn exit_codes() {
    let wrong = Path::new(env!("CARGO_MANIFEST_DIR")).join("errors/shapes/channel_mismatch.arch");
    let wrong = wrong.to_str().expect("the checkout's path is text");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["check", "lite_fpn", "fpn", "msfe_fpn"], 0, ""),
        (&["check", wrong], 1, "NK0202"),
        (&["check", "lite_fpm"], 2, "did you mean `lite_fpn`?"),
        (&["check", "missing.arch"], 3, "missing.arch"),
        (&["run", "lite_fpn", "--weights", "missing.safetensors"], 3, "missing.safetensors"),
    ];
    for (arguments, code, message) in cases {
        let done = Command::new(neckar()).args(*arguments).output().expect("the command starts");
        assert_eq!(done.status.code(), Some(*code), "{arguments:?}: {}", messages(&done));
        assert!(messages(&done).contains(message), "{arguments:?}: {}", messages(&done));
    }
}

fn messages(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

/// The command's binary, built as these tests were.
fn neckar() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = env::current_exe().expect("a test knows its binary");
        let folder = test.parent().and_then(Path::parent).expect("tests lie in `PROFILE/deps`");
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(profile) => profile,
        };
        let target = folder.parent().expect("a profile's folder lies in the target folder");
        let build = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "neckar-cli", "--profile", profile, "--target-dir"])
            .arg(target)
            .output()
            .expect("the cargo that built this test starts");
        assert!(build.status.success(), "{}", messages(&build));
        folder.join(format!("neckar{}", env::consts::EXE_SUFFIX))
    })
}

fn save(arrays: &[(&str, ArrayD<f32>)], path: &Path) {
    let bytes: HashMap<&str, Vec<u8>> = arrays
        .iter()
        .map(|(name, array)| (*name, array.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = arrays.iter().map(|(name, array)| {
        let view = TensorView::new(Dtype::F32, array.shape().to_vec(), &bytes[name]);
        (*name, view.expect("four bytes a value"))
    });
    let file = safetensors::serialize(views, None).expect("the tensors have a form of their own");
    fs::write(path, file).expect("the folder is writable");
}

fn load(path: &Path) -> Named {
    let bytes = fs::read(path).expect("the command wrote its outputs");
    let file = SafeTensors::deserialize(&bytes).expect("the command writes safetensors");
    let array = |(name, tensor): (String, TensorView)| {
        assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
        let values = tensor.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let array = ArrayD::from_shape_vec(IxDyn(tensor.shape()), values);
        (name, array.expect("a file holds as many values as its shape asks for"))
    };
    file.tensors().into_iter().map(array).collect()
}
