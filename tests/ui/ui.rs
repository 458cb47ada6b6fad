//! Programs that use `arch!`: those that must run, and those that must not compile with exactly what the compiler shows.
//!
//! `TRYBUILD=overwrite cargo test -p neckar-tests-ui` writes what it shows now, and the checkpoints anew; read the difference
//! before keeping it.

#[path = "weights/faults.rs"]
mod faults;

use std::{env, fs};

use faults::Verdict;

#[test]
fn ui() {
    checkpoints_are_those_of_the_table();
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}

/// The compiler reads the files, so they are kept.
fn checkpoints_are_those_of_the_table() {
    let right = ("right", faults::file(&faults::right()));
    for (name, expected) in faults::FAULTS.iter().map(|fault| (fault.name, fault.file())).chain([right]) {
        let path = format!("weights/{name}.safetensors");
        if env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite") {
            fs::write(&path, &expected).expect("the folder can be written to");
        }
        assert!(fs::read(&path).is_ok_and(|found| found == expected), "{path} is not what `weights/faults.rs` makes");
    }
}

/// What the compiler shows of a wrong checkpoint holds what the command says of it.
#[test]
fn every_fault_of_a_checkpoint_is_named() {
    let said = ["wrong_checkpoints", "checkpoint_in_half_precision"].map(|name| {
        let path = format!("fail/{name}.stderr");
        fs::read_to_string(&path).expect("the case has been run")
    });
    let said = said.concat();
    for fault in &faults::FAULTS {
        let file = format!("weights/{}.safetensors", fault.name);
        let verdict = match fault.verdict {
            Verdict::Odd => format!("use of deprecated macro `neckar`: {}", fault.says[0]),
            Verdict::Unsuited => format!("error: `{file}` does not suit `Pyramid`:"),
            Verdict::Unreadable => format!("error: cannot read `$DIR/{file}`: {}", fault.says[0]),
        };
        for line in [verdict.as_str(), &format!("weights = \"{file}\"")].iter().chain(fault.says) {
            assert!(said.contains(line), "{}: the compiler does not show `{line}`", fault.name);
        }
    }
}
