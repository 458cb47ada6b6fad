//! `init`.

use std::fs;
use std::process::{Command, Output};

use crate::common::Folder;

const FILES: [&str; 6] = [".gitignore", "Cargo.toml", "neckar.toml", "necks", "src", "tests"];

fn names(folder: &Folder, below: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(below)).expect("it is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("ASCII")).collect();
    names.sort();
    names
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path(name)).expect("it is there")
}

#[test]
fn a_crate_of_every_spec_of_the_zoo() {
    let folder = Folder::new();
    for zoo in neckar_spec::zoo::names() {
        let path = format!("of-{zoo}");
        folder.succeed(&["init", &path, "--from", zoo]);
        assert_eq!(names(&folder, &path), FILES);
        let spec = format!("{path}/necks/{zoo}.arch");
        assert_eq!(Some(read(&folder, &spec).as_str()), neckar_spec::zoo::text(zoo));
        assert!(syn::parse_file(&read(&folder, &format!("{path}/src/main.rs"))).is_ok());
        assert!(syn::parse_file(&read(&folder, &format!("{path}/tests/rows.rs"))).is_ok());
        // Its gates are what the network is, so it passes them, and in the language's own style.
        folder.succeed(&["check", &path]);
        let said = folder.neckar_in(&path, &["audit"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{zoo}");
        folder.succeed(&["fmt", "--check", &path]);
    }
}

#[test]
fn names_and_folders() {
    let folder = Folder::new();
    folder.make_folder("my-neck");
    assert!(folder.neckar_in("my-neck", &["init"]).err.contains("made the crate `my-neck` in `.`"));
    assert_eq!(names(&folder, "my-neck"), FILES);
    folder.succeed(&["init", "deep/er/x1", "--name", "other", "--quiet"]);
    assert!(read(&folder, "deep/er/x1/Cargo.toml").contains("name = \"other\""));

    let before = folder.names();
    for (arguments, code, message) in [
        (&["init", "1st"][..], 2, "`1st` is no name for a crate: one is made of ASCII letters"),
        (&["init", "über"], 2, "give another with --name"),
        (&["init", "x", "--name", "a b"], 2, "`a b` is no name for a crate"),
        (&["init", "x", "--name", "fn"], 2, "has the word for itself"),
        (&["init", "x", "--name", "neckar"], 2, "has the word for itself"),
        (&["init", "x", "--from", "pafnp"], 2, "did you mean `pafpn`?"),
        (&["init", "x", "--from", "prelude"], 2, "the zoo has no spec `prelude`"),
        (&["init", "x", "--neckar", "my-neck"], 3, "`my-neck` is no checkout of neckar"),
        (&["init", "line.arch", "--name", "x"], 3, "line.arch"),
    ] {
        let said = folder.neckar(arguments);
        assert!(said.code == code && said.err.contains(message), "{arguments:?}: {} {}", said.code, said.err);
    }
    assert_eq!(folder.names(), before, "something was left");
}

#[test]
fn nothing_is_written_over() {
    for taken in FILES {
        let folder = Folder::new();
        folder.make_folder("x");
        folder.write(&format!("x/{taken}"), "mine");
        let said = folder.neckar(&["init", "x"]);
        assert!(said.code == 3 && said.err.contains(&format!("{taken}` is there already")), "{}", said.err);
        assert_eq!(
            (names(&folder, "x"), read(&folder, &format!("x/{taken}")).as_str()),
            (vec![taken.to_owned()], "mine")
        );
    }
    let folder = Folder::new();
    folder.make_folder("x");
    folder.write("x/README.md", "mine");
    folder.succeed(&["init", "x"]);
    assert_eq!(read(&folder, "x/README.md"), "mine", "what is not in the way stays");
}

#[test]
fn the_checkout_may_be_named() {
    let folder = Folder::new();
    let checkout = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let runtime = fs::canonicalize(format!("{checkout}/runtime")).expect("it is in the repository");
    for (name, path) in [("a", checkout.to_owned()), ("b", format!("{checkout}/runtime"))] {
        folder.succeed(&["init", name, "--neckar", &path]);
        let manifest: toml::Table = read(&folder, &format!("{name}/Cargo.toml")).parse().expect("it is TOML");
        assert_eq!(manifest["dependencies"]["neckar"]["path"].as_str(), runtime.to_str());
        assert!(!manifest.contains_key("workspace"));
    }
    folder.write("Cargo.toml", "[workspace]\n");
    let said = folder.succeed(&["init", "c"]);
    assert!(said.err.contains("a workspace of its own") && read(&folder, "c/Cargo.toml").ends_with("\n[workspace]\n"));
}

/// Cargo in a crate of the folder, with what was built for the others and without the network.
fn cargo(folder: &Folder, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(folder.path(name));
    command.env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/init")).env("INSTA_UPDATE", "no");
    command.env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_INCREMENTAL", "0");
    command.output().expect("cargo runs this test")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn the_crate_builds_runs_and_locks_its_rows() {
    let folder = Folder::new();
    for (name, arguments, printed) in [
        ("first-neck", &[][..], "P3 [1, 64, 32, 32]\nP4 [1, 64, 16, 16]\nP5 [1, 64, 8, 8]\n"),
        ("lite", &["--from", "lite_fpn"], "Hf [1, 128, 64, 128]\n"),
    ] {
        folder.succeed(&[&["init", name], arguments].concat());
        // The same releases as here, which are there without the network.
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
        fs::copy(lock, folder.path(name).join("Cargo.lock")).expect("both are there");
        let run = cargo(&folder, name, &["run", "--offline", "--quiet"]);
        assert!(run.status.success(), "{}", text(&run));
        assert!(String::from_utf8_lossy(&run.stdout).starts_with(printed), "{}", text(&run));
        let test = cargo(&folder, name, &["test", "--offline", "--quiet"]);
        assert!(test.status.success(), "{}", text(&test));
        let style = cargo(&folder, name, &["fmt", "--check"]);
        assert!(style.status.success(), "{}", text(&style));
    }
    let spec = read(&folder, "first-neck/necks/neck.arch");
    folder.write("first-neck/necks/neck.arch", spec.replace("c = 64", "c = 48"));
    let test = cargo(&folder, "first-neck", &["test", "--offline"]);
    assert!(!test.status.success(), "the rows have changed: {}", text(&test));
    let said = text(&test);
    assert!(said.contains("P3 → [B, 64, H, W], here [1, 64, 32, 32]"), "{said}");
    assert!(said.contains("P3 → [B, 48, H, W], here [1, 48, 32, 32]"), "{said}");
    let said = folder.neckar_in("first-neck", &["audit"]);
    assert!(said.code == 1 && said.err.contains("`P3` is [B, 48, H, W]"), "{}", said.err);
}
