//! `check`, `expand`, `zoo` and `ops`.

use crate::common::Folder;

#[test]
fn clean_specs_in_a_line() {
    let folder = Folder::new();
    let said = folder.succeed(&["check", "./tiny.arch", "./line.arch"]);
    // 2·3·3·3 + 2 and 1 + 1 parameters.
    let expected = "./tiny.arch: Tiny, 2 rows, 56 parameters; H mod 2 in {0} (such as 2, 224, 320, 640); \
                    W mod 2 in {0} (such as 2, 224, 320, 640)\n\
                    ./line.arch: Line, 1 row, 2 parameters; every H; every W\n";
    assert_eq!((said.out.as_str(), said.err.as_str()), (expected, ""));
    let said = folder.succeed(&["check", "./tiny.arch", "--set", "c=4"]);
    assert!(said.out.contains("112 parameters"), "{}", said.out);
}

#[test]
fn findings() {
    let folder = Folder::new();
    folder.write("shape.arch", crate::common::TINY.replace("H/2, W/2", "H/2, W"));
    let said = folder.neckar(&["check", "./shape.arch", "./line.arch"]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("error[NK0201]"), "{}", said.err);
    assert!(said.err.contains(" --> ./shape.arch:5:") || said.err.contains(" --> shape.arch:5:"), "{}", said.err);
    assert!(said.out.starts_with("./line.arch: "), "the other spec is checked all the same: {}", said.out);

    folder.write(
        "expect.arch",
        crate::common::LINE.replace("output y = c(x)", "output y = c(x)\n    expect params(self) == 3"),
    );
    let said = folder.neckar(&["check", "./expect.arch"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("error[NK0301]: expected params(self) == 3, found 2"), "{}", said.err);
    assert!(said.out.contains("0 of 1 expectations hold"), "{}", said.out);
    let said = folder.succeed(&["run", "./expect.arch"]);
    assert!(said.err.contains("warning[NK0301]"), "{}", said.err);
}

#[test]
fn several_architectures() {
    let folder = Folder::new();
    folder.write("two.arch", format!("{}\n{}", crate::common::LINE, crate::common::TINY));
    let said = folder.succeed(&["check", "./two.arch"]);
    assert!(said.out.contains("Line, 1 row") && said.out.contains("Tiny, 2 rows"), "{}", said.out);
    let said = folder.succeed(&["check", "./two.arch::Tiny"]);
    assert_eq!(said.out.lines().count(), 1);
    folder.succeed(&["run", "./two.arch::Line"]);
}

#[test]
fn the_module_of_a_spec() {
    let folder = Folder::new();
    let said = folder.succeed(&["expand", "./tiny.arch", "--set", "c=5", "--as", "small_one"]);
    assert!(said.out.contains("pub mod small_one {") && said.out.contains("pub struct SmallOne"), "{}", said.out);
    assert!(syn::parse_file(&said.out).is_ok());
    folder.write("expect.arch", crate::common::LINE.replace("c(x)", "c(x)\n    expect params(self) == 3"));
    let said = folder.neckar(&["expand", "./expect.arch"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("NK0301"), "{}", said.err);
}

#[test]
fn the_zoo() {
    let folder = Folder::new();
    let said = folder.succeed(&["zoo"]);
    let names: Vec<&str> = neckar_spec::zoo::names().collect();
    assert!(names.iter().all(|name| said.out.contains(&format!("{name}::"))), "{}", said.out);
    let lite_fpn = "lite_fpn::LiteFpn(fuse: Fuse = add, aggregate: add | concat = add, gate: none | se | coord_att = none, \
                    bottom_up: none | depthwise | average | blur = none, aux = true): 653_312 parameters";
    assert!(said.out.contains(lite_fpn), "{}", said.out);
    let said = folder.succeed(&["zoo", "pafpn"]);
    assert_eq!(Some(said.out.as_str()), neckar_spec::zoo::text("pafpn"));
    let mut arguments = vec!["check"];
    arguments.extend(names);
    assert_eq!(folder.succeed(&arguments).err, "");
}

#[test]
fn the_operators() {
    let folder = Folder::new();
    let said = folder.succeed(&["ops"]);
    for signature in neckar_spec::ops::signatures() {
        assert!(said.out.contains(&format!("{}(x", signature.names[0])), "{}: {}", signature.names[0], said.out);
        let said = folder.succeed(&["ops", signature.names[0]]);
        assert!(signature.arguments.iter().all(|argument| said.out.contains(argument.name)), "{}", said.out);
    }
}

#[test]
fn colors() {
    let folder = Folder::new();
    let escape = '\u{1b}';
    assert!(!folder.neckar(&["check", "fpn"]).out.contains(escape));
    assert!(folder.neckar(&["--color", "always", "check", "fpn"]).out.contains(escape));
    assert!(folder.neckar(&["run", "./line.arch", "--color=always"]).err.contains(escape));
    assert!(!folder.neckar(&["run", "./line.arch", "--color=never"]).err.contains(escape));
}
