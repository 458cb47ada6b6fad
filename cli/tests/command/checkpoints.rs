//! Checkpoints held to a network: `weights check` and `run --weights`, over the table that `arch!` is held to as well.

use crate::common::Folder;
use crate::faults::{FAULTS, Verdict, file, right};

const PYRAMID: &str = include_str!("../../../tests/ui/necks/pyramid.arch");

#[test]
fn each_fault_of_a_checkpoint_is_named() {
    let folder = Folder::new();
    folder.write("pyramid.arch", PYRAMID);
    for fault in &FAULTS {
        folder.write("wrong.safetensors", fault.file());
        let [check, run] = match fault.verdict {
            Verdict::Odd => [0, 0],
            // To be told so is what `check` is for; `run` is for a run.
            Verdict::Unsuited => [1, 3],
            Verdict::Unreadable => [3, 3],
        };
        for (command, code) in [
            (&["weights", "check", "./pyramid.arch", "wrong.safetensors"][..], check),
            (&["run", "./pyramid.arch", "--weights", "wrong.safetensors"], run),
        ] {
            let said = folder.neckar(command);
            assert_eq!(said.code, code, "{}: {command:?}: {}", fault.name, said.err);
            for line in fault.says {
                assert!(said.err.contains(line), "{}: {command:?}: no `{line}` in {}", fault.name, said.err);
            }
        }
    }
}

#[test]
fn a_right_checkpoint_is_said_to_be_one() {
    let folder = Folder::new();
    folder.write("pyramid.arch", PYRAMID);
    folder.write("right.safetensors", file(&right()));
    let said = folder.succeed(&["weights", "check", "./pyramid.arch", "right.safetensors"]);
    let all = "right.safetensors: 6 of 6 weights of `Pyramid` applied\n";
    assert_eq!((said.out.as_str(), said.err.as_str()), (all, ""));
    // What is left over may be allowed, and is then no finding; nor is what the spec itself ignores.
    let extra = FAULTS.iter().find(|fault| fault.name == "extra").expect("it is in the table");
    folder.write("extra.safetensors", extra.file());
    folder.succeed(&["weights", "check", "./pyramid.arch", "extra.safetensors", "--allow-unused"]);
    folder.write("pyramid.arch", PYRAMID.replace("output P[i] }", "output P[i] }\n    ignore \"head.*\""));
    let said = folder.succeed(&["weights", "check", "./pyramid.arch", "extra.safetensors"]);
    assert_eq!(said.out, "extra.safetensors: 6 of 6 weights of `Pyramid` applied, 1 ignored\n");
}

#[test]
fn a_bias_on_one_side_is_an_argument_of_its_layer() {
    let folder = Folder::new();
    let spec = |bias: &str| {
        format!(
            "arch Line at H = 2, W = 2 {{ input x: [B, 1, H, W]  conv c: -> 1 (kernel = 1{bias})  output y = c(x) }}"
        )
    };
    folder.write_line();
    folder.write("without.arch", spec(", bias = false"));
    folder.write("with.arch", spec(""));
    let said = folder.neckar(&["weights", "check", "./without.arch", "line.safetensors"]);
    let hint = "`c` has a bias in the checkpoint: is `bias = false` one too many in the spec?";
    assert!(said.code == 1 && said.err.contains(hint), "{}", said.err);
    folder.succeed(&["weights", "init", "./without.arch", "-o", "bare.safetensors"]);
    let said = folder.neckar(&["weights", "check", "./with.arch", "bare.safetensors"]);
    let hint = "`c` has no bias in the checkpoint: is `bias = false` left out in the spec?";
    assert!(said.code == 1 && said.err.contains(hint), "{}", said.err);
}
