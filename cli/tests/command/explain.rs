//! `explain`, and where `check` points to it.

use neckar_spec::diagnostics::{Code, page};

use crate::common::{Folder, TINY};

#[test]
fn every_code_is_listed_and_explained() {
    let folder = Folder::new();
    let list = folder.succeed(&["explain"]).out;
    assert_eq!(list.lines().count(), Code::ALL.len());
    for &code in Code::ALL {
        assert!(list.contains(&format!("{code}  {}\n", code.summary())), "{list}");
    }
    for &code in &[Code::Syntax, Code::OperandShapes, Code::UnusedLayer] {
        assert_eq!(folder.succeed(&["explain", code.as_str()]).out, page(code));
    }
    assert_eq!(folder.succeed(&["explain", "nk0202"]).out, page(Code::OperandShapes));
}

#[test]
fn an_unknown_code_names_near_ones() {
    let folder = Folder::new();
    let cases = [
        ("NK202", "there is no code `NK202`; did you mean `NK0202`?"),
        ("NK0902", "did you mean `NK0002`, `NK0102`, `NK0202`, `NK0302` or `NK0402`?"),
        ("shapes", "there is no code `shapes`; `neckar explain` lists them"),
    ];
    for (code, message) in cases {
        let said = folder.neckar(&["explain", code]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{code}");
        assert!(said.err.contains(message), "{code}: {}", said.err);
    }
}

#[test]
fn check_points_to_it_once() {
    let folder = Folder::new();
    folder.write("shape.arch", TINY.replace("H/2, W/2", "H/2, W"));
    folder.write("name.arch", TINY.replace("relu(c1(x))", "relu(c2(x))"));
    let check = ["check", "./shape.arch", "./name.arch"];
    let said = folder.neckar(&check);
    assert!(said.err.ends_with("\nnote: `neckar explain NK0201` tells more\n"), "{}", said.err);
    assert_eq!(said.err.matches("neckar explain").count(), 1, "{}", said.err);
    let said = folder.neckar(&[&check[..], &["--quiet"]].concat());
    assert!(said.err.contains("error[NK0201]") && !said.err.contains("neckar explain"), "{}", said.err);
    let said = folder.neckar(&["check", "./gone.arch"]);
    assert!(!said.err.contains("neckar explain"), "{}", said.err);
}
