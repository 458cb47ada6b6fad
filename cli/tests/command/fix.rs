//! `check --fix`.

use crate::common::{Folder, TINY};

/// Three independent slips.
const SLIPS: &str = "// necks
arch Neck at H = 8, W = 8 {
    numerics { resize = neerest }
    input B3: [B, 8, H, W]
    latreal L: -> 4
    feature = L(B3)
    output y = relu(featrue) → [B, 4, 8, 8]
}
";

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).expect("it is there")
}

fn mended() -> String {
    SLIPS.replace("neerest", "nearest").replace("latreal", "lateral").replace("featrue", "feature")
}

#[test]
fn everything_in_one_call() {
    let folder = Folder::new();
    folder.write("neck.arch", SLIPS);
    let said = folder.neckar(&["check", "./neck.arch"]);
    assert_eq!((said.code, said.err.matches("error[").count()), (1, 3), "{}", said.err);
    assert!(said.err.contains("= help: fix: write `lateral`, applied by `neckar check --fix`"), "{}", said.err);
    assert_eq!(read(&folder, "neck.arch"), SLIPS);

    let names = folder.names();
    let said = folder.succeed(&["check", "--fix", "./neck.arch"]);
    let expected = "note: fixed ./neck.arch:3: write `nearest`\n\
                    note: fixed ./neck.arch:5: write `lateral`\n\
                    note: fixed ./neck.arch:7: write `feature`\n";
    assert_eq!(said.err, expected);
    assert!(said.out.starts_with("./neck.arch: Neck, 2 rows"), "{}", said.out);
    assert_eq!((read(&folder, "neck.arch"), folder.names()), (mended(), names));

    let said = folder.succeed(&["check", "--fix", "./neck.arch"]);
    assert_eq!((said.err.as_str(), read(&folder, "neck.arch")), ("", mended()), "nothing is left to fix");
}

#[test]
fn what_is_left_is_reported() {
    let folder = Folder::new();
    // The slip hides a shape that does not hold; the other one stands alone.
    let text = "arch A {
    input x: [B, 8, H, W]
    conv c: -> 4 (kernal = 1)
    y = relu(x) → [B, 4, H, W]
    output y, z = c(x)
}
";
    folder.write("a.arch", text);
    let said = folder.neckar(&["check", "--fix", "./a.arch"]);
    assert_eq!((said.code, said.err.matches("error[").count()), (1, 1), "{}", said.err);
    assert!(said.err.starts_with("note: fixed ./a.arch:3: write `kernel`\nerror[NK0201]"), "{}", said.err);
    assert!(said.err.contains("fix: declare [B, 8, H, W], applied by `neckar check --fix=shapes`"), "{}", said.err);
    let said = folder.succeed(&["check", "--fix=shapes", "./a.arch", "--quiet"]);
    assert_eq!(said.err, "");
    assert_eq!(read(&folder, "a.arch"), text.replace("kernal", "kernel").replace("[B, 4, H", "[B, 8, H"));
}

#[test]
fn files_of_the_user_alone() {
    let folder = Folder::new();
    folder.make_folder("parts");
    folder.write(
        "parts/body.arch",
        "block Body {\n    input x\n    feature = relu(x)\n    output y = relu(featrue)\n}\n",
    );
    let text = "use \"parts/body.arch\"\narch A(n = 1) { input x: [B, 3, H, W]  Body body  output y = body(x) }\n";
    folder.write("a.arch", text);
    let said = folder.succeed(&["check", "--fix", "a.arch"]);
    assert_eq!(said.err, "note: fixed parts/body.arch:4: write `feature`\n");
    assert!(read(&folder, "parts/body.arch").contains("relu(feature)"));
    assert_eq!(read(&folder, "a.arch"), text);

    let said = folder.neckar(&["check", "--fix", "fpn", "./line.arch"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("`fpn` belongs to the zoo, which `--fix` leaves alone"), "{}", said.err);
    assert!(said.out.contains("./line.arch: Line"), "{}", said.out);
    let said = folder.neckar(&["check", "--fix", "lite_fpn", "--set", "fuse=wieghted"]);
    assert_eq!(said.code, 2);
    folder.write("mode.arch", TINY.replace("(c = 2)", "(mode: add | concat = add, c = 2)"));
    let said = folder.neckar(&["check", "--fix", "./mode.arch", "--set", "mode=concta"]);
    assert!(said.code == 2 && !said.err.contains("fixed"), "{}", said.err);
    let said = folder.neckar(&["check", "--fix", "-"]);
    assert_eq!(said.code, 2, "{}", said.err);
    let said = folder.neckar(&["check", "--fix=all", "./line.arch"]);
    assert_eq!(said.code, 2, "{}", said.err);
}

#[test]
fn several_architectures_of_a_file() {
    let folder = Folder::new();
    let text = "arch One { input x: [B, 3, H, W]  output y = rellu(x) }
arch Two { input x: [B, 3, H, W]  conv c: -> 4 (kernal = 1)  output y = c(x) }
";
    folder.write("two.arch", text);
    let said = folder.succeed(&["check", "--fix", "./two.arch"]);
    assert_eq!(said.out.lines().count(), 2, "{}", said.out);
    assert_eq!(read(&folder, "two.arch"), text.replace("rellu", "relu").replace("kernal", "kernel"));
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.make_folder("store");
    folder.write("store/neck.arch", SLIPS);
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path("store/neck.arch"), mode(0o640)).expect("it is ours");
    symlink(folder.path("store/neck.arch"), folder.path("link.arch")).expect("a link can be made");
    folder.succeed(&["check", "--fix", "link.arch"]);
    assert!(folder.path("link.arch").is_symlink());
    let found = std::fs::metadata(folder.path("store/neck.arch")).expect("it is there").permissions().mode();
    assert_eq!((read(&folder, "store/neck.arch"), found & 0o777), (mended(), 0o640));

    folder.write("store/neck.arch", SLIPS);
    std::fs::set_permissions(folder.path("store/neck.arch"), mode(0o440)).expect("it is ours");
    let said = folder.neckar(&["check", "--fix", "link.arch"]);
    assert!(said.code == 3 && said.err.contains("cannot write") && !said.err.contains("fixed"), "{}", said.err);
    assert_eq!(read(&folder, "store/neck.arch"), SLIPS);
}
