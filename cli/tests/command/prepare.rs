//! `prepare`: the lock of the checkpoints that a package names.

use std::fs;

use crate::common::{Folder, Said};
use crate::faults::{FAULTS, file, right};

const LOCK: &str = ".neckar/weights.json";

/// A package that names two checkpoints, one of them twice; calls that name none and a package inside of it are passed over.
fn package() -> Folder {
    let folder = Folder::new();
    for below in ["src", "tests/inner/src", "weights"] {
        folder.make_folder(below);
    }
    folder.write("Cargo.toml", "[package]\nname = \"necks\"\n");
    folder.write(
        "src/lib.rs",
        "neckar::arch!(\"a.arch\", weights = \"weights/a.safetensors\");\n\
         neckar::arch!(zoo::fpn as other, levels = 3, weights = r\"weights/a.safetensors\");\n\
         neckar::arch!(zoo::fpn);\n",
    );
    folder.write("tests/b.rs", "fn f() { arch! { \"b.arch\" as b, weights = \"weights/b.safetensors\", } }\n");
    folder.write("tests/broken.rs", "fn {");
    folder.write("tests/inner/Cargo.toml", "");
    folder.write("tests/inner/src/lib.rs", "neckar::arch!(\"a.arch\", weights = \"inner.safetensors\");\n");
    folder.write("weights/a.safetensors", file(&right()));
    folder.write_tensors("weights/b.safetensors", &[("c.weight", &[1, 2], &[0.0, 0.0])]);
    folder
}

fn lock(folder: &Folder) -> String {
    fs::read_to_string(folder.path(LOCK)).expect("the lock is there")
}

fn says(said: &Said, code: i32, err: &str) {
    assert_eq!((said.code, said.err.as_str()), (code, err));
}

#[test]
fn the_lock_holds_the_headers_of_all_checkpoints() {
    let folder = package();
    let said = folder.succeed(&["prepare"]);
    says(&said, 0, "note: `.neckar/weights.json` holds the headers of 2 checkpoints; commit it\n");
    let expected = r#"{
  "format": 1,
  "checkpoints": {
    "weights/a.safetensors": {
      "inner_blocks.0.0.bias": {"dtype": "F32", "shape": [2]},
      "inner_blocks.0.0.weight": {"dtype": "F32", "shape": [2, 1, 1, 1]},
      "inner_blocks.1.0.bias": {"dtype": "F32", "shape": [2]},
      "inner_blocks.1.0.weight": {"dtype": "F32", "shape": [2, 2, 1, 1]},
      "inner_blocks.2.0.bias": {"dtype": "F32", "shape": [2]},
      "inner_blocks.2.0.weight": {"dtype": "F32", "shape": [2, 4, 1, 1]}
    },
    "weights/b.safetensors": {
      "c.weight": {"dtype": "F32", "shape": [1, 2]}
    }
  }
}
"#;
    assert_eq!(lock(&folder), expected);
    says(&folder.neckar(&["prepare"]), 0, "note: `.neckar/weights.json` is as it should be\n");
    says(&folder.neckar(&["prepare", "--check"]), 0, "");
    let beside = fs::read_dir(folder.path(".neckar")).expect("the folder of the lock").count();
    assert_eq!(beside, 1, "nothing but the lock stays");
    // From elsewhere, the path of the package stands before the names of its files.
    folder.make_folder("elsewhere");
    let said = folder.neckar_in("elsewhere", &["prepare", ".."]);
    says(&said, 0, "note: `../.neckar/weights.json` is as it should be\n");
}

#[test]
fn what_is_no_longer_so_is_found() {
    let folder = package();
    let again = "note: `neckar prepare` writes `.neckar/weights.json` anew\n";
    let check = |findings: &str| says(&folder.neckar(&["prepare", "--check"]), 1, &format!("{findings}{again}"));
    check(
        "error: `weights/a.safetensors`, which `src/lib.rs` names, is not in the lock\n\
         error: `weights/b.safetensors`, which `tests/b.rs` names, is not in the lock\n",
    );
    folder.succeed(&["prepare"]);
    let written = lock(&folder);

    let transposed = FAULTS.iter().find(|fault| fault.name == "transposed").expect("it is in the table");
    folder.write("weights/a.safetensors", transposed.file());
    check(
        "error: `weights/a.safetensors` is not the checkpoint of the lock: `inner_blocks.2.0.weight` is F32 [4, 2, 1, 1] and \
         was F32 [2, 4, 1, 1]\n",
    );
    assert_eq!(lock(&folder), written, "`--check` writes nothing");
    folder.succeed(&["prepare"]);
    folder.succeed(&["prepare", "--check"]);

    folder.write("tests/b.rs", "");
    check("error: `weights/b.safetensors` is in the lock, and no call of `arch!` names it\n");
    folder.succeed(&["prepare"]);
    assert!(!lock(&folder).contains("weights/b.safetensors"));

    folder.write(LOCK, "{");
    let said = folder.neckar(&["prepare", "--check"]);
    assert!(said.code == 1 && said.err.contains("`.neckar/weights.json` is no lock"), "{}", said.err);
    folder.succeed(&["prepare"]);
    folder.succeed(&["prepare", "--check"]);
}

#[test]
fn the_lock_stands_for_a_checkpoint_that_is_elsewhere() {
    let folder = package();
    folder.succeed(&["prepare"]);
    let written = lock(&folder);
    for name in ["weights/a.safetensors", "weights/b.safetensors"] {
        fs::remove_file(folder.path(name)).expect("it was there");
    }
    says(&folder.neckar(&["prepare", "--check"]), 0, "");
    // Another one is prepared where only that one is.
    folder.write_tensors("weights/b.safetensors", &[("d.weight", &[1, 2], &[0.0, 0.0])]);
    let said = folder.succeed(&["prepare"]);
    assert!(said.err.starts_with("note: `weights/a.safetensors` is not here; its header stays as it was locked\n"));
    assert_eq!(lock(&folder), written.replace("c.weight", "d.weight"));
}

#[test]
fn what_cannot_be_completed_leaves_the_lock_as_it_was() {
    let folder = package();
    let fails = |message: &str| {
        let said = folder.neckar(&["prepare"]);
        assert!(said.code == 3 && said.err.contains(message), "{}", said.err);
    };
    fs::remove_file(folder.path("weights/b.safetensors")).expect("it was there");
    fails("there is no file `weights/b.safetensors`, which `tests/b.rs` names");
    folder.write("weights/b.safetensors", "text");
    fails("cannot read `weights/b.safetensors`: not a safetensors file: 4 bytes hold no header");
    assert!(!folder.path(".neckar").exists());

    folder.write_tensors("weights/b.safetensors", &[("c.weight", &[1, 2], &[0.0, 0.0])]);
    folder.succeed(&["prepare"]);
    let written = lock(&folder);
    folder.write("weights/b.safetensors", "text");
    fails("`tests/b.rs` names it");
    assert_eq!(folder.neckar(&["prepare", "--check"]).code, 3);
    assert_eq!(lock(&folder), written);
}

#[test]
fn packages_without_checkpoints() {
    let folder = Folder::new();
    let said = folder.neckar(&["prepare"]);
    says(&said, 3, "error: `.` is no package: it has no `Cargo.toml`\n");
    folder.write("Cargo.toml", "");
    let nothing = "note: no call of `arch!` names a checkpoint, as `weights = \"…\"` would; there is nothing to lock\n";
    says(&folder.neckar(&["prepare"]), 0, nothing);
    says(&folder.neckar(&["prepare", "--check"]), 0, "");
    assert!(!folder.path(".neckar").exists());
}
