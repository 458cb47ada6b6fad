//! `fmt`.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::{Folder, LINE, Said};

const SLOPPY: &str = "arch A{\r\n input x:[B,3,H,W]   // three\r\n\r\n\r\noutput y=relu( x )\r\n}";
const NEAT: &str = "arch A {\n    input x: [B, 3, H, W]  // three\n\n    output y = relu(x)\n}\n";
const BROKEN: &str = "arch A {\n  input x: [B, 3, H W]\n  output x\n}\n";

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).expect("it is there")
}

#[test]
fn files_and_folders() {
    let folder = Folder::new();
    folder.make_folder("necks");
    folder.make_folder("target");
    folder.write("necks/a.arch", SLOPPY);
    folder.write("necks/a.txt", SLOPPY);
    folder.write("target/a.arch", SLOPPY);
    folder.write("bom.arch", format!("\u{feff}{LINE}"));

    let said = folder.neckar(&["fmt", "--check"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (1, "bom.arch\nnecks/a.arch\n", ""));
    assert_eq!(read(&folder, "necks/a.arch"), SLOPPY);

    let names = folder.names();
    let said = folder.succeed(&["fmt"]);
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("", "note: formatted `bom.arch`\nnote: formatted `necks/a.arch`\n")
    );
    assert_eq!((read(&folder, "necks/a.arch").as_str(), read(&folder, "bom.arch").as_str()), (NEAT, LINE));
    assert_eq!((read(&folder, "necks/a.txt").as_str(), read(&folder, "target/a.arch").as_str()), (SLOPPY, SLOPPY));
    assert_eq!(folder.names(), names, "a file was left");

    assert_eq!(folder.succeed(&["fmt", "--check"]).out, "");
    assert_eq!(folder.succeed(&["fmt", "--quiet", "necks/a.txt"]).err, "");
    assert_eq!(read(&folder, "necks/a.txt"), NEAT);
}

#[test]
fn what_cannot_be_formatted_is_left_alone() {
    let folder = Folder::new();
    folder.write("broken.arch", BROKEN);
    folder.write("latin1.arch", b"// caf\xe9\n");
    folder.write("sloppy.arch", SLOPPY);

    let said = folder.neckar(&["fmt", "broken.arch", "sloppy.arch"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("error[NK0001]") && said.err.contains("broken.arch:2:"), "{}", said.err);
    assert_eq!(read(&folder, "broken.arch"), BROKEN);
    assert_eq!(read(&folder, "sloppy.arch"), NEAT, "the other file is formatted all the same");

    for (arguments, code, part) in [
        (&["fmt", "gone.arch", "broken.arch"][..], 3, "cannot read `gone.arch`"),
        (&["fmt", "latin1.arch"], 3, "not UTF-8 text: byte 6"),
        (&["fmt", "-", "line.arch"], 2, "`-` stands for the standard input"),
    ] {
        let said = folder.neckar(arguments);
        assert!(said.code == code && said.err.contains(part), "{arguments:?}: {} {}", said.code, said.err);
    }
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.make_folder("store");
    folder.write("store/a.arch", SLOPPY);
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path("store/a.arch"), mode(0o640)).expect("it is ours");
    symlink(folder.path("store/a.arch"), folder.path("link.arch")).expect("a link can be made");
    folder.succeed(&["fmt", "link.arch"]);
    assert!(folder.path("link.arch").is_symlink());
    let found = std::fs::metadata(folder.path("store/a.arch")).expect("it is there").permissions().mode();
    assert_eq!((read(&folder, "store/a.arch").as_str(), found & 0o777), (NEAT, 0o640));

    folder.write("store/a.arch", SLOPPY);
    std::fs::set_permissions(folder.path("store/a.arch"), mode(0o440)).expect("it is ours");
    let said = folder.neckar(&["fmt", "store/a.arch"]);
    assert!(said.code == 3 && said.err.contains("cannot write `store/a.arch`"), "{}", said.err);
    assert_eq!(read(&folder, "store/a.arch"), SLOPPY);
}

/// Runs `neckar fmt` with a text as its standard input.
fn piped(arguments: &[&str], text: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neckar"));
    command.arg("fmt").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command was built");
    // The command reads all of it before it writes, and drops the end of the pipe here.
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code().expect("by itself"), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn the_standard_input() {
    let said = piped(&["-"], SLOPPY);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, NEAT, ""));
    let said = piped(&["--check", "-"], SLOPPY);
    assert_eq!((said.code, said.out.as_str()), (1, "<stdin>\n"));
    let said = piped(&["--check", "-"], NEAT);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    let said = piped(&["-"], BROKEN);
    assert!(said.code == 1 && said.out.is_empty() && said.err.contains("<stdin>:2:"), "{}", said.err);
}
